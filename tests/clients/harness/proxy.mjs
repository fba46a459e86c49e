import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { start } from './processes.mjs';

const PATIENCE_MS = 60_000;

/** A running proxy process in front of one application. */
export class Proxy {
  #child;
  #log = [];

  /** Where HTTP/1.1 clients connect: host:port. */
  http1;
  /** Where HTTP/2 clients without TLS connect: host:port. */
  h2c;
  #admin;

  static async start(folder, application, { httpVersion = '1.1', transforms = false }) {
    const file = join(folder, `proxy-${application.split(':')[1]}.json`);
    await writeFile(file, JSON.stringify(settings(application, httpVersion, transforms)));
    const proxy = new Proxy();
    await proxy.#run(file, folder);
    return proxy;
  }

  async #run(file, folder) {
    this.#child = start('dotnet', [process.env.PARENT_PROXY_DLL, '--config', file], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DOTNET_ROOT: process.env.DOTNET_ROOT ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stderr.on('data', text => this.#log.push({ Level: 'Fatal', RenderedMessage: String(text) }));
    const ready = new Promise((resolve, reject) => {
      createInterface({ input: this.#child.stdout }).on('line', line => {
        const entry = JSON.parse(line);
        // Lines of the access log stand between those of the program.
        if (entry.type === 'access') return;
        this.#log.push(entry);
        const { EventId: event, EndPoints: endPoints, Admin: admin } = entry.Properties;
        if (event?.Name === 'Started') {
          [this.http1, this.h2c] = endPoints.split(', ').map(url => url.replace('http://', ''));
          this.#admin = admin;
        } else if (event?.Name === 'FirstRound') {
          resolve();
        }
      });
      this.#child.ended.then(() => reject(new Error(`the proxy ended: ${this.#lines()}`)));
    });
    await ready;
    // A cold first probe may have taken too long.
    await this.#until('health/ready', answer => answer.status === 200);
  }

  /** Resolves when no request or tunnel is under way any more. */
  async idle() {
    await this.#until('enclaves', async answer => (await answer.json()).enclaves.every(enclave => enclave.inFlight === 0));
  }

  /** Asks the admin listener until the answer is as it should be. */
  async #until(path, condition) {
    for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline;) {
      if (await condition(await fetch(`${this.#admin}/${path}`))) return;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    throw new Error(`/${path} never became what it should be: ${this.#lines()}`);
  }

  /** Ends it as systemd does and returns the exit code. */
  async stop() {
    this.#child.kill('SIGTERM');
    return (await this.#child.ended).code;
  }

  /** What it logged as its own fault. */
  faults() {
    return this.#log
      .filter(entry => /^(Error|Fatal)$/.test(entry.Level) || /internal_error|report it/.test(entry.RenderedMessage))
      .map(entry => entry.RenderedMessage);
  }

  #lines() {
    return this.#log.map(entry => entry.RenderedMessage).join('\n');
  }
}

function settings(application, httpVersion, transforms) {
  const [host, port] = application.split(':');
  return {
    Kestrel: {
      Endpoints: {
        Http1: { Url: 'http://127.0.0.1:0', Protocols: 'Http1' },
        // Configured endpoints are opened, and listed in the log, in the order of their names.
        Http2: { Url: 'http://127.0.0.1:0', Protocols: 'Http2' },
      },
    },
    Admin: { Url: 'http://127.0.0.1:0' },
    Enclaves: [{ Id: 'application', Transport: 'tcp', TcpHost: host, Port: Number(port) }],
    Routing: { HttpVersion: httpVersion },
    // The applications are to see nothing but what their clients send.
    Health: { Public: false, Probe: { Type: 'connect' } },
    Timeouts: { DrainDelay: '00:00:00' },
    Log: { Format: 'json' },
    ...(transforms && {
      ReverseProxy: {
        Routes: {
          transformed: {
            ClusterId: 'enclaves',
            Match: { Path: '/{**rest}' },
            Transforms: [{ RequestHeader: 'X-Transformed', Set: 'yes' }],
          },
        },
      },
    }),
  };
}
