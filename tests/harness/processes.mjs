import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const START = fileURLToPath(new URL('start', import.meta.url));

const children = new Set();

/** Starts a command that ends with this program. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, options);
  children.add(child);
  child.ended = new Promise(resolve => {
    child.once('error', error => resolve({ code: null, signal: null, error }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  child.ended.then(() => children.delete(child));
  return child;
}

/**
 * Starts a program under test with tests/harness/start.
 * @param name parent-proxy, simulator, discovering-proxy, or a command
 */
export function startProgram(name, args, options = {}) {
  return start(START, [name, ...args], options);
}

/** Runs a command to its end. */
export async function run(command, args, { input, ...options } = {}) {
  const child = start(command, args, options);
  const out = [], err = [];
  child.stdout.on('data', piece => out.push(piece));
  child.stderr.on('data', piece => err.push(piece));
  // A program that has its answer may leave the rest of its input unread.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const { code, signal, error } = await child.ended;
  if (error) throw error;
  return { code: code ?? signal, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() };
}

export function killChildren() {
  for (const child of children) child.kill('SIGKILL');
}

/** An interrupted suite leaves no process behind. */
export function killChildrenWhenInterrupted() {
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => { killChildren(); process.exit(130); });
}
