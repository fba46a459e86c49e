// The PROXY protocol, naively: an enclave that is told who its client is, and a load balancer that tells it.
import assert from 'node:assert/strict';

export const V2_SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A v2 header for TCP over IPv4 with TLVs, [type, value] each. */
export function v2(source, sourcePort, destination, destinationPort, tlvs) {
  const addresses = Buffer.alloc(12);
  Buffer.from(source.split('.')).copy(addresses, 0);
  Buffer.from(destination.split('.')).copy(addresses, 4);
  addresses.writeUInt16BE(sourcePort, 8);
  addresses.writeUInt16BE(destinationPort, 10);
  const blocks = tlvs.flatMap(([type, value]) => [Buffer.from([type, value.length >> 8, value.length & 255]), value]);
  const rest = Buffer.concat([addresses, ...blocks]);
  return Buffer.concat([V2_SIGNATURE, Buffer.from([0x21, 0x11, rest.length >> 8, rest.length & 255]), rest]);
}

/** Takes a header off a connection: { version, source, destination, tlvs }. */
export async function readHeader(wire) {
  let bytes = await wire.bytes(12);
  if (!bytes.equals(V2_SIGNATURE)) {
    while (!bytes.subarray(-2).equals(Buffer.from('\r\n'))) bytes = Buffer.concat([bytes, await wire.bytes(1)]);
    const [word, family, source, destination, from, to] = String(bytes.subarray(0, -2)).split(' ');
    assert.equal(word, 'PROXY');
    if (family === 'UNKNOWN') return { version: 1, family };
    return { version: 1, family, source: join(source, from), destination: join(destination, to) };
  }
  const head = await wire.bytes(4), length = head.readUInt16BE(2), rest = length > 0 ? await wire.bytes(length) : Buffer.alloc(0);
  const command = head[0] & 15, family = head[1] >> 4;
  const size = { 1: 4, 2: 16 }[family];
  const told = { version: 2, command: command === 0 ? 'LOCAL' : 'PROXY' };
  if (!size) return told;
  const text = at => size === 4 ? [...rest.subarray(at, at + 4)].join('.') : compressed(rest.subarray(at, at + 16));
  told.source = join(text(0), rest.readUInt16BE(2 * size));
  told.destination = join(text(size), rest.readUInt16BE(2 * size + 2));
  told.tlvs = [];
  for (let at = 2 * size + 4; at < rest.length;) {
    const count = rest.readUInt16BE(at + 1);
    told.tlvs.push({ type: rest[at], value: rest.subarray(at + 3, at + 3 + count).toString('hex') });
    at += 3 + count;
  }
  return told;
}

const join = (address, port) => address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** As the URL standard writes an address. */
function compressed(bytes) {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(':');
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}
