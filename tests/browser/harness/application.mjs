import { once } from 'node:events';
import { createServer } from 'node:http';

/** An application as it runs in an enclave: its health and its answers can be changed, and it can go away and come back. */
export class Application {
  #server;
  #port = 0;

  /** Whether its health check passes. */
  healthy = true;
  /** The status of every other answer, and after how many milliseconds it comes. */
  status = 200;
  delay = 0;

  static async start() {
    const application = new Application();
    await application.start();
    return application;
  }

  /** Where it is dialled. */
  get port() {
    return this.#port;
  }

  /** Comes back at its port. */
  async start() {
    this.#server = createServer((request, response) => {
      if (request.url === '/health') {
        response.statusCode = this.healthy ? 200 : 503;
        response.end();
        return;
      }
      setTimeout(() => {
        response.statusCode = this.status;
        response.end('an answer\n');
      }, this.delay);
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = this.#server.address().port;
  }

  /** Goes away with all its connections, as an enclave does that is terminated. */
  async stop() {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
