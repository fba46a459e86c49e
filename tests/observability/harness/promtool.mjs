import { run } from '../../harness/processes.mjs';

/** Runs promtool and returns all that it says; throws that when it is not content. */
export async function promtool(args, input) {
  const { code, stdout, stderr } = await run('promtool', args, { input });
  const said = stdout.toString() + stderr;
  if (code !== 0) throw new Error(said);
  return said;
}
