import { symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { replaceFile } from '../../clients/harness/files.mjs';
import { start } from '../../clients/harness/processes.mjs';
import { Metrics } from './metrics.mjs';
import { freePort } from './ports.mjs';

const FAKE_NITRO_CLI = fileURLToPath(new URL('../../scenarios/Discovery/fake-nitro-cli', import.meta.url));

const HOST_IS_READY = 'host is ready';
const PATIENCE_MS = 120_000;

/** A running proxy process. */
export class Proxy {
  #child;
  #file;
  #log = [];

  /** Where clients connect. */
  port;
  /** The admin listener: http://host:port. */
  admin;

  static async start(folder, settings) {
    const proxy = new Proxy();
    await proxy.#run(folder, settings, file => [process.env.PARENT_PROXY_DLL, '--config', file]);
    return proxy;
  }

  static async startDiscovering(folder, enclaves, settings) {
    await symlink(FAKE_NITRO_CLI, join(folder, 'nitro-cli'));
    await writeFile(join(folder, 'enclaves.json'), JSON.stringify(enclaves.map((enclave, i) => described(enclave.name, 16 + i))));
    const proxy = new Proxy();
    // This host says nothing of its listeners: it is told where to open them.
    proxy.port = await freePort();
    const admin = await freePort();
    proxy.admin = `http://127.0.0.1:${admin}`;
    const all = {
      Discovery: { Enabled: true, NitroCli: join(folder, 'nitro-cli'), Interval: '00:00:01' },
      ...settings,
      Kestrel: { Endpoints: { Http: { Url: `http://127.0.0.1:${proxy.port}` } } },
      Admin: { ...settings.Admin, Url: proxy.admin },
    };
    // With the product's own runtime settings.
    const runtime = process.env.PARENT_PROXY_DLL.replace(/dll$/, 'runtimeconfig.json');
    await proxy.#run(folder, all, file => [
      'exec', '--runtimeconfig', runtime, process.env.SCENARIOS_DLL, 'host', file,
      ...enclaves.map((enclave, i) => `${16 + i}=${enclave.port}`),
    ]);
    return proxy;
  }

  async #run(folder, settings, args) {
    this.#file = join(folder, 'proxy.json');
    await this.configure(settings);
    this.#child = start('dotnet', args(this.#file), {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DOTNET_ROOT: process.env.DOTNET_ROOT ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stderr.on('data', text => this.#log.push({ Level: 'Fatal', RenderedMessage: String(text) }));
    await new Promise((resolve, reject) => {
      createInterface({ input: this.#child.stdout }).on('line', line => {
        if (line === HOST_IS_READY) resolve();
        if (!line.startsWith('{')) return;
        const entry = JSON.parse(line);
        this.#log.push(entry);
        const { EventId: event, EndPoints: endPoints, Admin: admin } = entry.Properties ?? {};
        if (event?.Name === 'Started') {
          this.port = Number(/:(\d+)/.exec(endPoints.replace('http://', ''))[1]);
          this.admin = admin;
        } else if (event?.Name === 'FirstRound') {
          resolve();
        }
      });
      this.#child.ended.then(() => reject(new Error(`the proxy ended: ${this.#lines()}`)));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Writes its configuration file, which a running proxy takes over by itself. */
  async configure(settings) {
    await replaceFile(this.#file, JSON.stringify({
      Kestrel: { Endpoints: { Http: { Url: 'http://127.0.0.1:0' } } },
      Admin: { Url: 'http://127.0.0.1:0' },
      Timeouts: { DrainDelay: '00:00:00' },
      Log: { Format: 'json' },
      ...settings,
      ...(settings.Admin && { Admin: { Url: 'http://127.0.0.1:0', ...settings.Admin } }),
    }));
  }

  /** The text of /metrics, in the format that is asked for. */
  async scrape(accept = '') {
    const answer = await fetch(`${this.admin}/metrics`, { headers: accept ? { Accept: accept } : {} });
    if (answer.status !== 200) throw new Error(`/metrics answers ${answer.status}`);
    return answer.text();
  }

  /** What /metrics tells now. */
  async metrics() {
    return Metrics.parse(await this.scrape());
  }

  /** Resolves with the first metrics of which `condition` is true. */
  async until(condition) {
    for (const deadline = performance.now() + PATIENCE_MS; ;) {
      const metrics = await this.metrics();
      if (condition(metrics)) return metrics;
      if (performance.now() > deadline) throw new Error(`this never came true: ${condition}`);
      await sleep(50);
    }
  }

  /** Processor time that it has used so far, in ms. */
  cpuMs() {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10; // utime and stime, in ticks of 10 ms
  }

  /** What it logged as its own fault. */
  faults() {
    return this.#log
      .filter(entry => /^(Error|Fatal)$/.test(entry.Level) || /internal_error|report it/.test(entry.RenderedMessage))
      .map(entry => entry.RenderedMessage);
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.#child.ended;
  }

  #lines() {
    return this.#log.map(entry => entry.RenderedMessage).join('\n');
  }
}

/** An enclave as nitro-cli tells of it. */
function described(name, cid) {
  return {
    EnclaveName: name,
    EnclaveID: `i-0123456789abcdef0-enc${cid}`,
    ProcessID: 1000 + cid,
    EnclaveCID: cid,
    NumberOfCPUs: 2,
    CPUIDs: [1, 3],
    MemoryMiB: 512,
    State: 'RUNNING',
    Flags: 'NONE',
    Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: 'a'.repeat(96), PCR1: 'b'.repeat(96), PCR2: 'c'.repeat(96) },
  };
}
