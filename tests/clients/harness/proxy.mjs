import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { start } from './processes.mjs';

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
        const { EventId: event, EndPoints: endPoints, Admin: admin, Status: status } = entry.Properties;
        if (event?.Name === 'Started') {
          [this.http1, this.h2c] = endPoints.split(', ').map(url => url.replace('http://', ''));
          this.#admin = admin;
        } else if (event?.Name === 'FirstRound') {
          if (status === 'healthy') resolve();
          else reject(new Error(`the proxy starts ${status}: ${this.#lines()}`));
        }
      });
      this.#child.ended.then(() => reject(new Error(`the proxy ended: ${this.#lines()}`)));
    });
    await ready;
  }

  /** Resolves when no request or tunnel is under way any more. */
  async idle() {
    for (;;) {
      const answer = await fetch(`${this.#admin}/enclaves`);
      const enclaves = (await answer.json()).enclaves;
      if (enclaves.every(enclave => enclave.inFlight === 0)) return;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
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
