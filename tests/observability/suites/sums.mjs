// What is counted is what happened: a load whose every request, answer and byte is known, beside the figures of /metrics.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { until } from '../../harness/waiting.mjs';
import { Client } from '../harness/client.mjs';
import { requestsOf } from '../harness/enclave.mjs';
import { Tally } from '../harness/tally.mjs';

const CONNECTIONS = 16;
const EACH = 150;

export default async function suite(stage) {
  const enclaves = await stage.enclaves('a', 'b', 'c');
  const proxy = await stage.proxy(enclaves, {
    Retry: { WaitForEnclave: '00:00:00.200' },
    // On a busy machine a dial or a probe that takes long would bring answers that nobody asked for.
    Timeouts: { DrainDelay: '00:00:00', Connect: '00:00:30' },
    Health: { Probe: { Timeout: '00:00:30' } },
  });
  const tally = new Tally();
  const seen = () => requestsOf(enclaves);

  await stage.check('answers of every kind, from many connections at once', async () => {
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => mixed(proxy.port, tally, connection)));
    assert.equal(tally.requests, CONNECTIONS * EACH);
  });
  await stage.check('requests by method and status are those of the client', async () =>
    assert.deepEqual((await proxy.metrics()).sumBy('parentproxy_requests_total', ['method', 'code']), tally.byMethodAndStatus()));
  await stage.check('requests by enclave and status are those of the answers\' X-Enclave', async () =>
    assert.deepEqual((await proxy.metrics()).sumBy('parentproxy_requests_total', ['enclave', 'code']), tally.byEnclaveAndStatus()));
  await stage.check('bytes of bodies are those of the client', async () => {
    const metrics = await proxy.metrics();
    assert.deepEqual(
      { sent: metrics.sum('parentproxy_request_bytes_total'), received: metrics.sum('parentproxy_response_bytes_total') },
      { sent: tally.sent, received: tally.received });
  });
  await stage.check('a tunnel is a request with 101, and its bytes are counted', async () => {
    const before = await proxy.metrics();
    const [sent, received] = await tunnel(proxy.port, tally);
    const after = await proxy.metrics();
    assert.deepEqual(
      ['request', 'response'].map(way => after.sum(`parentproxy_${way}_bytes_total`) - before.sum(`parentproxy_${way}_bytes_total`)), [sent, received]);
    assert.deepEqual(after.sumBy('parentproxy_requests_total', ['method', 'code']), tally.byMethodAndStatus());
    const ended = await proxy.until(now => now.sum('parentproxy_tunnels_ended_total') > 0);
    assert.deepEqual(ended.sumBy('parentproxy_tunnels_ended_total', ['reason']), { closed: 1 });
  });

  await stage.check('enclaves that break off: 502, and what was sent again is what the enclaves saw more', async () => {
    // One at a time: what goes out of the rotation is back before the next.
    for (let i = 0; i < 12; i++) {
      const client = new Client(proxy.port);
      const method = ['GET', 'POST', 'DELETE', 'POST'][i % 4];
      tally.add(method, await client.request(`${method} /reset HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`));
      client.close();
      await proxy.until(metrics => metrics.sum('parentproxy_enclave_state', { state: 'healthy' }) === enclaves.length);
    }
    const metrics = await proxy.metrics();
    assert.deepEqual(metrics.sumBy('parentproxy_requests_total', ['method', 'code']), tally.byMethodAndStatus());
    assert.ok(tally.byMethodAndStatus()['POST 502'] === 6, JSON.stringify(tally.byMethodAndStatus()));
    const again = ['idle', 'reset', 'moved'].reduce((sum, reason) => sum + metrics.sum('parentproxy_retries_total', { reason }), 0);
    assert.ok(again > 0, 'nothing was sent again');
    assert.equal(again, await seen() - tally.requests);
  });
  await stage.check('clients that leave before the head: 499', async () => {
    const before = await seen();
    for (let i = 0; i < 20; i++) {
      const client = new Client(proxy.port);
      client.write('GET /hang HTTP/1.1\r\nHost: a\r\n\r\n');
      // It is under way when an enclave has it.
      await until(async () => await seen() >= before + i + 1);
      client.close();
      tally.count('GET', 499);
    }
    const metrics = await proxy.until(now => now.sum('parentproxy_requests_total', { code: '499' }) >= 20);
    assert.deepEqual(metrics.sumBy('parentproxy_requests_total', ['method', 'code']), tally.byMethodAndStatus());
  });
  await stage.check('everything is idle again', async () => {
    // A connection that has just expired is one that is no longer idle, until it is closed.
    const metrics = await proxy.until(now => now.sum('parentproxy_requests_in_flight') === 0 && now.sum('parentproxy_enclave_connections', { state: 'active' }) === 0);
    assert.equal(metrics.sum('parentproxy_requests_waiting'), 0);
    assert.equal(metrics.sum('parentproxy_enclave_connections', { state: 'tunnel' }), 0);
  });
  await stage.check('no enclave: 503, counted at none', async () => {
    for (const enclave of enclaves) await enclave.kill();
    await proxy.until(metrics => metrics.sum('parentproxy_enclaves_healthy') === 0);
    for (let i = 0; i < 10; i++) {
      const client = new Client(proxy.port);
      tally.add('GET', await client.request('GET /echo HTTP/1.1\r\nHost: a\r\n\r\n'));
      client.close();
    }
    const metrics = await proxy.metrics();
    assert.deepEqual(metrics.sumBy('parentproxy_requests_total', ['method', 'code']), tally.byMethodAndStatus());
    assert.equal(metrics.sum('parentproxy_requests_total', { enclave: 'none', code: '503' }), 10);
  });
  await stage.check('every request is in the histogram of durations, once', async () => {
    // A duration is known after the answer's last byte.
    const metrics = await proxy.until(now => now.sum('parentproxy_request_duration_seconds_count') >= tally.requests);
    assert.equal(metrics.sum('parentproxy_request_duration_seconds_count'), tally.requests);
    assert.deepEqual(metrics.sumBy('parentproxy_request_duration_seconds_count', ['enclave']), metrics.sumBy('parentproxy_request_duration_seconds_bucket', ['enclave'], { le: '+Inf' }));
    assert.deepEqual(metrics.sumBy('parentproxy_request_duration_seconds_count', ['enclave']), metrics.sumBy('parentproxy_requests_total', ['enclave']));
    // All that have a head of an enclave: not those that broke off, left, or reached none.
    assert.equal(metrics.sum('parentproxy_time_to_first_byte_seconds_count'), tally.requests - tally.withStatus(502, 503, 499) + tally.fromEnclaves(503));
  });
  await stage.check('nothing is in flight at the end', async () => {
    const metrics = await proxy.until(now => now.sum('parentproxy_requests_in_flight') === 0 && now.sum('parentproxy_enclave_connections') === 0);
    assert.equal(metrics.sum('parentproxy_requests_waiting'), 0);
  });
}

/** One connection's share of the mixed load. */
async function mixed(port, tally, connection) {
  const client = new Client(port);
  for (let i = 0; i < EACH; i++) {
    const size = (connection * 7919 + i * 104729) % 90_000;
    const [method, target, body, isChunked] = KINDS[(connection + i) % KINDS.length](size);
    const framing = body === null ? '' : isChunked ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${body.length}\r\n`;
    const answer = await client.request(`${method} ${target} HTTP/1.1\r\nHost: a\r\n${framing}\r\n`, body === null ? null : isChunked ? chunked(body) : body);
    tally.add(method, answer, body?.length ?? 0);
  }
  client.close();
}

const KINDS = [
  size => ['GET', `/bytes/${size}`, null],
  size => ['HEAD', `/bytes/${size}`, null],
  size => ['POST', '/echo/body', randomBytes(size)],
  size => ['POST', '/sha256', randomBytes(size), true],
  size => ['PUT', '/sha256', randomBytes(size)],
  size => ['GET', `/bytes/${size}?chunked=true`, null],
  () => ['GET', '/status/404', null],
  () => ['GET', '/status/500', null],
  () => ['POST', '/status/503', Buffer.alloc(0)],
  () => ['DELETE', '/status/204', null],
  () => ['GET', '/nowhere', null],
  () => ['PATCH', '/echo', randomBytes(10)],
  () => ['OPTIONS', '/echo', null],
  () => ['BREW', '/echo', null],
];

function chunked(body) {
  const pieces = [];
  for (let at = 0; at < body.length; at += 10_000) {
    const piece = body.subarray(at, at + 10_000);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

/** A WebSocket with one message each way; returns how many bytes went. */
async function tunnel(port, tally) {
  const client = new Client(port);
  const key = randomBytes(16).toString('base64');
  const answer = await client.request(`GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
  assert.equal(answer.status, 101);
  assert.ok(answer.head.includes(createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')));
  tally.add('GET', answer);
  const frame = (opcode, payload) => Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
  const message = frame(2, randomBytes(100)), close = frame(8, Buffer.from([0x03, 0xe8]));
  client.write(message);
  await client.read(2 + 100);
  client.write(close);
  await client.read(2 + 2);
  client.close();
  return [message.length + close.length, 2 + 100 + 2 + 2];
}
