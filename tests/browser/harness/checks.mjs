// Far above what any check takes: it only ends what hangs. No check measures time.
const DEADLINE_MS = 60_000;

/** Runs checks and prints one line for each. */
export class Checks {
  counts = { passed: 0, failed: 0, skipped: 0 };

  /** Passes when `body` comes to its end without throwing. */
  async check(name, body) {
    let timer;
    try {
      await Promise.race([body(), new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no end within ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
      })]);
      this.counts.passed++;
      console.log(`ok - browser: ${name}`);
    } catch (error) {
      this.counts.failed++;
      console.log(`not ok - browser: ${name}`);
      for (const line of String(error?.message ?? error).trim().split('\n').slice(0, 30)) console.log(`#   ${line.slice(0, 300)}`);
    } finally {
      clearTimeout(timer);
    }
  }
}
