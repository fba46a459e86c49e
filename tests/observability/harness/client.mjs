import { connect } from 'node:net';

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** A client's connection: HTTP/1.1 on a plain socket, so that what is sent is exactly what the check wrote. */
export class Client {
  #port;
  #socket = null;
  #buffer = Buffer.alloc(0);
  #wake = null;
  #ended = false;
  #error = null;

  constructor(port) {
    this.#port = port;
  }

  /** Sends bytes on the connection, which is opened when there is none. */
  write(bytes) {
    if (this.#socket === null || this.#ended) this.#open();
    this.#socket.write(bytes);
  }

  /**
   * Sends a request and reads its answer: { status, head, bytes }. Without an answer (the proxy closed) the status is 0.
   * @param head the request's head, with its end, or all of it
   * @param body what follows it
   */
  async request(head, body = null) {
    this.write(typeof head === 'string' ? Buffer.from(head, 'latin1') : head);
    if (body !== null) this.write(body);
    return this.answer(isHead(head));
  }

  /** Reads one answer. */
  async answer(withoutBody = false) {
    let head;
    do {
      const end = await this.#find(END_OF_HEAD);
      if (end < 0) return { status: 0, head: '', bytes: 0 };
      head = this.#take(end + 4).toString('latin1');
    } while (/^HTTP\/1\.1 1(?!01)/.test(head));
    const status = Number(head.slice(9, 12));
    const bytes = withoutBody || status === 101 || status === 204 || status === 304 ? 0 : await this.#body(head);
    if (/\r\nconnection: close\r\n/i.test(head)) this.close();
    return { status, head, bytes };
  }

  /** Reads so many bytes: of a tunnel. */
  async read(count) {
    if (!await this.#fill(count)) throw new Error('the connection ended');
    return this.#take(count);
  }

  /** Closes without a word. */
  close() {
    this.#socket?.destroy();
    this.#socket = null;
    this.#buffer = Buffer.alloc(0);
    this.#ended = false;
  }

  #open() {
    this.close();
    const socket = this.#socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    const news = () => { const wake = this.#wake; this.#wake = null; wake?.(); };
    socket.on('data', bytes => {
      this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
      news();
    });
    // Whoever closes says so once; a reset comes as an error before.
    socket.on('error', error => { this.#error = error; });
    socket.on('close', () => { if (socket === this.#socket) this.#ended = true; news(); });
    socket.on('end', () => { if (socket === this.#socket) this.#ended = true; news(); });
  }

  async #body(head) {
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head);
    if (length) return this.#skip(Number(length[1]));
    if (!/\r\ntransfer-encoding: chunked\r\n/i.test(head)) throw new Error(`an answer without a length: ${head}`);
    let bytes = 0;
    for (;;) {
      const end = await this.#find('\r\n');
      if (end < 0) throw new Error('the answer is cut');
      const size = parseInt(this.#take(end + 2).toString('latin1'), 16);
      await this.#skip(size);
      bytes += size;
      await this.#skip(2);
      if (size === 0) return bytes;
    }
  }

  async #skip(count) {
    for (let left = count; left > 0;) {
      if (!await this.#fill(1)) throw new Error(`the answer is cut: ${this.#error?.code ?? 'end of file'}`);
      left -= this.#take(Math.min(left, this.#buffer.length)).length;
    }
    return count;
  }

  async #find(pattern) {
    for (;;) {
      const at = this.#buffer.indexOf(pattern);
      if (at >= 0) return at;
      if (!await this.#more()) return -1;
    }
  }

  async #fill(count) {
    while (this.#buffer.length < count) if (!await this.#more()) return false;
    return true;
  }

  #take(count) {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  async #more() {
    if (this.#ended) return false;
    const length = this.#buffer.length;
    await new Promise(resolve => { this.#wake = resolve; });
    return this.#buffer.length > length || !this.#ended;
  }
}

function isHead(request) {
  return request.subarray ? request.subarray(0, 5).toString('latin1') === 'HEAD ' : request.startsWith('HEAD ');
}
