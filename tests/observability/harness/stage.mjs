import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Enclave } from './enclave.mjs';
import { Proxy } from './proxy.mjs';

/** What a suite works with: its checks, its folder, its enclaves, and the proxy in front of them. */
export class Stage {
  #report;
  #proxies = [];
  #endings = [];

  constructor(report) {
    this.#report = report;
  }

  check(name, body) {
    return this.#report.check(name, body);
  }

  /** A new folder that goes away with the suite. */
  async folder() {
    const path = await mkdtemp(join(tmpdir(), 'observability-'));
    this.atEnd(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  /** Runs at the end of the suite, what was added last first. */
  atEnd(ending) {
    this.#endings.unshift(ending);
  }

  /** Simulated enclaves of these names. */
  async enclaves(...names) {
    const enclaves = await Promise.all(names.map(name => Enclave.start(name)));
    for (const enclave of enclaves) this.atEnd(() => enclave.kill());
    return enclaves;
  }

  /** A proxy in front of enclaves; `settings` lie over what every suite has. */
  async proxy(enclaves, settings = {}) {
    return this.#add(await Proxy.start(await this.folder(), { Enclaves: enclaves.map(enclave => enclave.entry), ...settings }));
  }

  /** One that finds its enclaves by asking nitro-cli: CIDs lead to ports of the loopback. */
  async discoveringProxy(enclaves, settings = {}) {
    return this.#add(await Proxy.startDiscovering(await this.folder(), enclaves, settings));
  }

  async end() {
    for (const proxy of this.#proxies)
      await this.check('the proxy found no fault of its own', async () => assert.deepEqual(proxy.faults(), []));
    for (const ending of this.#endings) await ending();
  }

  #add(proxy) {
    this.#proxies.push(proxy);
    this.atEnd(() => proxy.kill());
    return proxy;
  }
}
