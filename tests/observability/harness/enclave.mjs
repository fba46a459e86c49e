import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { start } from '../../clients/harness/processes.mjs';

/** A simulated enclave in a process of its own. Its id, its name and its X-Enclave are one. */
export class Enclave {
  #child;

  constructor(name, port, child) {
    this.name = name;
    this.port = port;
    this.#child = child;
  }

  static async start(name, port = 0) {
    const child = start('dotnet', [process.env.SIMULATOR_DLL, '--listen', `tcp://127.0.0.1:${port}`, '--name', name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      child.ended.then(() => { throw new Error(`the simulator ${name} ended`); }),
    ]);
    return new Enclave(name, Number(/:(\d+)$/.exec(line)[1]), child);
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
