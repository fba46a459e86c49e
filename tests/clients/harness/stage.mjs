import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Stage as SharedStage } from '../../harness/stage.mjs';
import { ApplicationProxy } from './proxy.mjs';

/** What a suite works with, its applications and the proxies in front of them. */
export class Stage extends SharedStage {
  #way;
  #proxies = [];

  constructor(report, way) {
    super(report);
    this.#way = way;
  }

  /** True when there is no proxy between client and application. */
  get direct() {
    return this.#way === 'direct';
  }

  /** A check that has no sense without a proxy: the application does not speak that protocol itself. */
  async proxied(name, body) {
    if (this.direct) this.skip(name, 'needs the proxy');
    else await this.check(name, body);
  }

  /** Lets a node server listen, and returns where: host:port. */
  async listen(server) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.atEnd(() => {
      server.close();
      server.closeAllConnections?.();
    });
    return `127.0.0.1:${server.address().port}`;
  }

  /** A proxy in front of an application: { http1, h2c }, each host:port. */
  async proxy(application, options = {}) {
    if (this.direct) return { http1: application, h2c: application };
    const proxy = await ApplicationProxy.startBefore(application, await this.folder(), {
      ...options,
      transforms: this.#way === 'transforms',
    });
    this.#proxies.push(proxy);
    return proxy;
  }

  async end() {
    for (const proxy of this.#proxies) {
      await this.check('nothing is left in flight', () => proxy.idle());
      await this.check('the proxy stops with exit status 0 and found no fault of its own', async () => {
        assert.equal(await proxy.stop(), 0);
        assert.deepEqual(proxy.faults(), []);
      });
    }
    await super.end();
  }
}
