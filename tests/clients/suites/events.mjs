import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import http2 from 'node:http2';
import { EventSource } from 'eventsource';
import { start } from '../../harness/processes.mjs';
import { Queue } from '../../harness/signals.mjs';

export default async function eventsSuite(stage) {
  // The test answers each request itself.
  const streams = new Queue();
  const server = createServer((request, response) => {
    if (request.url === '/gone') return response.writeHead(204).end();
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.flushHeaders();
    streams.put({ request, response, lastId: request.headers['last-event-id'] });
  });
  const proxy = await stage.proxy(await stage.listen(server));

  function listen(path = '/events') {
    const source = new EventSource(`http://${proxy.http1}${path}`);
    stage.atEndOfCheck(() => source.close());
    source.events = new Queue();
    source.opened = new Queue();
    source.failed = new Queue();
    source.onopen = () => source.opened.put(true);
    source.onerror = error => source.failed.put(error);
    source.onmessage = ({ data, lastEventId }) => source.events.put([lastEventId, data]);
    return source;
  }

  await stage.check('the stream is open before there is an event; each event is seen before the next is sent', async () => {
    const source = listen();
    const { request, response } = await streams.take();
    assert.equal(request.headers.accept, 'text/event-stream');
    await source.opened.take();
    for (let i = 0; i < 100; i++) {
      response.write(`id: ${i}\ndata: event ${i}\n\n`);
      assert.deepEqual(await source.events.take(), [String(i), `event ${i}`]);
    }
  });

  await stage.check('an event in pieces, comments, names and several lines', async () => {
    const source = listen();
    const { response } = await streams.take();
    const named = once(source, 'named');
    for (const piece of [': comment\n', 'event: na', 'med\nda', 'ta: one\nda', 'ta: t\u20acwo\n', '\n']) {
      response.write(piece);
      await new Promise(resolve => setImmediate(resolve));
    }
    assert.equal((await named)[0].data, 'one\nt\u20acwo');
  });

  for (const [how, end] of [['ended', response => response.end()], ['cut', response => response.destroy()]]) {
    await stage.check(`a stream that is ${how} is taken up again with Last-Event-ID, three times`, async () => {
      const source = listen();
      for (let round = 0; round < 4; round++) {
        const { response, lastId } = await streams.take();
        assert.equal(lastId, round === 0 ? undefined : `${round - 1}-1`);
        await source.opened.take();
        response.write('retry: 1\n\n');
        for (let i = 0; i < 2; i++) {
          response.write(`id: ${round}-${i}\ndata: ${round} ${i}\n\n`);
          assert.deepEqual(await source.events.take(), [`${round}-${i}`, `${round} ${i}`]);
        }
        end(response);
        await source.failed.take();
      }
      (await streams.take()).response.end();
    });
  }

  await stage.check('204 ends it for good', async () => {
    const source = listen('/gone');
    await source.failed.take();
    assert.equal(source.readyState, EventSource.CLOSED);
  });

  await stage.check('the client closes: the application learns it', async () => {
    const source = listen();
    const { response } = await streams.take();
    await source.opened.take();
    const closed = once(response, 'close');
    source.close();
    await closed;
  });

  await stage.check('200 listeners at a time see an event each', async () => {
    const sources = Array.from({ length: 200 }, () => listen());
    const all = [];
    for (const _ of sources) all.push(await streams.take());
    all.forEach(({ response }, i) => response.write(`data: ${i}\n\n`));
    const seen = await Promise.all(sources.map(source => source.events.take()));
    assert.deepEqual(seen.map(([, data]) => Number(data)).sort((a, b) => a - b), sources.map((_, i) => i));
  });

  await stage.check('curl -N, HTTP/1.0: each event is seen before the next is sent', async () => {
    const child = start('curl', ['-q', '-sS', '--noproxy', '*', '-N', '--http1.0', `http://${proxy.http1}/events`]);
    stage.atEndOfCheck(() => child.kill());
    const out = new Queue();
    child.stdout.on('data', piece => out.put(String(piece)));
    child.stderr.resume();
    const { response } = await streams.take();
    for (let i = 0; i < 20; i++) {
      response.write(`data: ${i}\n\n`);
      assert.equal(await out.take(), `data: ${i}\n\n`);
    }
    response.end();
    assert.equal((await child.ended).code, 0);
  });

  await stage.proxied('over h2c: each event is seen before the next is sent, and the end of the stream', async () => {
    const session = http2.connect(`http://${proxy.h2c}`);
    stage.atEndOfCheck(() => session.destroy());
    const stream = session.request({ ':path': '/events', accept: 'text/event-stream', 'last-event-id': '7' });
    const out = new Queue();
    const { response, lastId } = await streams.take();
    assert.equal(lastId, '7');
    const [head] = await once(stream, 'response');
    assert.equal(head['content-type'], 'text/event-stream');
    stream.on('data', piece => out.put(String(piece)));
    for (let i = 0; i < 50; i++) {
      response.write(`data: ${i}\n\n`);
      assert.equal(await out.take(), `data: ${i}\n\n`);
    }
    const ended = once(stream, 'end');
    response.end();
    await ended;
  });
}
