import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { constants } from 'node:zlib';
import { WebSocket, WebSocketServer } from 'ws';
import { pattern, random, sha256 } from '../../harness/bytes.mjs';
import { Queue } from '../../harness/signals.mjs';

const MiB = 1024 * 1024;
const deflate = { zlibDeflateOptions: { level: constants.Z_BEST_SPEED }, threshold: 0 };

export default async function webSocketSuite(stage) {
  const server = createServer((request, response) => response.end(request.url));
  const sockets = new WebSocketServer({
    noServer: true, maxPayload: 2 * MiB, perMessageDeflate: deflate,
    handleProtocols: offered => (offered.has('second') ? 'second' : false),
  });
  // Both ends of each connection belong to the test; /echo answers by itself.
  const accepted = new Queue();
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/refused') {
      return socket.end('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!');
    }
    sockets.handleUpgrade(request, socket, head, peer => {
      peer.on('error', () => {});
      peer.request = request;
      if (request.url === '/greeting') for (const word of ['with', 'the', '101']) peer.send(word);
      if (request.url === '/echo') peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
      accepted.put(peer);
    });
  });
  const proxy = await stage.proxy(await stage.listen(server));

  function open(path, protocols = [], options = {}) {
    const client = new WebSocket(`ws://${proxy.http1}${path}`, protocols, { perMessageDeflate: deflate, maxPayload: 2 * MiB, ...options });
    client.messages = new Queue();
    client.on('message', (data, isBinary) => client.messages.put(isBinary ? data : String(data)));
    return client;
  }

  /** Both ends of a new connection: [client, peer]. */
  async function pair(path = '/', protocols, options) {
    const client = open(path, protocols, options);
    const opened = once(client, 'open');
    const peer = await accepted.take();
    await opened;
    return [client, peer];
  }

  /** What both ends say of the end: [code, reason] each. */
  const ends = (...sides) => Promise.all(sides.map(async side => {
    const [code, reason] = await once(side, 'close');
    return [code, String(reason)];
  }));

  async function finish(client) {
    client.close();
    await once(client, 'close');
  }

  await stage.check('the handshake: permessage-deflate, subprotocol, path and fields pass', async () => {
    const [client, peer] = await pair('/path?q=%2F', ['first', 'second'], { headers: { 'X-Token': 't' } });
    assert.match(client.extensions, /^permessage-deflate/);
    assert.match(peer.extensions, /^permessage-deflate/);
    assert.equal(client.protocol, 'second');
    assert.equal(peer.request.url, '/path?q=%2F');
    assert.equal(peer.request.headers['x-token'], 't');
    assert.equal(peer.request.headers['sec-websocket-version'], '13');
    await finish(client);
  });

  await stage.check('messages that come together with the 101 are not lost', async () => {
    for (let i = 0; i < 50; i++) {
      const client = open('/greeting');
      for (const word of ['with', 'the', '101']) assert.equal(await client.messages.take(), word);
      await accepted.take();
      await finish(client);
    }
  });

  const echo = options => async () => {
    const [client] = await pair('/echo', [], options);
    const next = random(30), expected = [];
    const echoed = (async () => {
      for (let i = 0; i < 1000; i++) {
        const message = await client.messages.take();
        assert.equal(typeof message === 'string', i % 3 === 0, `kind of message ${i}`);
        assert.equal(sha256(message), expected[i], `message ${i}`);
      }
    })();
    for (let i = 0; i < 1000; i++) {
      // Every order of magnitude is as likely, up to the largest.
      const size = i === 500 ? MiB : Math.floor(2 ** (next() * 20));
      const bytes = pattern(size, i + 1);
      const message = i % 3 === 0 ? bytes.toString('base64').slice(0, size) : bytes;
      expected.push(sha256(message));
      client.send(message);
      while (client.bufferedAmount > 4 * MiB) await new Promise(resolve => setImmediate(resolve));
    }
    await echoed;
    assert.equal(client.messages.length, 0);
    await finish(client);
  };
  await stage.check('1000 messages of up to 1 MiB are echoed in order, compressed', echo());
  await stage.check('1000 messages of up to 1 MiB are echoed in order, as they are', echo({ perMessageDeflate: false }));

  await stage.check('text stays text, binary stays binary, empty messages exist', async () => {
    const [client] = await pair('/echo');
    for (const message of ['text \u20ac', Buffer.from([0, 255, 128]), '', Buffer.alloc(0)]) {
      client.send(message);
      assert.deepEqual(await client.messages.take(), message);
    }
    await finish(client);
  });

  await stage.check('a message in fragments, each seen before the next is sent', async () => {
    const [client, peer] = await pair('/', [], { perMessageDeflate: false });
    const raw = peer._socket;
    let seen = 0;
    const came = new Queue();
    raw.on('data', piece => came.put(piece.length));
    const whole = once(peer, 'message');
    for (let i = 0; i < 10; i++) {
      client.send(`part ${i} `, { fin: i === 9 });
      // 2 bytes of head, 4 of mask.
      for (seen = 0; seen < 6 + 7;) seen += await came.take();
      assert.equal(seen, 13);
    }
    assert.equal(String((await whole)[0]), Array.from({ length: 10 }, (_, i) => `part ${i} `).join(''));
    await finish(client);
  });

  await stage.check('ping and pong with their payloads, from both ends', async () => {
    const [client, peer] = await pair();
    for (const [from, to] of [[client, peer], [peer, client]]) {
      for (const payload of ['', 'payload', 'x'.repeat(125)]) {
        const pinged = once(to, 'ping'), ponged = once(from, 'pong');
        from.ping(payload);
        assert.equal(String((await pinged)[0]), payload);
        assert.equal(String((await ponged)[0]), payload);
      }
    }
    await finish(client);
  });

  for (const [code, reason] of [[1000, ''], [1001, 'away'], [1011, 'a r\u00e9ason'], [3000, 'x'.repeat(123)], [4999, '']]) {
    await stage.check(`close code ${code} passes from both ends`, async () => {
      let [client, peer] = await pair(), ended = ends(client, peer);
      client.close(code, reason);
      assert.deepEqual(await ended, [[code, reason], [code, reason]]);
      [client, peer] = await pair();
      ended = ends(client, peer);
      peer.close(code, reason);
      assert.deepEqual(await ended, [[code, reason], [code, reason]]);
    });
  }

  await stage.check('a close without a code passes from both ends', async () => {
    for (const closing of [0, 1]) {
      const both = await pair(), ended = ends(...both);
      both[closing].close();
      assert.deepEqual(await ended, [[1005, ''], [1005, '']]);
    }
  });

  await stage.check('100 messages and a close right behind them: all arrive', async () => {
    for (const from of [0, 1]) {
      const both = await pair(), ended = ends(...both);
      const came = [];
      both[1 - from].on('message', data => came.push(String(data)));
      for (let i = 0; i < 100; i++) both[from].send(`message ${i}`);
      both[from].close(1000, 'that was all');
      assert.deepEqual((await ended)[1 - from], [1000, 'that was all']);
      assert.deepEqual(came, Array.from({ length: 100 }, (_, i) => `message ${i}`));
    }
  });

  await stage.check('one end is gone without a close: the other learns it', async () => {
    for (const gone of [0, 1]) {
      const both = await pair(), ended = ends(...both);
      both[1 - gone].send('unanswered');
      both[gone].terminate();
      assert.deepEqual(await ended, [[1006, ''], [1006, '']]);
    }
  });

  await stage.check('half-open: what was sent before the end of the stream arrives, from both ends', async () => {
    for (const half of [0, 1]) {
      const both = await pair(), ended = ends(...both);
      const came = once(both[1 - half], 'message');
      both[half].send(pattern(300_000, 31), () => both[half]._socket.end());
      assert.deepEqual((await came)[0], pattern(300_000, 31));
      assert.deepEqual(await ended, [[1006, ''], [1006, '']]);
    }
  });

  await stage.check('a refused handshake: status, fields and body are those of the application', async () => {
    const client = open('/refused');
    const [, response] = await once(client, 'unexpected-response');
    assert.equal(response.statusCode, 401);
    assert.equal(response.headers['www-authenticate'], 'Basic');
    response.setEncoding('utf8');
    let body = '';
    for await (const piece of response) body += piece;
    assert.equal(body, 'no!');
  });

  await stage.check('frames sent behind the request, before the 101, are not lost', async () => {
    const [host, port] = proxy.http1.split(':');
    const socket = connect(Number(port), host);
    // A masked text frame "hi" with an empty mask right behind the head.
    socket.write(Buffer.concat([
      Buffer.from(`GET /echo HTTP/1.1\r\nHost: ${proxy.http1}\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'),
      Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]),
    ]));
    await accepted.take();
    let came = Buffer.alloc(0);
    for await (const piece of socket) {
      came = Buffer.concat([came, piece]);
      const end = came.indexOf('\r\n\r\n');
      if (end >= 0 && came.length >= end + 4 + 4) break;
    }
    const end = came.indexOf('\r\n\r\n') + 4;
    assert.match(String(came.subarray(0, end)), /^HTTP\/1\.1 101 /);
    assert.match(String(came.subarray(0, end)), /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
    assert.deepEqual(came.subarray(end), Buffer.from([0x81, 2, 0x68, 0x69]));
  });

  await stage.check('100 connections at a time', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const client = open('/echo');
      await once(client, 'open');
      client.send(`hello ${i}`);
      assert.equal(await client.messages.take(), `hello ${i}`);
      return client;
    }));
    for (let i = 0; i < 100; i++) await accepted.take();
    await Promise.all(clients.map(finish));
  });
}
