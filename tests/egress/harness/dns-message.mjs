// DNS messages, naively: what an upstream resolver reads and writes, and a client that is this program.
import { isIPv6 } from 'node:net';

export const TYPES = { A: 1, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, OPT: 41 };
export const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };
const NAMES = Object.fromEntries(Object.entries(TYPES).map(([name, number]) => [number, name]));

const RD = 0x0100, RA = 0x0080, QR = 0x8000;
export const TC = 0x0200;

/** A name on the wire, without compression. */
export function wireName(name) {
  const labels = name.split('.').filter(Boolean);
  return Buffer.concat([...labels.map(label => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])), Buffer.alloc(1)]);
}

function readName(message, at) {
  const labels = [];
  let end = null;
  for (let jumps = 0; ;) {
    const length = message[at];
    if (length === undefined || jumps > 20) throw new Error('a name without an end');
    if (length >= 0xc0) {
      end ??= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      jumps++;
    } else if (length === 0) {
      return [labels.join('.'), end ?? at + 1];
    } else {
      labels.push(message.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
}

function ipv6Bytes(text) {
  const [head, tail] = text.split('::').map(half => half ? half.split(':').flatMap(group => group.includes('.')
    ? [Buffer.from(group.split('.')).readUInt16BE(0), Buffer.from(group.split('.')).readUInt16BE(2)] : [parseInt(group, 16)]) : []);
  const groups = tail ? [...head, ...Array(8 - head.length - tail.length).fill(0), ...tail] : head;
  const bytes = Buffer.alloc(16);
  groups.forEach((group, i) => bytes.writeUInt16BE(group, 2 * i));
  return bytes;
}

function data(type, value) {
  switch (type) {
    case 'A': return Buffer.from(value.split('.').map(Number));
    case 'AAAA': return isIPv6(value) ? ipv6Bytes(value) : value;
    case 'CNAME': return wireName(value);
    case 'TXT': return Buffer.from([value.length, ...Buffer.from(value)]);
    // Of which the last number, the time that a "no" may be remembered for, is what matters.
    case 'SOA': return Buffer.concat([wireName('ns.test'), wireName('root.test'), Buffer.alloc(19), Buffer.from([value])]);
    default: throw new Error(type);
  }
}

/** @param record { name, type, ttl, value }; a name that was asked for points to the question */
function wireRecord({ name, type, ttl = 60, value }, asked) {
  const bytes = data(type, value), fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPES[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(bytes.length, 8);
  return Buffer.concat([name === asked ? Buffer.from([0xc0, 12]) : wireName(name), fixed, bytes]);
}

function header(id, flags, counts) {
  const bytes = Buffer.alloc(12);
  [id, flags, ...counts].forEach((value, i) => bytes.writeUInt16BE(value, 2 * i));
  return bytes;
}

const opt = size => Buffer.from([0, 0, 41, size >> 8, size & 255, 0, 0, 0, 0, 0, 0]);

/** A question as a resolver asks it. */
export function question(id, name, type = 'A', { edns } = {}) {
  const asked = Buffer.concat([wireName(name), Buffer.from([0, TYPES[type], 0, 1])]);
  return Buffer.concat([header(id, RD, [1, 0, 0, edns ? 1 : 0]), asked, ...edns ? [opt(edns)] : []]);
}

/** What an upstream sends: as much as fits into `room` bytes, which truncates. `query` is what `read` made of the question. */
export function answer(query, { rcode = 'NOERROR', records = [], authority = [] }, room = 65_535) {
  const asked = Buffer.concat([wireName(query.name), Buffer.from([0, TYPES[query.type] ?? 0, 0, 1])]);
  const additional = query.edns ? [opt(1232)] : [];
  let size = 12 + asked.length + (query.edns ? 11 : 0), flags = QR | RD | RA | RCODES[rcode];
  const fitting = [];
  for (const record of [...records, ...authority].map(one => wireRecord(one, query.name))) {
    size += record.length;
    if (size > room) {
      flags |= TC;
      break;
    }
    fitting.push(record);
  }
  const answers = Math.min(records.length, fitting.length);
  const counts = [1, answers, fitting.length - answers, additional.length];
  return Buffer.concat([header(query.id, flags, counts), asked, ...fitting, ...additional]);
}

/** { id, flags, rcode, truncated, name, type, edns, answers: [{ name, type, ttl, value }], errors: codes of extended errors }. */
export function read(message) {
  const [id, flags, questions, ...counts] = Array.from({ length: 6 }, (_, i) => message.readUInt16BE(2 * i));
  const rcode = Object.keys(RCODES).find(name => RCODES[name] === (flags & 15));
  const told = { id, flags, rcode, truncated: (flags & TC) !== 0, answers: [], errors: [] };
  let at = 12;
  if (questions > 0) {
    [told.name, at] = readName(message, at);
    told.type = NAMES[message.readUInt16BE(at)] ?? String(message.readUInt16BE(at));
    at += 4;
  }
  counts.forEach((count, section) => {
    for (let i = 0; i < count; i++) {
      const [name, from] = readName(message, at);
      const type = message.readUInt16BE(from), length = message.readUInt16BE(from + 8), start = from + 10;
      at = start + length;
      if (at > message.length) throw new Error('a record is cut off');
      const bytes = message.subarray(start, at);
      if (type === TYPES.OPT) {
        told.edns = message.readUInt16BE(from + 2);
        for (let o = 0; o + 4 <= length; o += 4 + bytes.readUInt16BE(o + 2))
          if (bytes.readUInt16BE(o) === 15) told.errors.push(bytes.readUInt16BE(o + 4));
      } else if (section === 0) {
        const value = type === TYPES.A ? [...bytes].join('.') : type === TYPES.CNAME ? readName(message, start)[0] : bytes.toString('hex');
        told.answers.push({ name, type: NAMES[type] ?? type, ttl: message.readUInt32BE(from + 4), value });
      }
    }
  });
  return told;
}

/** With the two bytes of length that DNS over a stream has. */
export const framed = message => Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
