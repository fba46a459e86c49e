import { createHash } from 'node:crypto';

/** Pseudo-random numbers in [0, 1) that are the same in every run. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** `length` bytes of every value that depend on the seed and on their position. */
export function pattern(length, seed = 1) {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
