import dgram from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { answer, framed, read } from './dns-message.mjs';

/**
 * The resolver that the parent asks: 127.0.0.1 port 53 of the suite's own network, UDP and TCP.
 *
 * A zone is a function of a question { name, type, transport, number }, the number counting the questions for that name and type
 * from 1. What it returns: an object of records by type, { A: [address…], CNAME: name, … }, with `ttl` if it is not 60, or `rcode`;
 * 'mute' for no answer at all; undefined for NXDOMAIN. `delay` holds an answer back, in milliseconds; `truncates` sends nothing but
 * the flag over UDP.
 */
export class Upstream {
  /** What was asked, in order: { name, type, transport }. */
  questions = [];
  #zone;
  #numbers = new Map();

  static async start(stage, zone, port = 53) {
    const upstream = new this();
    upstream.#zone = zone;
    const udp = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
    udp.on('message', (message, peer) => upstream.#answer(message, 'udp', bytes => udp.send(bytes, peer.port, peer.address)));
    const tcp = createServer(socket => {
      let came = Buffer.alloc(0);
      socket.on('error', () => {});
      socket.on('data', piece => {
        came = Buffer.concat([came, piece]);
        while (came.length >= 2 && came.length >= 2 + came.readUInt16BE(0)) {
          const message = came.subarray(2, 2 + came.readUInt16BE(0));
          came = came.subarray(2 + message.length);
          upstream.#answer(message, 'tcp', bytes => socket.write(framed(bytes)));
        }
      });
    });
    udp.bind(port, '127.0.0.1');
    tcp.listen(port, '127.0.0.1');
    await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
    stage.atEnd(() => {
      udp.close();
      tcp.close();
    });
    return upstream;
  }

  /** How often a name was asked for, whatever the type and its case. */
  asked(name) {
    return this.questions.filter(question => question.name.toLowerCase() === name).length;
  }

  #answer(message, transport, send) {
    let query;
    try {
      query = read(message);
    } catch {
      // What socat makes of several datagrams.
      return;
    }
    if (query.name === undefined) return;
    this.questions.push({ name: query.name, type: query.type, transport });
    const key = `${query.name} ${query.type}`;
    const number = (this.#numbers.get(key) ?? 0) + 1;
    this.#numbers.set(key, number);
    const found = this.#zone({ name: query.name.toLowerCase(), type: query.type, transport, number });
    if (found === 'mute') return;
    const room = transport === 'tcp' ? 65_535 : found?.truncates ? 12 : query.edns ?? 512;
    const reply = answer(query, reading(query, found), room);
    if (found?.delay) setTimeout(send, found.delay, reply);
    else send(reply);
  }
}

function reading(query, found) {
  const soa = [{ name: 'test', type: 'SOA', value: 5, ttl: 5 }];
  if (!found) return { rcode: 'NXDOMAIN', authority: soa };
  if (found.rcode) return { rcode: found.rcode };
  const { ttl, CNAME, [query.type]: values = [] } = found;
  const records = CNAME ? [{ name: query.name, type: 'CNAME', ttl, value: CNAME }] : [];
  for (const value of values) records.push({ name: CNAME ?? query.name, type: query.type, ttl, value });
  return { records, authority: records.length === 0 ? soa : [] };
}
