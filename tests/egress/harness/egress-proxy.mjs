import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Proxy } from '../../harness/proxy.mjs';
import { until } from '../../harness/waiting.mjs';

/** Who connects, as the settings say: a unix socket does not tell. */
export const PEER = { Cid: 16, Enclave: 'app' };

/** parent-proxy with egress listeners on unix sockets. */
export class EgressProxy extends Proxy {
  /** What a suite has provoked is no fault. */
  expected = /^$/;
  /** Where the listeners are: connect, dns. */
  paths;

  static async startWith(folder, egress) {
    const proxy = new this();
    proxy.paths = { connect: join(folder, 'connect.sock'), dns: join(folder, 'dns.sock') };
    await proxy.run(folder, proxy.#all(egress));
    return proxy;
  }

  /** Takes other settings over. */
  async reload(egress) {
    const { Properties: { EventId }, RenderedMessage } = await this.#hand(egress);
    assert.equal(EventId.Name, 'Reloaded', RenderedMessage);
  }

  /** Is given settings that it does not take, and tells why. */
  async refuses(egress) {
    const { Properties: { EventId, Problems }, RenderedMessage } = await this.#hand(egress);
    assert.equal(EventId.Name, 'ReloadRefused', RenderedMessage);
    return Problems;
  }

  /** The lines about what an enclave did not get: { what, code, text }. */
  refusals() {
    return this.logged('NotReached')
      .map(({ Properties: { What, Code }, RenderedMessage }) => ({ what: What, code: Code, text: RenderedMessage }));
  }

  /** The lines of tunnels and requests that are over. */
  ended(destination) {
    return this.logged('Ended').map(entry => entry.Properties).filter(({ Destination }) => Destination === destination);
  }

  /** A metric, summed over the series whose labels hold the text. */
  async metric(name, labels = '') {
    const text = await (await fetch(`${this.admin}/metrics`)).text();
    return text.split('\n').filter(line => line.startsWith(`${name}{`) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf('}') + 1).trim().split(' ')[0]), 0);
  }

  /** What the admin listener tells of what was not reached: { what, code, count, … }. */
  async notReached() {
    return (await (await fetch(`${this.admin}/egress`)).json()).notReached;
  }

  faults() {
    return super.faults().filter(text => !this.expected.test(text));
  }

  /** Processor time, in seconds. */
  cpu() {
    return processorTime(this.pid);
  }

  async #hand(egress) {
    const outcomes = () => this.logged('Reloaded', 'ReloadRefused');
    const before = outcomes().length;
    await this.configure(this.#all(egress));
    process.kill(this.pid, 'SIGHUP');
    await until(() => outcomes().length > before, { patience: 30_000, otherwise: () => `nothing was reloaded: ${this.log()}` });
    return outcomes().at(-1);
  }

  #all({ Listeners = ['connect', 'dns'], ...egress }) {
    const listener = name => Listeners.includes(name) && { Listen: `unix:${this.paths[name]}`, Peer: PEER };
    return {
      Timeouts: { DrainDelay: '00:00:00', Drain: '00:00:02' },
      Egress: {
        ...egress,
        ...listener('connect') && { Connect: { ...listener('connect'), ...egress.Connect } },
        ...listener('dns') && { Dns: { ...listener('dns'), ...egress.Dns } },
      },
    };
  }
}

/** User and system time of a process and of its children that have ended, in seconds. */
export function processorTime(pid) {
  const [, rest] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const fields = rest.split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}
