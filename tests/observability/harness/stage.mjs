import assert from 'node:assert/strict';
import { Stage as SharedStage } from '../../harness/stage.mjs';
import { Enclave } from './enclave.mjs';
import { MeasuredProxy } from './proxy.mjs';

/** What a suite works with, its enclaves, and the proxy in front of them. */
export class Stage extends SharedStage {
  #proxies = [];

  /** Simulated enclaves of these names. */
  enclaves(...names) {
    return this.#start(names, []);
  }

  /** The same, which attest: that they are this image, by a root that is in this file then. */
  attestingEnclaves(image, root, ...names) {
    return this.#start(names, ['--image', image, '--attestation-pki', `${root}.key`, '--attestation-root', root]);
  }

  async #start(names, flags) {
    const enclaves = await Promise.all(names.map(name => Enclave.start(name, flags)));
    for (const enclave of enclaves) this.atEnd(() => enclave.kill());
    return enclaves;
  }

  /** A proxy in front of enclaves; `settings` lie over what every suite has. */
  async proxy(enclaves, settings = {}) {
    return this.#add(await MeasuredProxy.start(await this.folder(), { Enclaves: enclaves.map(enclave => enclave.entry), ...settings }));
  }

  /** One that finds its enclaves by asking nitro-cli: CIDs lead to ports of the loopback. */
  async discoveringProxy(enclaves, settings = {}) {
    return this.#add(await MeasuredProxy.startDiscovering(await this.folder(), enclaves, settings));
  }

  async end() {
    for (const proxy of this.#proxies)
      await this.check('the proxy found no fault of its own', async () => assert.deepEqual(proxy.faults(), []));
    await super.end();
  }

  #add(proxy) {
    this.#proxies.push(proxy);
    this.atEnd(() => proxy.kill());
    return proxy;
  }
}
