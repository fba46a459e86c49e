// Bytes, ends and resets: what a connection may do that no protocol of today does in a test.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pattern, sha256 } from '../../harness/bytes.mjs';
import { Queue } from '../../harness/signals.mjs';
import { until } from '../../harness/waiting.mjs';
import { usage } from '../../harness/usage.mjs';
import { Wire, echo, enclave } from '../../harness/wire.mjs';

const MiB = 1024 * 1024;
const PIECE = 64 * 1024;

export default async function bytesSuite(stage) {
  const folder = await stage.folder();
  // Both ends of each connection belong to the check.
  const accepted = { unix: new Queue(), tcp: new Queue() };
  const path = join(folder, 'enclave.sock'), front = join(folder, 'front.sock');
  const unix = await enclave(stage, path, wire => accepted.unix.put(wire));
  const tcp = await enclave(stage, 0, wire => accepted.tcp.put(wire));
  const echoing = await enclave(stage, join(folder, 'echo.sock'), echo);
  const proxy = await stage.proxy([
    { To: unix.to }, { To: tcp.to }, { To: echoing.to },
    ...stage.ours ? [{ To: echoing.to, Listen: `unix:${front}` }] : [],
  ]);
  const ports = { unix: proxy.ports[0], tcp: proxy.ports[1] };

  /** Both ends of a new connection, [client, enclave]. A proxy may wait for a byte before it connects: one goes each way. */
  async function pair(kind) {
    const client = await Wire.open(ports[kind]);
    await client.send('>');
    const server = await served(kind);
    await server.send('<');
    assert.equal(String(await client.bytes(1)), '<');
    stage.atEndOfCheck(() => { client.destroy(); server.destroy(); });
    return [client, server];
  }

  /** The enclave's end of the next connection that brings a byte. Probes bring none. */
  async function served(kind) {
    for (;;) {
      const server = await accepted[kind].take();
      if (await server.bytes(1).catch(() => null)) return server;
      server.destroy();
    }
  }

  for (const kind of ['unix', 'tcp']) {
    const mebibytes = kind === 'unix' ? 1024 : 256;
    for (const direction of ['to the enclave', 'to the client']) {
      await stage.check(`${kind}: ${mebibytes} MiB ${direction}, checksums equal`, async () => {
        const both = await pair(kind);
        const [from, to] = direction === 'to the enclave' ? both : both.reverse();
        const started = performance.now();
        const [sent, came] = await Promise.all([sendMany(from, mebibytes), digestOfRest(to)]);
        assert.deepEqual(came, sent);
        assert.equal(came.length, mebibytes * MiB);
        stage.saw(`sha256 ${came.sha256.slice(0, 16)}…, ${(mebibytes / (performance.now() - started) * 1000).toFixed(0)} MiB/s`);
      });
    }

    await stage.check(`${kind}: 100 MiB in both directions at the same time`, async () => {
      const [client, server] = await pair(kind);
      const up = pattern(100 * MiB, 5), down = pattern(100 * MiB, 6);
      client.end(up);
      server.end(down);
      const [atServer, atClient] = await Promise.all([server.rest(), client.rest()]);
      assert.equal(sha256(atServer), sha256(up));
      assert.equal(sha256(atClient), sha256(down));
    });

    await stage.check(`${kind}: the client sends and shuts down, and reads an answer of 5 MiB`, async () => {
      const [client, server] = await pair(kind);
      client.end(pattern(MiB, 1));
      assert.equal(sha256(await server.rest()), sha256(pattern(MiB, 1)));
      const answer = client.rest();
      for (let i = 0; i < 5; i++) {
        await sleep(50);
        await server.send(pattern(MiB, 10 + i));
      }
      server.end();
      assert.equal(sha256(await answer), sha256(Buffer.concat([0, 1, 2, 3, 4].map(i => pattern(MiB, 10 + i)))));
    });

    await stage.check(`${kind}: the enclave sends and shuts down, and reads 5 MiB that follow`, async () => {
      const [client, server] = await pair(kind);
      server.end(pattern(MiB, 1));
      assert.equal(sha256(await client.rest()), sha256(pattern(MiB, 1)));
      const answer = server.rest();
      for (let i = 0; i < 5; i++) {
        await sleep(50);
        await client.send(pattern(MiB, 10 + i));
      }
      client.end();
      assert.equal(sha256(await answer), sha256(Buffer.concat([0, 1, 2, 3, 4].map(i => pattern(MiB, 10 + i)))));
    });

    for (const gone of ['client', 'enclave']) {
      await stage.check(`${kind}: the ${gone} sends 4 MiB and closes, and every byte arrives at a slow reader`, async () => {
        const both = await pair(kind);
        const [from, to] = gone === 'client' ? both : both.reverse();
        from.socket.end(pattern(4 * MiB, 2), () => from.destroy());
        await sleep(300);
        const digest = createHash('sha256');
        let length = 0;
        for (let piece; (piece = await to.some()) !== null; await sleep(1)) {
          digest.update(piece);
          length += piece.length;
        }
        assert.equal(to.ending, 'end', `after ${length} bytes`);
        assert.equal(digest.digest('hex'), sha256(pattern(4 * MiB, 2)));
      });
    }
  }

  await stage.check('the client resets: an enclave on TCP sees a reset', async () => {
    const [client, server] = await pair('tcp');
    client.reset();
    assert.equal(await server.fate(), 'ECONNRESET');
  });

  await stage.checkOurs('an enclave on TCP resets: the client sees a reset', async () => {
    const [client, server] = await pair('tcp');
    server.reset();
    assert.equal(await client.fate(), 'ECONNRESET');
  });

  await stage.check('the client resets: an enclave on a unix socket sees the end', async () => {
    const [client, server] = await pair('unix');
    client.reset();
    const fate = await server.fate();
    stage.saw(`it sees: ${fate}`);
    assert.match(fate, /^(end|ECONNRESET)$/);
  });

  await stage.checkOurs('an enclave on a unix socket closes with bytes unread, as the kernel tells: the client sees a reset', async () => {
    const [client, server] = await pair('unix');
    // More than node takes off its socket unasked: once it takes no more, what comes next stays in the kernel.
    const sending = client.send(pattern(MiB, 3)).catch(() => {});
    await until(() => server.socket.readableLength >= server.socket.readableHighWaterMark, { patience: 20_000 });
    await Promise.race([sending, sleep(300)]);
    await sleep(300);
    server.destroy();
    const fate = await client.fate();
    stage.saw(`it sees: ${fate}`);
    assert.equal(fate, 'ECONNRESET');
  });

  await stage.check('the client resets while 1 MiB waits for it: the enclave sees the end, and nothing is left', async () => {
    const [client, server] = await pair('tcp');
    await Promise.race([server.send(pattern(MiB, 1)), sleep(500)]);
    client.reset();
    assert.match(await server.fate(), /^(ECONNRESET|EPIPE)$/);
  });

  for (const direction of ['client', 'enclave']) {
    await stage.check(`back-pressure: the ${direction} does not read; memory stays, and afterwards every byte is there`, async () => {
      const count = 20, each = 64 * MiB;
      const bytes = pattern(each, 9), digest = sha256(bytes);
      const pairs = await Promise.all(Array.from({ length: count }, async () => {
        const client = await Wire.open(ports.unix);
        await client.send('>');
        return client;
      }));
      const servers = [];
      while (servers.length < count) servers.push(await served('unix'));
      stage.atEndOfCheck(() => { for (const wire of [...pairs, ...servers]) wire.destroy(); });
      const before = usage(proxy.pid).kib;
      const [readers, writers] = direction === 'client' ? [pairs, servers] : [servers, pairs];
      let left = 0;
      const sending = writers.map(async writer => {
        for (let at = 0; at < each; at += PIECE, left += PIECE) await writer.send(bytes.subarray(at, at + PIECE));
        writer.end();
      });
      // What the senders have got rid of, once it has not become more for a second.
      const gone = () => left;
      let last = -1, same = 0;
      await until(() => {
        same = gone() === last ? same + 1 : 0;
        last = gone();
        return same >= 10;
      }, { pause: 100 });
      const held = usage(proxy.pid).kib - before;
      stage.saw(`${count} connections, ${(last / count / 1024).toFixed(0)} KiB of ${each / 1024} gone from each sender, `
        + `the proxy holds ${held} KiB more`);
      assert.ok(last < count * each / 2, 'more is on its way than sockets hold');
      // Some 9 MiB the first time: buffers of 64 KiB, and what the runtime takes before it collects. Of 1,280 MiB that are to come.
      assert.ok(held < 16 * 1024, `${held} KiB for ${count} connections`);
      const digests = await Promise.all(readers.map(digestOfRest));
      await Promise.all(sending);
      for (const { sha256 } of digests) assert.equal(sha256, digest);
    });
  }

  await stage.check('a connection that carries one byte at a time, 2,000 times', async () => {
    const client = await Wire.open(proxy.ports[2]);
    for (let i = 0; i < 2000; i++) {
      await client.send(Buffer.from([i % 256]));
      assert.equal((await client.bytes(1))[0], i % 256);
    }
    client.end();
    assert.equal((await client.rest()).length, 0);
  });

  await stage.check('200 connections of all sizes at a time, all echoed', async () => {
    await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const client = await Wire.open(proxy.ports[2]), bytes = pattern(1 + i * i * 11, i + 1);
      client.end(bytes);
      assert.equal(sha256(await client.rest()), sha256(bytes));
    }));
  });

  await stage.checkOurs('clients come over a unix socket', async () => {
    const client = await Wire.open(front), bytes = pattern(3 * MiB, 4);
    client.end(bytes);
    assert.equal(sha256(await client.rest()), sha256(bytes));
  });
}

/** So many different pieces of 1 MiB, then the end. */
async function sendMany(wire, mebibytes) {
  const hash = createHash('sha256'), piece = pattern(MiB, 77);
  for (let i = 0; i < mebibytes; i++) {
    const bytes = Buffer.from(piece);
    bytes.writeUInt32LE(i, i % 1000);
    hash.update(bytes);
    await wire.send(bytes);
  }
  wire.end();
  return { length: mebibytes * MiB, sha256: hash.digest('hex') };
}

async function digestOfRest(wire) {
  const hash = createHash('sha256');
  let length = 0;
  for (let piece; (piece = await wire.some()) !== null; length += piece.length) hash.update(piece);
  assert.equal(wire.ending, 'end', `after ${length} bytes`);
  return { length, sha256: hash.digest('hex') };
}
