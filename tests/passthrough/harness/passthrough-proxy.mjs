import { freePort } from '../../harness/ports.mjs';
import { Proxy } from '../../harness/proxy.mjs';
import { until } from '../../harness/waiting.mjs';

/** parent-proxy with passthrough listeners. */
export class PassthroughProxy extends Proxy {
  /** Where the listeners are, in their order. */
  ports = [];
  /** What a suite has provoked is no fault. */
  expected = /^$/;
  #settings;

  static async startWith(folder, listeners, settings) {
    const proxy = new this();
    proxy.#settings = settings;
    for (const _ of listeners) proxy.ports.push(await freePort());
    await proxy.run(folder, proxy.#all(listeners));
    return proxy;
  }

  /** Other listeners: a port for each, those that it has already among them. The program takes the file over by itself. */
  async reload(ports, listeners) {
    this.ports = ports;
    await this.configure(this.#all(listeners));
    process.kill(this.pid, 'SIGHUP');
  }

  faults() {
    return super.faults().filter(text => !this.expected.test(text));
  }

  #all(listeners) {
    const entries = listeners.map((listener, i) => ({ Listen: `127.0.0.1:${this.ports[i]}`, ...listener }));
    return {
      ...this.#settings,
      Timeouts: { DrainDelay: '00:00:00', Drain: '00:00:02', ...this.#settings.Timeouts },
      Passthrough: entries,
    };
  }

  /** The status of an enclave on the admin listener, as soon as it is that. */
  async enclave(id, state) {
    await until(async () => {
      const { enclaves } = await (await fetch(`${this.admin}/enclaves`)).json();
      return enclaves.find(enclave => enclave.id === id)?.state === state;
    }, { patience: 30_000, otherwise: () => `${id} never became ${state}: ${this.log()}` });
  }

  /** The text of /metrics. */
  async metrics() {
    return (await fetch(`${this.admin}/metrics`)).text();
  }
}
