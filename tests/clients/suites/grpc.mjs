import assert from 'node:assert/strict';
import { once } from 'node:events';
import { compressionAlgorithms, credentials, ServerCredentials } from '@grpc/grpc-js';
import { Metadata, RpcClient, rpcApplication, status } from '../apps/rpc.mjs';
import { pattern, sha256 } from '../../harness/bytes.mjs';
import { Queue } from '../../harness/signals.mjs';

const MiB = 1024 * 1024;

/** Long enough for a call to begin on a busy machine. */
const DEADLINE_MS = 5000;

export default async function grpcSuite(stage) {
  const { server, events } = rpcApplication();
  const port = await new Promise((resolve, reject) => server.bindAsync(
    '127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))));
  stage.atEnd(() => server.forceShutdown());
  const proxy = await stage.proxy(`127.0.0.1:${port}`, { httpVersion: '2' });

  function client(options = {}) {
    const made = new RpcClient(proxy.h2c, credentials.createInsecure(),
      { 'grpc.max_receive_message_length': -1, 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0, ...options });
    stage.atEndOfCheck(() => made.close());
    return made;
  }

  function metadata(fields) {
    const made = new Metadata();
    for (const [name, values] of Object.entries(fields)) for (const value of [values].flat()) made.add(name, value);
    return made;
  }

  /** Everything that a call brings: { error, value, messages, initial, trailing, code }. */
  function outcome(begin) {
    return new Promise(resolve => {
      const seen = { messages: [] };
      const call = begin((error, value) => Object.assign(seen, { error, value }));
      call.on('metadata', initial => { seen.initial = initial; });
      call.on('data', message => seen.messages.push(message));
      call.on('error', error => { seen.error = error; });
      call.on('status', ({ code, details, metadata: trailing }) => {
        // The answer of a call with one answer comes right behind its status, or before it.
        setImmediate(() => resolve({ ...seen, code, details, trailing }));
      });
    });
  }

  const both = { 'x-text': ['one', 'two'], 'x-bytes-bin': [Buffer.from([0, 255, 13, 10]), Buffer.from('second')] };
  function assertBoth({ initial, trailing }) {
    assert.equal(initial.get('x-text').join(', '), 'one, two');
    assert.deepEqual(trailing.get('x-bytes-bin'), both['x-bytes-bin']);
    assert.deepEqual(trailing.get('x-end'), ['yes']);
  }

  await stage.check('unary, with metadata both ways', async () => {
    const seen = await outcome(done => client().unary(Buffer.from('hello'), metadata(both), done));
    assert.equal(seen.code, status.OK);
    assert.equal(String(seen.value), 'hello');
    assertBoth(seen);
  });

  await stage.check('unary, empty and of 8 MiB', async () => {
    const one = client();
    for (const message of [Buffer.alloc(0), pattern(8 * MiB, 50)]) {
      const { code, value } = await outcome(done => one.unary(message, metadata({}), done));
      assert.equal(code, status.OK);
      assert.equal(sha256(value), sha256(message));
    }
  });

  await stage.check('200 unary calls at a time on one channel', async () => {
    const one = client();
    await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const { code, value } = await outcome(done => one.unary(pattern(i * 100, i), metadata({}), done));
      assert.equal(code, status.OK);
      assert.equal(sha256(value), sha256(pattern(i * 100, i)));
    }));
  });

  await stage.check('client streaming: 500 messages, each seen before the next is sent', async () => {
    const seen = await outcome(done => {
      const call = client().collect(metadata(both), done);
      (async () => {
        for (let i = 0; i < 500; i++) {
          const collected = once(events, 'collected');
          call.write(Buffer.alloc(i));
          assert.deepEqual(await collected, [i + 1]);
        }
        call.end();
      })();
      return call;
    });
    assert.equal(seen.code, status.OK);
    assert.deepEqual(JSON.parse(seen.value), Array.from({ length: 500 }, (_, i) => i));
    assertBoth(seen);
  });

  await stage.check('server streaming: 1000 messages in order, then the trailers', async () => {
    const seen = await outcome(() => client().serve(Buffer.from('{"count":1000,"size":3000}'), metadata(both)));
    assert.equal(seen.code, status.OK);
    assert.equal(seen.messages.length, 1000);
    seen.messages.forEach((message, i) => assert.deepEqual(message, Buffer.alloc(3000, i)));
    assertBoth(seen);
  });

  await stage.check('server streaming: no message at all', async () => {
    const seen = await outcome(() => client().serve(Buffer.from('{"count":0,"size":0}'), metadata({})));
    assert.equal(seen.code, status.OK);
    assert.deepEqual(seen.messages, []);
    assert.deepEqual(seen.trailing.get('x-end'), ['yes']);
  });

  await stage.check('both ways: 300 messages, each answered before the next is sent', async () => {
    const came = new Queue();
    const seen = await outcome(() => {
      const call = client().talk(metadata(both));
      call.on('data', message => came.put(String(message)));
      (async () => {
        for (let i = 0; i < 300; i++) {
          call.write(Buffer.from(`message ${i}`));
          assert.equal(await came.take(), `> message ${i}`);
        }
        call.end();
      })();
      return call;
    });
    assert.equal(seen.code, status.OK);
    assert.equal(seen.messages.length, 300);
    assertBoth(seen);
  });

  await stage.check('both ways: the head of the answer comes before any message', async () => {
    const call = client().talk(metadata(both));
    call.on('error', () => {});
    const [initial] = await once(call, 'metadata');
    assert.equal(initial.get('x-text').join(', '), 'one, two');
    const ended = once(call, 'status');
    call.on('data', () => {});
    call.end();
    assert.equal((await ended)[0].code, status.OK);
  });

  function assertFailed({ error, code, details, trailing }, expected) {
    assert.equal(code, expected);
    assert.equal(error.code, expected);
    assert.equal(details, 'no: caf\u00e9 100% \u20ac');
    assert.deepEqual(trailing.get('x-why'), ['because']);
  }

  for (const name of ['NOT_FOUND', 'PERMISSION_DENIED', 'UNAVAILABLE', 'INTERNAL', 'UNAUTHENTICATED', 'DATA_LOSS']) {
    await stage.check(`trailers only: ${name} with details and metadata`, async () => {
      const fields = metadata({ 'x-fail': String(status[name]) });
      assertFailed(await outcome(done => client().unary(Buffer.from('x'), fields, done)), status[name]);
      assertFailed(await outcome(() => client().serve(Buffer.from('{"count":0,"size":0}'), fields)), status[name]);
    });
  }

  await stage.check('a failure in the middle of a stream: what came before it, then its status', async () => {
    const seen = await outcome(() => client().serve(Buffer.from('{"count":5,"size":10}'), metadata({ 'x-fail': String(status.ABORTED) })));
    assertFailed(seen, status.ABORTED);
    assert.equal(seen.messages.length, 5);
  });

  await stage.check('a failure while the client still sends', async () => {
    const seen = await outcome(done => {
      const call = client().collect(metadata({ 'x-fail': String(status.RESOURCE_EXHAUSTED) }), done);
      call.write(pattern(100_000));
      return call;
    });
    assertFailed(seen, status.RESOURCE_EXHAUSTED);
  });

  await stage.check('an unknown method is UNIMPLEMENTED', async () => {
    const { code } = await outcome(done => client().makeUnaryRequest('/test.Test/Nothing', x => x, x => x, Buffer.from('x'), done));
    assert.equal(code, status.UNIMPLEMENTED);
  });

  await stage.check('a deadline passes: DEADLINE_EXCEEDED here, cancelled there; the application was told the deadline', async () => {
    const cancelled = once(events, 'cancelled'), hanging = once(events, 'hanging');
    const deadline = Date.now() + DEADLINE_MS;
    const ended = outcome(done => client().unary(Buffer.from('x'), metadata({ 'x-hang': '1' }), { deadline }, done));
    const [call] = await hanging;
    assert.ok(Number.isFinite(Number(call.getDeadline())));
    assert.equal((await ended).code, status.DEADLINE_EXCEEDED);
    await cancelled;
  });

  await stage.check('a deadline passes in the middle of a stream', async () => {
    const cancelled = once(events, 'cancelled');
    const { code, messages } = await outcome(() => {
      const call = client().talk(metadata({}), { deadline: Date.now() + DEADLINE_MS });
      call.write(Buffer.from('before'));
      return call;
    });
    assert.equal(code, status.DEADLINE_EXCEEDED);
    assert.deepEqual(messages.map(String), ['> before']);
    await cancelled;
  });

  await stage.check('cancelled by the client: before the answer, in each kind of stream; the channel goes on', async () => {
    const one = client();
    async function cancel(begin, moment) {
      const cancelled = once(events, 'cancelled');
      let call;
      const ended = outcome(done => (call = begin(done)));
      await moment(call);
      call.cancel();
      assert.equal((await ended).code, status.CANCELLED);
      await cancelled;
    }
    const hanging = once(events, 'hanging');
    await cancel(done => one.unary(Buffer.from('x'), metadata({ 'x-hang': '1' }), done), () => hanging);
    await cancel(() => one.serve(Buffer.from('{"count":null,"size":20000}'), metadata({})), call => once(call, 'data'));
    const collected = once(events, 'collected');
    await cancel(done => {
      const call = one.collect(metadata({}), done);
      call.write(Buffer.from('x'));
      return call;
    }, () => collected);
    await cancel(() => {
      const call = one.talk(metadata({}));
      call.write(Buffer.from('x'));
      return call;
    }, call => once(call, 'data'));
    const { code } = await outcome(done => one.unary(Buffer.from('after'), metadata({}), done));
    assert.equal(code, status.OK);
  });

  await stage.check('gzip on the messages passes', async () => {
    const one = client({ 'grpc.default_compression_algorithm': compressionAlgorithms.gzip });
    const message = Buffer.alloc(500_000, 'abc');
    const { code, value } = await outcome(done => one.unary(message, metadata({}), done));
    assert.equal(code, status.OK);
    assert.deepEqual(value, message);
  });

  await stage.check('32 MiB in a stream that is read slowly', async () => {
    const call = client().serve(Buffer.from(JSON.stringify({ count: 512, size: 65_536 })), metadata({}));
    let count = 0;
    for await (const message of call) {
      assert.equal(message.length, 65_536);
      assert.equal(message[0], count++ % 256);
      await new Promise(resolve => setImmediate(resolve));
    }
    assert.equal(count, 512);
  });
}
