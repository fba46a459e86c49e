import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Proxy } from '../../harness/proxy.mjs';

/** parent-proxy as the parent: its log takes lines on a unix socket, and is read here. */
export class Parent extends Proxy {
  #folder;
  #logs;
  /** Where lines are taken. */
  path;

  static async startIn(folder, logs) {
    const parent = new this();
    [parent.#folder, parent.#logs, parent.path] = [folder, logs, join(folder, 'logs.sock')];
    await parent.#run();
    return parent;
  }

  /** Another one in its place, after it has ended; what this one has read stays with it. */
  async again() {
    await rm(this.path, { force: true });
    return Parent.startIn(this.#folder, this.#logs);
  }

  /** Lines of the application. */
  lines() {
    return this.logged('Text').map(entry => entry.Properties.Line);
  }

  /** Events of the program inside, as { level, text }. */
  events() {
    return this.logged('Fields').map(({ Level, Properties: { Fields } }) => ({ level: Level, text: Fields.message }));
  }

  #run() {
    return this.run(this.#folder, {
      Egress: { Logs: { Listen: `unix:${this.path}`, Peer: { Cid: 16, Enclave: 'app' }, LinesPerSecond: 1_000_000, ...this.#logs } },
    });
  }
}
