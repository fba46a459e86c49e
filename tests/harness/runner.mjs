import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { killChildren, killChildrenWhenInterrupted } from './processes.mjs';

/** Ends the program when its command line asks for what is not there. */
export function refuseUnknown(wrong, all) {
  if (wrong.length === 0) return;
  console.error(`not known: ${wrong.join(', ')}; suites: ${all.join(', ')}`);
  process.exit(2);
}

/** The names of the suites in a folder: one for each file. */
export function suitesIn(folder) {
  return readdirSync(folder).map(file => file.replace(/\.mjs$/, '')).sort();
}

/**
 * Runs suites one after another, prints the last line and ends the program.
 *
 * @param report the report of all of them
 * @param folder where they are: each exports a function of its stage
 * @param runs what to run: `suite`, `title` for the report, `open`, which makes the stage, and `minutes`, if it may take more than 15
 */
export async function runSuites(report, folder, runs) {
  // What a client or a server throws outside of any promise that a check awaits belongs to the check that runs.
  process.on('uncaughtException', error => report.stray(error));
  process.on('unhandledRejection', error => report.stray(error));
  killChildrenWhenInterrupted();

  for (const { suite, title, open, minutes = 15 } of runs) {
    const { default: run } = await import(new URL(`${suite}.mjs`, folder));
    report.suite = title;
    const stage = open();
    try {
      await Promise.race([run(stage), ends(minutes)]);
    } catch (error) {
      report.failed('the suite runs to its end', error);
    }
    await stage.end();
  }
  finish(report);
}

/** Prints the last line and ends the program. */
export function finish(report) {
  killChildren();
  console.log(String(report));
  process.exit(report.counts.failed === 0 && report.counts.passed > 0 ? 0 : 1);
}

/** A suite that waits for what never comes is to say so. */
async function ends(minutes) {
  await sleep(minutes * 60_000, null, { ref: false });
  throw new Error(`it did not end within ${minutes} minutes`);
}
