const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

/** What clients sent and received. */
export class Tally {
  #answers = [];
  /** Bytes of the bodies that were sent, and received. */
  sent = 0;
  received = 0;

  get requests() {
    return this.#answers.length;
  }

  /** Counts a request with its answer. */
  add(method, answer, sent = 0) {
    this.count(method, answer.status, /\r\nx-enclave: (\S+)\r\n/i.exec(answer.head)?.[1]);
    this.sent += sent;
    this.received += answer.bytes;
  }

  count(method, status, enclave = 'none') {
    this.#answers.push({ method: METHODS.has(method) ? method : 'OTHER', status, enclave });
  }

  byMethodAndStatus() {
    return this.#by(answer => `${answer.method} ${answer.status}`);
  }

  byEnclaveAndStatus() {
    return this.#by(answer => `${answer.enclave} ${answer.status}`);
  }

  withStatus(...codes) {
    return this.#answers.filter(answer => codes.includes(answer.status)).length;
  }

  fromEnclaves(status) {
    return this.#answers.filter(answer => answer.status === status && answer.enclave !== 'none').length;
  }

  #by(key) {
    const counts = {};
    for (const answer of this.#answers) counts[key(answer)] = (counts[key(answer)] ?? 0) + 1;
    return Object.fromEntries(Object.entries(counts).sort());
  }
}
