// Requests of clients that mean no good, or know no better.
import { Client } from './client.mjs';

const CONNECTIONS = 8;
/** Stands in everything that such a client makes up. */
export const MARK = 'zqx';

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'CONNECT', 'get', 'BREW', 'PROPFIND', 'QUERY'];
export const PATHS = ['/echo', '/nowhere', '/status/500', '/status/404', '/bytes/abc', '/sha256', '/headers?a=b'];

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

/** What is no valid request, or hardly one. */
export const BROKEN = [
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

/** Sends such requests from several connections; returns how many were answered, and with which codes. */
export async function storm(port, count) {
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
