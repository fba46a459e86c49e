import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * One end of a connection that is half-open when the other has ended. Takes nothing from its socket that nobody has asked
 * for, so that who does not read holds up who sends.
 */
export class Wire {
  #waiting;

  /** What became of the connection as it was read: undefined while it goes on, 'end', or the name of an error. */
  ending;

  constructor(socket) {
    this.socket = socket;
    this.closed = new Promise(resolve => socket.once('close', resolve));
    socket.on('readable', () => this.#wake());
    socket.on('end', () => this.#wake(this.ending ??= 'end'));
    socket.on('error', error => this.#wake(this.ending = error.code));
    socket.on('close', () => this.#wake(this.ending ??= 'closed'));
  }

  /** A new connection to a port of this machine or a unix socket. */
  static async open(where) {
    const socket = connect({ ...(typeof where === 'number' ? { port: where, host: '127.0.0.1' } : { path: where }), allowHalfOpen: true });
    await once(socket, 'connect');
    socket.setNoDelay?.(true);
    return new this(socket);
  }

  /** What becomes of a connection that is closed at once, maybe before it is known to be open. */
  static async refused(where, bytes) {
    try {
      const wire = await this.open(where);
      if (bytes) await wire.send(bytes);
      const came = await wire.some();
      wire.destroy();
      return came === null ? wire.ending : `an answer: ${came}`;
    } catch (error) {
      return error.code;
    }
  }

  /** Some bytes; null when there are no more, and `ending` tells why. */
  async some() {
    for (;;) {
      const piece = this.socket.read();
      if (piece !== null) return piece;
      if (this.ending) return null;
      await new Promise(resolve => { this.#waiting = resolve; });
    }
  }

  /** Exactly so many bytes. */
  async bytes(count) {
    let came = Buffer.alloc(0);
    while (came.length < count) {
      const piece = await this.some();
      if (piece === null) throw new Error(`${this.ending} after ${came.length} of ${count} bytes`);
      came = Buffer.concat([came, piece]);
    }
    if (came.length > count) this.socket.unshift(came.subarray(count));
    return came.subarray(0, count);
  }

  /** All up to the end; an error is one. */
  async rest() {
    const pieces = [];
    for (let piece; (piece = await this.some()) !== null;) pieces.push(piece);
    if (this.ending !== 'end') throw new Error(`${this.ending} after ${Buffer.concat(pieces).length} bytes`);
    return Buffer.concat(pieces);
  }

  /** How it ends, whatever comes before. */
  async fate() {
    while (await this.some() !== null);
    return this.ending;
  }

  /** Sends, and waits while too much is queued. */
  async send(bytes) {
    if (!this.socket.write(bytes)) await Promise.race([once(this.socket, 'drain'), this.closed]);
  }

  /** Says that no more will be sent. */
  end(bytes) {
    this.socket.end(bytes);
  }

  /** RST on TCP. */
  reset() {
    if (this.socket.resetAndDestroy && this.socket.remoteFamily) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  /** Asks and gives the answer: a line each. */
  async ask(line) {
    await this.send(`${line}\n`);
    return String(await this.bytes(line.length + 1)).trimEnd();
  }

  destroy() {
    this.socket.destroy();
  }

  #wake() {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}

/**
 * An enclave that is this program.
 * @param where a path, or 0 for some port of the loopback
 * @param serve gets the Wire of each connection
 */
export async function enclave(stage, where, serve) {
  const wires = new Set();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    const wire = new Wire(socket);
    wires.add(wire);
    wire.closed.then(() => wires.delete(wire));
    server.accepted++;
    // What the check that runs has to say of it, it says by itself.
    Promise.resolve(serve(wire)).catch(() => wire.destroy());
  });
  server.accepted = 0;
  server.wires = wires;
  server.listen(typeof where === 'number' ? { port: where, host: '127.0.0.1', backlog: 4096 } : { path: where, backlog: 4096 });
  await once(server, 'listening');
  server.to = typeof where === 'number' ? `tcp://127.0.0.1:${server.address().port}` : `unix:${where}`;
  stage.atEnd(() => {
    server.close();
    for (const wire of wires) wire.destroy();
  });
  return server;
}

/** Sends back what comes, and ends when that has ended. */
export async function echo(wire) {
  for (let piece; (piece = await wire.some()) !== null;) await wire.send(piece);
  if (wire.ending === 'end') wire.end();
}
