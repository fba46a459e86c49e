import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { pattern, sha256 } from '../../harness/bytes.mjs';

/**
 * An ordinary web application. `requests` holds what came, in order; `events` tells a test what happens inside.
 */
export function webApplication() {
  const events = new EventEmitter();
  const requests = [];
  const server = createServer({ keepAliveTimeout: 60_000 });

  server.on('request', (request, response) => {
    note(request);
    answer(request, response);
  });
  // The application decides: node sends no 100 by itself once somebody listens here.
  server.on('checkContinue', (request, response) => {
    note(request);
    expectation(request, response);
  });

  function note(request) {
    const { method, url, httpVersion, rawHeaders, headers, socket } = request;
    requests.push({ method, url, httpVersion, rawHeaders, headers, socket });
    request.on('error', () => {});
  }

  function expectation(request, response) {
    switch (path(request)) {
      case '/accept':
        // The field shows whose 100 it is.
        response.socket.write('HTTP/1.1 100 Continue\r\nX-Decided-By: application\r\n\r\n');
        return digest(request, response);
      case '/refuse':
        response.writeHead(417, { 'Content-Type': 'text/plain' });
        return response.end('not today\n');
      default:
        response.writeContinue();
        return answer(request, response);
    }
  }

  function answer(request, response) {
    const query = new URL(request.url, 'http://application').searchParams;
    const length = Number(query.get('n') ?? 0), seed = Number(query.get('seed') ?? 1);
    switch (path(request)) {
      case '/bytes':
        return bytes(request, response, pattern(length, seed));
      case '/chunked':
        response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
        return request.method === 'HEAD' ? response.end() : inPieces(response, pattern(length, seed));
      case '/digest':
        return digest(request, response);
      case '/echo':
        response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
        response.flushHeaders();
        return request.pipe(response);
      case '/early':
        response.writeHead(413, { 'Content-Type': 'text/plain' });
        response.end('too large\n');
        events.emit('early');
        return request.resume();
      case '/trailers':
        response.writeHead(200, { 'Content-Type': 'application/octet-stream', Trailer: 'X-Digest, X-Length' });
        response.write(pattern(length, seed));
        response.addTrailers([['X-Digest', sha256(pattern(length, seed))], ['X-Length', String(length)]]);
        return response.end();
      case '/request-trailers':
        return request.resume().on('end', () => json(response, request.rawTrailers));
      case '/hints':
        response.writeEarlyHints({ link: ['</style.css>; rel=preload; as=style', '</script.js>; rel=preload'] });
        response.writeProcessing();
        response.writeEarlyHints({ link: '</last.css>; rel=preload' });
        response.writeHead(200, { 'Content-Type': 'text/plain' });
        return response.end('after the hints\n');
      case '/gzip': {
        const body = gzipSync(pattern(length, seed));
        response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': body.length });
        return response.end(body);
      }
      case '/fields':
        response.writeHead(200, [
          'Set-Cookie', 'a=1; Path=/', 'X-Latin', 'caf\u00e9', 'Set-Cookie', 'b=2; Secure', 'X-Empty', '',
          'Set-Cookie', 'a=3', 'Connection', 'X-Hop', 'X-Hop', 'mine', 'Content-Length', '0',
        ]);
        return response.end();
      case '/no-content':
        response.writeHead(204);
        return response.end();
      case '/not-modified':
        response.writeHead(304, { ETag: '"x"' });
        return response.end();
      case '/endless':
        response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
        response.on('close', () => events.emit('endless-closed'));
        return endless(response);
      case '/sink':
        request.on('data', () => events.emit('sink-data'));
        request.on('close', () => events.emit('sink-closed', request.complete));
        return request.on('end', () => response.end());
      case '/held':
        // The test answers.
        return events.emit('held', request, response);
      default:
        return json(response, { method: request.method, url: request.url, rawHeaders: request.rawHeaders });
    }
  }

  return { server, requests, events };
}

function path(request) {
  return request.url.split('?')[0];
}

function json(response, value) {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(value));
}

function digest(request, response) {
  const hash = createHash('sha256');
  let length = 0;
  request.on('data', piece => { hash.update(piece); length += piece.length; });
  request.on('end', () => json(response, { length, sha256: hash.digest('hex') }));
}

function bytes(request, response, body) {
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  let status = 200, from = 0, to = body.length;
  if (range) {
    status = 206;
    if (range[1] === '') from = body.length - Number(range[2]);
    else [from, to] = [Number(range[1]), range[2] === '' ? body.length : Number(range[2]) + 1];
    if (from >= body.length) {
      response.writeHead(416, { 'Content-Range': `bytes */${body.length}` });
      return response.end();
    }
    response.setHeader('Content-Range', `bytes ${from}-${to - 1}/${body.length}`);
  }
  response.writeHead(status, { 'Accept-Ranges': 'bytes', 'Content-Length': to - from, 'X-Digest': sha256(body) });
  response.end(request.method === 'HEAD' ? undefined : body.subarray(from, to));
}

async function inPieces(response, body) {
  for (let at = 0, step = 1; at < body.length; at += step, step = (step * 3) % 65_521) {
    if (!response.write(body.subarray(at, at + step))) await drained(response);
  }
  response.end();
}

async function endless(response) {
  const piece = pattern(65_536);
  while (!response.destroyed) {
    if (!response.write(piece)) await drained(response);
  }
}

/** Until there is room again, or nobody to write to. */
async function drained(response) {
  const stop = new AbortController();
  const { signal } = stop;
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]).catch(() => {});
  stop.abort();
}
