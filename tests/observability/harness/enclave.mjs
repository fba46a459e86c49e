import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { startProgram } from '../../harness/processes.mjs';

/** A simulated enclave in a process of its own. Its id, its name and its X-Enclave are one. */
export class Enclave {
  #child;
  #flags;

  name;
  port;

  /** `flags` are further ones of the simulator. */
  static async start(name, flags = []) {
    const enclave = new Enclave();
    enclave.name = name;
    enclave.#flags = flags;
    await enclave.#run(0);
    return enclave;
  }

  /** After its end: once more, at the same place. */
  restart() {
    return this.#run(this.port);
  }

  async #run(port) {
    const child = this.#child = startProgram('simulator', ['--listen', `tcp://127.0.0.1:${port}`, '--name', this.name, ...this.#flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      child.ended.then(() => { throw new Error(`the simulator ${this.name} ended`); }),
    ]);
    this.port = Number(/:(\d+)$/.exec(line)[1]);
  }

  /** Its entry in the configuration of a proxy. */
  get entry() {
    return { Id: this.name, Name: this.name, Transport: 'tcp', TcpHost: '127.0.0.1', Port: this.port };
  }

  /** How many ordinary requests it has seen. Asked beside the proxy, and not counted. */
  async requests() {
    return (await (await fetch(`http://127.0.0.1:${this.port}/control`)).json()).requests;
  }

  /** Ends it as a crash does. */
  async kill() {
    this.#child.kill('SIGKILL');
    await this.#child.ended;
  }
}

/** How many requests have come to these, probes left out. */
export async function requestsOf(enclaves) {
  return (await Promise.all(enclaves.map(enclave => enclave.requests()))).reduce((sum, count) => sum + count, 0);
}
