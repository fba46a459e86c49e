import assert from 'node:assert/strict';
import { Stage as SharedStage } from '../../harness/stage.mjs';
import { EgressProxy } from './egress-proxy.mjs';

/** What a suite works with, and the proxies that it starts. */
export class Stage extends SharedStage {
  #proxies = [];

  /** True for the large runs, which take minutes. */
  figures;

  constructor(report, figures) {
    super(report);
    this.figures = figures;
  }

  /** A proxy whose section Egress is that, with its listeners Connect and Dns on unix sockets. */
  async proxy(egress) {
    const proxy = await EgressProxy.startWith(await this.folder(), egress);
    this.#proxies.push(proxy);
    return proxy;
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
