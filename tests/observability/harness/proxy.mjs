import { symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../harness/ports.mjs';
import { Proxy } from '../../harness/proxy.mjs';
import { until } from '../../harness/waiting.mjs';
import { Metrics } from './metrics.mjs';

const FAKE_NITRO_CLI = fileURLToPath(new URL('../../harness/fake-nitro-cli', import.meta.url));

const PATIENCE_MS = 120_000;

/** A running proxy process whose metrics are looked at. */
export class MeasuredProxy extends Proxy {
  /** The server as the scenarios host it, where CIDs lead to ports of the loopback. */
  static async startDiscovering(folder, enclaves, settings) {
    await symlink(FAKE_NITRO_CLI, join(folder, 'nitro-cli'));
    await writeFile(join(folder, 'enclaves.json'), JSON.stringify(enclaves.map((enclave, i) => described(enclave.name, 16 + i))));
    const proxy = new this();
    // This host says nothing of its listeners: it is told where to open them.
    proxy.endPoints = [`http://127.0.0.1:${await freePort()}`];
    proxy.admin = `http://127.0.0.1:${await freePort()}`;
    const all = {
      Discovery: { Enabled: true, NitroCli: join(folder, 'nitro-cli'), Interval: '00:00:01' },
      ...settings,
      Kestrel: { Endpoints: { Http: { Url: proxy.endPoints[0] } } },
      Admin: { ...settings.Admin, Url: proxy.admin },
    };
    await proxy.run(folder, all, 'discovering-proxy', file => [file, ...enclaves.map((enclave, i) => `${16 + i}=${enclave.port}`)]);
    return proxy;
  }

  /** Where clients connect on 127.0.0.1. */
  get port() {
    return Number(new URL(this.endPoints[0]).port);
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
  until(condition) {
    return until(async () => {
      const metrics = await this.metrics();
      return condition(metrics) && metrics;
    }, { pause: 50, patience: PATIENCE_MS, otherwise: () => `this never came true: ${condition}` });
  }

  /** Processor time that it has used so far, in ms. */
  cpuMs() {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10; // utime and stime, in ticks of 10 ms
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
