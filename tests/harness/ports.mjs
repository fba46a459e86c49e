import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST = 10_000;
const AFTER_LAST = 32_768; // net.ipv4.ip_local_port_range begins here

/**
 * A port that nobody listens on, for programs that do not tell which one they took. It is none that the kernel gives to whoever asks for
 * any, or connects: of those one may be somebody else's by the time that the program listens.
 */
export async function freePort() {
  while (true) {
    const port = FIRST + Math.floor(Math.random() * (AFTER_LAST - FIRST));
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (error) {
      if (error.code === 'EADDRINUSE') continue;
      throw error;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
