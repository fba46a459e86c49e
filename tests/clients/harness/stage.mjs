import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Proxy } from './proxy.mjs';

/** What a suite works with: its checks, its folder, its applications and the proxies in front of them. */
export class Stage {
  #report;
  #way;
  #proxies = [];
  #endings = [];

  constructor(report, way) {
    this.#report = report;
    this.#way = way;
  }

  /** True when there is no proxy between client and application. */
  get direct() {
    return this.#way === 'direct';
  }

  check(name, body) {
    return this.#report.check(name, body);
  }

  /** A check that has no sense without a proxy: the application does not speak that protocol itself. */
  async proxied(name, body) {
    if (this.direct) this.#report.skip(name, 'needs the proxy');
    else await this.check(name, body);
  }

  /** A new folder that goes away with the suite. */
  async folder() {
    const path = await mkdtemp(join(tmpdir(), 'clients-'));
    this.atEnd(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  /** Runs when the check that runs now has passed or failed. */
  atEndOfCheck(ending) {
    this.#report.atEndOfCheck(ending);
  }

  /** Runs at the end of the suite, what was added last first. */
  atEnd(ending) {
    this.#endings.unshift(ending);
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
    const proxy = await Proxy.start(await this.folder(), application, {
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
    for (const ending of this.#endings) await ending();
  }
}
