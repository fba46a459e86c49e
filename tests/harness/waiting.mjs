import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Resolves with what `condition` returns as soon as that is truthy.
 * @param patience milliseconds after which it is given up; without it, the deadline of the check or the suite ends the wait
 */
export async function until(condition, { pause = 20, patience = Infinity, otherwise = () => `this never came true: ${condition}` } = {}) {
  for (const deadline = performance.now() + patience; ;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(otherwise());
    await sleep(pause);
  }
}
