/** Runs checks and prints one line for each. */
export class Report {
  #kind;
  #deadlineMs;
  /** The name of the suite that runs; '' when there is one alone. */
  suite = '';
  counts = { passed: 0, failed: 0, skipped: 0 };
  #fail = null;
  #endings = [];

  /**
   * @param kind what stands before the names of the suites
   * @param deadlineMs far above what any check takes: it only ends what hangs
   */
  constructor(kind, deadlineMs) {
    this.#kind = kind;
    this.#deadlineMs = deadlineMs;
  }

  /** Runs when the check that runs now has passed or failed: what hangs must not stay in the way of later ones. */
  atEndOfCheck(ending) {
    this.#endings.push(ending);
  }

  /** Passes when `body` comes to its end without throwing. */
  async check(name, body) {
    let timer;
    const trouble = new Promise((_, reject) => {
      this.#fail = reject;
      timer = setTimeout(() => reject(new Error(`no end within ${this.#deadlineMs / 1000} s`)), this.#deadlineMs);
    });
    try {
      await Promise.race([body(), trouble]);
      this.counts.passed++;
      console.log(`ok - ${this.#title(name)}`);
    } catch (error) {
      this.failed(name, error);
    } finally {
      clearTimeout(timer);
      // What its own clean-up breaks off is not the next check's.
      this.#fail = () => {};
      for (const ending of this.#endings.splice(0)) await ending();
      await new Promise(resolve => setImmediate(resolve));
      this.#fail = null;
    }
  }

  failed(name, error) {
    this.counts.failed++;
    console.log(`not ok - ${this.#title(name)}`);
    const text = String(error?.message ?? error).trim();
    for (const line of text.split('\n').slice(0, 30)) console.log(`#   ${line.slice(0, 300)}`);
  }

  skip(name, reason) {
    this.counts.skipped++;
    console.log(`ok - ${this.#title(name)} # SKIP ${reason}`);
  }

  #title(name) {
    return [this.#kind, this.suite, name].filter(Boolean).join(': ');
  }

  /** The last line of a runner, which .ci/run reads. */
  toString() {
    const { passed, failed, skipped } = this.counts;
    return `${this.#kind}: ${passed} passed, ${failed} failed, ${skipped} skipped`;
  }

  stray(error) {
    if (this.#fail) this.#fail(error);
    else this.failed('nothing is thrown between the checks', error);
  }
}
