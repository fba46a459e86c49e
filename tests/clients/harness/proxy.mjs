import { Proxy } from '../../harness/proxy.mjs';
import { until } from '../../harness/waiting.mjs';

const PATIENCE_MS = 60_000;

/** A running proxy process in front of one application. */
export class ApplicationProxy extends Proxy {
  static async startBefore(application, folder, { httpVersion = '1.1', transforms = false }) {
    const proxy = await this.start(folder, settings(application, httpVersion, transforms));
    // A cold first probe may have taken too long.
    await proxy.#until('health/ready', answer => answer.status === 200);
    return proxy;
  }

  /** Where HTTP/1.1 clients connect: host:port. */
  get http1() {
    return this.endPoints[0].replace('http://', '');
  }

  /** Where HTTP/2 clients without TLS connect: host:port. */
  get h2c() {
    return this.endPoints[1].replace('http://', '');
  }

  /** Resolves when no request or tunnel is under way any more. */
  async idle() {
    await this.#until('enclaves', async answer => (await answer.json()).enclaves.every(enclave => enclave.inFlight === 0));
  }

  /** Asks the admin listener until the answer is as it should be. */
  async #until(path, condition) {
    await until(async () => condition(await fetch(`${this.admin}/${path}`)), {
      patience: PATIENCE_MS,
      otherwise: () => `/${path} never became what it should be: ${this.log()}`,
    });
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
    Enclaves: [{ Id: 'application', Transport: 'tcp', TcpHost: host, Port: Number(port) }],
    Routing: { HttpVersion: httpVersion },
    // The applications are to see nothing but what their clients send.
    Health: { Public: false, Probe: { Type: 'connect' } },
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
