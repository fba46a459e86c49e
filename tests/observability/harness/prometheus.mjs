import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../../clients/harness/processes.mjs';
import { deployed } from './deployed.mjs';
import { freePort } from './ports.mjs';

const ADMIN = '127.0.0.1:9464';

/** A real Prometheus with what is deployed, but for the place of the proxy and shorter intervals. */
export class Prometheus {
  #child;
  #said = '';
  #url;

  static async start(folder, admin, { scrape, evaluation }) {
    const prometheus = new Prometheus();
    await prometheus.#run(folder, admin.replace('http://', ''), scrape, evaluation);
    return prometheus;
  }

  async #run(folder, admin, scrape, evaluation) {
    await cp(deployed('rules'), join(folder, 'rules'), { recursive: true });
    const config = await readFile(deployed('prometheus.yml'), 'utf8');
    await writeFile(join(folder, 'prometheus.yml'), config
      .replaceAll(ADMIN, admin)
      .replace(/^ {2}scrape_interval: .*/m, `  scrape_interval: ${scrape}`)
      .replace(/^ {2}evaluation_interval: .*/m, `  evaluation_interval: ${evaluation}`)
      .replace(/refresh_interval: .*/, `refresh_interval: ${scrape}`));
    const port = await freePort();
    this.#url = `http://127.0.0.1:${port}`;
    this.#child = start('prometheus', [
      `--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`,
    ], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr.on('data', text => { this.#said += text; });
    let hasEnded = false;
    this.#child.ended.then(() => { hasEnded = true; });
    for (;;) {
      if (hasEnded) throw new Error(`prometheus ended: ${this.#said.slice(-2000)}`);
      const answer = await fetch(`${this.#url}/-/ready`).catch(() => null);
      if (answer?.ok) return;
      await sleep(100);
    }
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

  /** The result of a query now: [{ metric, value }]. */
  async query(expr) {
    const { result } = await this.get(`query?query=${encodeURIComponent(expr)}`);
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
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
