import assert from 'node:assert/strict';
import { run } from '../../harness/processes.mjs';

/** Runs a command that has to succeed, and returns what it prints. */
export async function succeed(command, args, options) {
  const { code, stdout, stderr } = await run(command, args, options);
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${code}\n${stdout}${stderr}`);
  return String(stdout);
}

/** Has bash read a script and shellcheck find nothing. */
export async function readScript(script) {
  await succeed('bash', ['-n'], { input: script });
  // SC2317: 0.9 does not see that a trap calls a function.
  await succeed('shellcheck', ['--shell=bash', '--exclude=SC2317', '-'], { input: script });
}

/** Waits until `look` says what is not false, as long as it may take. */
export async function until(look) {
  while (true) {
    const seen = await look();
    if (seen) return seen;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
