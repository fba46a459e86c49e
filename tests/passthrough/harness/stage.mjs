import assert from 'node:assert/strict';
import { accessSync, chmodSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Stage as SharedStage } from '../../harness/stage.mjs';
import { startProgram } from '../../harness/processes.mjs';
import { HaproxyProxy } from './haproxy-proxy.mjs';
import { PassthroughProxy } from './passthrough-proxy.mjs';

/** Programs that are no commands: where Debian puts them. */
const PLACES = { 'libnginx-mod-stream': ['/usr/lib/nginx/modules/ngx_stream_module.so'] };

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

  /** Says what a check saw. */
  saw(text) {
    console.log(`#   ${text}`);
  }

  /** A check of what is asked of parent-proxy alone. */
  async checkOurs(name, body) {
    if (this.ours) await this.check(name, body);
    else this.skip(name, 'not asked of the others');
  }

  /**
   * A check that needs what may not be installed: { package: command, … }, or a list of packages whose commands have
   * their names.
   */
  async checkWith(needed, name, body) {
    const missing = this.missing(needed);
    if (missing.length === 0) return this.check(name, body);
    if (process.env.CI) return this.check(name, () => assert.fail(`not installed: ${missing.join(' ')}`));
    this.skip(name, `not installed: ${missing.join(' ')}`);
  }

  /** The packages whose command is not here. */
  missing(needed) {
    return (Array.isArray(needed) ? needed.map(name => [name, name]) : Object.entries(needed))
      .filter(([name, command]) => !isHere(PLACES[name] ?? process.env.PATH.split(delimiter).map(folder => join(folder, command))))
      .map(([name]) => name);
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

  /** A program that ends with the suite. */
  start(command, args, options) {
    const child = startProgram(command, args, options);
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => said.push(String(text)));
    child.said = () => said.join('');
    this.atEnd(() => {
      child.kill('SIGKILL');
      return child.ended;
    });
    return child;
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

function isHere(paths) {
  return paths.some(path => {
    try {
      accessSync(path, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  });
}
