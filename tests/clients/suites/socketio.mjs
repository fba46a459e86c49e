import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { io } from 'socket.io-client';
import { Server } from 'socket.io';
import { pattern, sha256 } from '../../harness/bytes.mjs';
import { Queue } from '../../harness/signals.mjs';

export default async function socketIoSuite(stage) {
  const http = createServer();
  const urls = [];
  const server = new Server(http, {
    maxHttpBufferSize: 4 * 1024 * 1024,
    connectionStateRecovery: { maxDisconnectionDuration: 60_000 },
  });
  http.prependListener('request', request => urls.push(`${request.method} ${request.url}`));
  const accepted = new Queue();
  server.on('connection', peer => {
    peer.on('echo', (value, answer) => answer(value));
    peer.on('count', value => peer.emit('counted', value));
    peer.join('everybody');
    accepted.put(peer);
  });
  const proxy = await stage.proxy(await stage.listen(http));
  stage.atEnd(() => server.close());

  function open(options) {
    const client = io(`http://${proxy.http1}`, { forceNew: true, reconnectionDelay: 1, reconnectionDelayMax: 1, ...options });
    stage.atEndOfCheck(() => client.disconnect());
    return client;
  }

  /** What 'connect' means to a client that may be connected already. */
  async function connected(client) {
    if (!client.connected) await once(client, 'connect');
  }

  /** Text, objects and bytes both ways; 300 events in order. */
  async function exchange(client) {
    assert.deepEqual(await client.emitWithAck('echo', { text: '\u20ac', list: [1, null] }), { text: '\u20ac', list: [1, null] });
    const bytes = pattern(1_500_000, 40);
    assert.equal(sha256(await client.emitWithAck('echo', bytes)), sha256(bytes));
    const counted = [];
    const all = new Promise(resolve => client.on('counted', value => counted.push(value) === 300 && resolve()));
    for (let i = 0; i < 300; i++) client.emit('count', i);
    await all;
    assert.deepEqual(counted, Array.from({ length: 300 }, (_, i) => i));
    client.off('counted');
  }

  await stage.check('polling first, then the upgrade to WebSocket', async () => {
    const client = open();
    await connected(client);
    const engine = client.io.engine;
    if (engine.transport.name !== 'websocket') await once(engine, 'upgrade');
    assert.equal(engine.transport.name, 'websocket');
    assert.ok(urls.some(url => url.startsWith('POST /socket.io/') && url.includes('transport=polling')));
    const peer = await accepted.take();
    assert.equal(peer.id, client.id);
    if (peer.conn.transport.name !== 'websocket') await once(peer.conn, 'upgrade');
    assert.equal(peer.conn.transport.name, 'websocket');
    await exchange(client);
  });

  await stage.check('events that are sent while it upgrades arrive once, in order', async () => {
    const client = open();
    const counted = [];
    client.on('counted', value => counted.push(value));
    await connected(client);
    const engine = client.io.engine;
    let sent = 0;
    while (engine.transport.name !== 'websocket') {
      client.emit('count', sent++);
      await new Promise(resolve => setImmediate(resolve));
    }
    await client.emitWithAck('echo', 'behind them');
    assert.deepEqual(counted, Array.from({ length: sent }, (_, i) => i));
    await accepted.take();
  });

  for (const transport of ['polling', 'websocket']) {
    await stage.check(`${transport} only`, async () => {
      const client = open({ transports: [transport] });
      await connected(client);
      await accepted.take();
      await exchange(client);
      assert.equal(client.io.engine.transport.name, transport);
    });
  }

  await stage.check('an event to everybody reaches 10 clients of both kinds', async () => {
    const clients = Array.from({ length: 10 }, (_, i) => open({ transports: [i % 2 === 0 ? 'polling' : 'websocket'] }));
    await Promise.all(clients.map(connected));
    for (const _ of clients) await accepted.take();
    const news = Promise.all(clients.map(async client => (await once(client, 'news'))[0]));
    server.to('everybody').emit('news', 'for all');
    assert.deepEqual(await news, clients.map(() => 'for all'));
  });

  for (const transport of ['polling', 'websocket']) {
    await stage.check(`${transport}: a broken connection comes back, with what was missed in between`, async () => {
      const client = open({ transports: [transport] });
      await connected(client);
      const peer = await accepted.take();
      const came = new Queue();
      client.on('news', value => came.put(value));
      // Only from a first event on can a client say what it has seen.
      peer.emit('news', 'before');
      assert.equal(await came.take(), 'before');

      const gone = once(peer, 'disconnect'), lost = once(client, 'disconnect'), back = once(client, 'connect');
      peer.conn.close();
      await gone;
      server.to('everybody').emit('news', 'in between');
      await lost;
      await back;
      assert.equal(client.recovered, true);
      assert.equal(await came.take(), 'in between');
      const again = await accepted.take();
      again.emit('news', 'after');
      assert.equal(await came.take(), 'after');
      assert.equal(await client.emitWithAck('echo', 'still here'), 'still here');
    });
  }

  await stage.check('the client leaves: the application learns it', async () => {
    for (const transport of ['polling', 'websocket']) {
      const client = open({ transports: [transport] });
      await connected(client);
      const peer = await accepted.take();
      const gone = once(peer, 'disconnect');
      client.disconnect();
      assert.match((await gone)[0], /client namespace disconnect|transport close/);
    }
  });
}
