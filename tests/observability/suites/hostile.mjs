// Whatever clients send, the number of series stays, and nothing that they sent is found in them.
import assert from 'node:assert/strict';
import { Client } from '../harness/client.mjs';

const REQUESTS = 10_000;
const CONNECTIONS = 8;
/** Stands in everything that a client makes up. */
const MARK = 'zqx';

export default async function suite(stage) {
  // A probe that takes long on a busy machine would bring a series of its own.
  const proxy = await stage.proxy(await stage.enclaves('a'), { Health: { Probe: { Timeout: '00:00:30' } } });

  // One of each legal kind, by the proxy's own words for methods, versions and codes; and a share of what follows.
  await stage.check('one request of each kind', async () => {
    const client = new Client(proxy.port);
    for (const method of METHODS)
      for (const path of PATHS)
        for (const version of ['1.1', '1.0'])
          await client.request(`${method} ${path} HTTP/${version}\r\nHost: a\r\nConnection: ${version === '1.1' ? 'keep-alive' : 'close'}\r\nContent-Length: 0\r\n\r\n`);
    client.close();
    for (let i = 0; i < BROKEN.length; i++) {
      await client.request(BROKEN[i]());
      client.close();
    }
    await storm(proxy.port, 1000);
    // The runtime's own appear when it first happens that garbage is collected, a lock is waited for, a connection ends.
    await proxy.until(metrics => metrics.select('dotnet_gc_last_collection_heap_size_bytes').length > 0);
  });

  const before = await proxy.metrics();
  await stage.check(`${REQUESTS} requests of other kinds are answered`, async () => {
    const { answered, codes } = await storm(proxy.port, REQUESTS);
    console.log(`# answers: ${JSON.stringify(codes)}`);
    assert.equal(answered, REQUESTS);
    assert.ok(codes[200] > REQUESTS / 10 && codes[404] > REQUESTS / 10 && codes[400] > 0, JSON.stringify(codes));
  });
  await stage.check('there are the series of before, and no others', async () => {
    const after = await proxy.metrics();
    const [known, now] = [new Set(before.series()), new Set(after.series())];
    console.log(`# series: ${known.size} before, ${now.size} after`);
    assert.equal(now.size, after.series().length, 'a series is told twice');
    assert.deepEqual({ added: [...now].filter(series => !known.has(series)), gone: [...known].filter(series => !now.has(series)) }, { added: [], gone: [] });
  });
  for (const [format, accept] of [['the text format', ''], ['OpenMetrics', 'application/openmetrics-text; version=1.0.0']])
    await stage.check(`nothing of what clients sent is found in ${format}`, async () => {
      const text = await proxy.scrape(accept);
      assert.ok(text.includes('parentproxy_requests_total'));
      assert.ok(!text.toLowerCase().includes(MARK), text.split('\n').find(line => line.toLowerCase().includes(MARK)));
    });
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'CONNECT', 'get', 'BREW', 'PROPFIND', 'QUERY'];
const PATHS = ['/echo', '/nowhere', '/status/500', '/status/404', '/bytes/abc', '/sha256', '/headers?a=b'];

let seed = 1;
/** The same numbers at each run. */
function random(below) {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 8) % below;
}
const pick = list => list[random(list.length)];
const word = () => `${MARK}${random(1 << 24).toString(36)}`;
/** Bytes as a field value may hold them: Latin-1, quotes, backslashes, invalid UTF-8, tabs; braces and signs that mean something in the exposition. */
const value = () => `${word()}${pick(['', '"', '\\', '\\n', '\xff\xfe', '\xc3\x28', '\xe2\x82', '\t', '{a="b"}', '} 1\\n', "'", ' # EOF', '\x80\x81', '%0a', '\u00e9'])}${word()}`;
const method = () => pick([
  () => pick(METHODS), () => word().toUpperCase(), () => word(), () => `${word()}!#$%&'*+-.^_\`|~`, () => MARK.repeat(1 + random(20)),
])();
const path = () => pick([
  () => '/echo', () => `/${word()}`, () => `/echo?${word()}=${word()}`, () => `/${word()}/${word()}/%22%0a%00${word()}`, () => `//${word()}"\\{}`,
  () => `/${word()}?${'a='.repeat(random(200))}${word()}`, () => `http://${word()}.example/${word()}`, () => `/%ff%fe${word()}`, () => '/status/404',
])();

const BROKEN = [
  () => `GET /${word()} HTTP/1.1\r\nHost: a\r\n${MARK} no colon\r\n\r\n`,
  () => `GET /${word()} HTTP/9.9\r\nHost: a\r\n\r\n`,
  () => `${MARK}\r\n\r\n`,
  () => `GET /${word()}\n${word()} HTTP/1.1\r\nHost: a\r\n\r\n`,
  () => `GET /${word()} HTTP/1.1\r\nHost: a\r\nX: a\nb: ${word()}\r\n\r\n`,
  () => `GET /${word()} HTTP/1.1\r\nHost: a\r\nX: a\0${word()}\r\n\r\n`,
  () => `GET /${word()} HTTP/1.1\r\nHost: ${word()}"{\r\n\r\n`,
  () => `GET /\xff\xfe${word()} HTTP/1.1\r\nHost: a\r\n\r\n`,
  () => `GET /${word()} HTTP/1.1\r\n\r\n`,
  () => `POST /${word()} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  () => `POST /${word()} HTTP/1.1\r\nHost: a\r\nContent-Length: ${MARK}\r\n\r\n`,
  () => `POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${MARK}\r\n`,
  () => `OPTIONS * HTTP/1.1\r\nHost: ${word()}.example\r\n\r\n`,
  () => `CONNECT ${word()}.example:443 HTTP/1.1\r\nHost: ${word()}.example\r\n\r\n`,
  () => `GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${word()}\r\n\r\n`,
];

function request() {
  if (random(20) === 0) return pick(BROKEN)();
  return `${method()} ${path()} HTTP/1.1\r\nHost: ${word()}.example:${1 + random(60000)}\r\nX-Request-Id: ${pick([word(), value(), MARK.repeat(60)])}\r\n`
    + `User-Agent: ${value()}\r\nX-Forwarded-For: ${pick([word(), `10.0.0.${random(256)}`, value()])}\r\nForwarded: for=${word()}\r\nX-Forwarded-Proto: ${word()}\r\n`
    + `traceparent: ${pick([`00-${random(1 << 24).toString(16).padStart(32, '1')}-${'2'.repeat(16)}-01`, word(), value()])}\r\ntracestate: ${word()}=${word()}\r\nbaggage: ${word()}=${word()}\r\n`
    + `X-Amzn-Trace-Id: Root=${word()}\r\nIdempotency-Key: ${word()}\r\n${word()}: ${value()}\r\nContent-Length: 0\r\n\r\n`;
}

async function storm(port, count) {
  const codes = {};
  let answered = 0;
  await Promise.all(Array.from({ length: CONNECTIONS }, async (_, connection) => {
    const client = new Client(port);
    for (let i = connection; i < count; i += CONNECTIONS) {
      const bytes = Buffer.from(request(), 'latin1');
      // One that was closed by an answer before this one was sent is no answer to it.
      let answer = await client.request(bytes);
      if (answer.status === 0) answer = await client.request(bytes);
      codes[answer.status] = (codes[answer.status] ?? 0) + 1;
      answered += answer.status > 0 ? 1 : 0;
      if (answer.status === 400 || answer.status === 0) client.close();
    }
    client.close();
  }));
  return { answered, codes };
}
