import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../harness/ports.mjs';
import { startProgram } from '../../harness/processes.mjs';
import { until } from '../../harness/waiting.mjs';
import { deployed } from './deployed.mjs';

const ADMIN = '127.0.0.1:9464';

/** A real Prometheus with what is deployed, but for the place of the proxy, shorter intervals, and an alert that waits less. */
export class Prometheus {
  #child;
  #said = '';
  #url;

  /**
   * @param scrape how long from scrape to scrape; none may take longer, so this is no shorter than a busy machine needs
   * @param evaluation how long from evaluation to evaluation of the rules
   * @param patience how long an alert waits before it fires, by its name: promtool's tests show what it does as deployed
   */
  static async start(folder, admin, { scrape, evaluation, patience }) {
    const prometheus = new Prometheus();
    await prometheus.#run(folder, admin.replace('http://', ''), { scrape, evaluation }, Object.entries(patience));
    return prometheus;
  }

  async #run(folder, admin, intervals, patience) {
    await cp(deployed('rules'), join(folder, 'rules'), { recursive: true });
    await change(join(folder, 'rules/alerts.yml'), patience.map(([alert, time]) =>
      [new RegExp(`(- alert: ${alert}\\n(?: {8}.*\\n)+? {8}for: ).*`), `$1${time}`]));
    await cp(deployed('prometheus.yml'), join(folder, 'prometheus.yml'));
    await change(join(folder, 'prometheus.yml'), [
      [new RegExp(ADMIN.replaceAll('.', '\\.'), 'g'), admin],
      ...Object.entries(intervals).map(([what, time]) => [new RegExp(`^ {2}${what}_interval: .*`, 'm'), `  ${what}_interval: ${time}`]),
    ]);
    const port = await freePort();
    this.#url = `http://127.0.0.1:${port}`;
    this.#child = startProgram('prometheus', [
      `--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`,
    ], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr.on('data', text => { this.#said += text; });
    let hasEnded = false;
    this.#child.ended.then(() => { hasEnded = true; });
    await until(async () => {
      if (hasEnded) throw new Error(`prometheus ended: ${this.#said.slice(-2000)}`);
      return (await fetch(`${this.#url}/-/ready`).catch(() => null))?.ok;
    }, { pause: 100 });
  }

  /** What it logged as a warning or an error. */
  complaints() {
    return this.#said.split('\n').filter(line => /level=(warn|error)/.test(line));
  }

  /** Where its own metrics are. */
  get metricsUrl() {
    return `${this.#url}/metrics`;
  }

  async get(path) {
    const answer = await (await fetch(`${this.#url}/api/v1/${path}`)).json();
    if (answer.status !== 'success') throw new Error(JSON.stringify(answer));
    return answer.data;
  }

  /** The result of a query now: [{ metric, value }], for a range [{ metric, values }]. */
  async query(expr) {
    const { result } = await this.get(`query?query=${encodeURIComponent(expr)}`);
    return result.map(({ metric, value, values }) => (values ? { metric, values } : { metric, value: Number(value[1]) }));
  }

  /** The value of a query that has one sample; null when it has none. */
  async value(expr) {
    return (await this.query(expr))[0]?.value ?? null;
  }

  /** The alerts of one name that are pending or firing. */
  async alerts(name) {
    return (await this.get('alerts')).alerts.filter(alert => alert.labels.alertname === name);
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.#child.ended;
  }
}

/** Replaces in a file; what is not found there is a mistake. */
async function change(file, replacements) {
  let text = await readFile(file, 'utf8');
  for (const [pattern, replacement] of replacements) {
    if (text.search(pattern) < 0) throw new Error(`${file} has no ${pattern}`);
    text = text.replace(pattern, replacement);
  }
  await writeFile(file, text);
}
