import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a suite works with: its checks, its folders, and what has to be ended with it. */
export class Stage {
  #report;
  #endings = [];

  constructor(report) {
    this.#report = report;
  }

  check(name, body) {
    return this.#report.check(name, body);
  }

  skip(name, reason) {
    this.#report.skip(name, reason);
  }

  /** A new folder that goes away with the suite. */
  async folder() {
    const path = await mkdtemp(join(tmpdir(), 'suite-'));
    this.atEnd(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  /** Runs when the check that runs now has passed or failed. */
  atEndOfCheck(ending) {
    this.#report.atEndOfCheck(ending);
  }

  /** Runs at the end of the suite, what was added last first. */
  atEnd(ending) {
    this.#endings.unshift(ending);
  }

  async end() {
    for (const ending of this.#endings) await ending();
  }
}
