import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { Stage as SharedStage } from '../../harness/stage.mjs';
import { HaproxyProxy } from './haproxy-proxy.mjs';
import { PassthroughProxy } from './passthrough-proxy.mjs';

/** What a suite works with, and the proxies that it starts. */
export class Stage extends SharedStage {
  #way;
  #proxies = [];

  /** True for 100,000 connections and more, which take minutes. */
  soak;

  constructor(report, way, soak) {
    super(report);
    this.#way = way;
    this.soak = soak;
  }

  /** True when parent-proxy is between client and enclave. */
  get ours() {
    return this.#way === 'ours';
  }

  /** A check of what is asked of parent-proxy alone. */
  async checkOurs(name, body) {
    if (this.ours) await this.check(name, body);
    else this.skip(name, 'not asked of the others');
  }

  /**
   * A proxy with passthrough listeners, which gets its ports from here: proxy.ports, in the order of `listeners`.
   * @param listeners entries of the section Passthrough without Listen
   */
  async proxy(listeners, settings = {}) {
    const Proxy = this.ours ? PassthroughProxy : HaproxyProxy;
    const proxy = await Proxy.startWith(await this.sharedFolder(), listeners, settings);
    this.#proxies.push(proxy);
    return proxy;
  }

  /** A folder that other users may enter, so that a server that refuses root can run there. */
  async sharedFolder() {
    const folder = await this.folder();
    for (let path = folder; path.startsWith(process.env.TMPDIR); path = join(path, '..')) chmodSync(path, 0o755);
    return folder;
  }

  async end() {
    for (const proxy of this.#proxies) {
      await this.check('the proxy stops with exit status 0 and found no fault of its own', async () => {
        assert.equal(await proxy.stop(), 0);
        assert.deepEqual(proxy.faults(), []);
      });
    }
    await super.end();
  }
}
