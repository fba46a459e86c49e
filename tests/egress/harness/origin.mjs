import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import { readFileSync } from 'node:fs';
import { sha256 } from '../../harness/bytes.mjs';

/**
 * What enclaves reach: HTTPS and HTTP on the ports 443 and 80 of every address there is.
 *
 * @param handlers by path: functions of request and response; what has none is answered with "hello from HOST"
 */
export async function origin(stage, certificate, handlers = {}) {
  const requests = [];
  const serve = async (request, response) => {
    requests.push({
      method: request.method, url: request.url, headers: request.headers, rawHeaders: request.rawHeaders,
      at: request.socket.localAddress.replace('::ffff:', ''), port: request.socket.localPort,
    });
    const [path] = request.url.split('?');
    const handler = Object.entries(handlers).find(([prefix]) => path.startsWith(prefix))?.[1];
    if (handler) return handler(request, response);
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    if (request.method === 'POST') response.end(JSON.stringify({ length: body.length, sha256: sha256(body) }));
    else response.end(`hello from ${request.headers.host}`);
  };
  const servers = [[createHttpsServer(certificate, serve), 443], [createHttpServer(serve), 80]];
  for (const [server, port] of servers) {
    server.listen({ port, host: '::', backlog: 4096 });
    await once(server, 'listening');
    stage.atEnd(() => {
      server.close();
      server.closeAllConnections();
    });
  }
  return { requests, handlers };
}

/** Connections to a port of every address: { addresses: where they went, in order }. */
export async function trap(stage, port) {
  const caught = { addresses: [], port };
  const server = createServer(socket => {
    caught.addresses.push(socket.localAddress.replace('::ffff:', ''));
    socket.on('error', () => {});
    socket.destroy();
  });
  server.listen({ port, host: '::', backlog: 4096 });
  await once(server, 'listening');
  stage.atEnd(() => server.close());
  return caught;
}

/** Connections over TCP that anybody in this network has begun. */
export function begunConnections() {
  const [names, values] = readFileSync('/proc/self/net/snmp', 'utf8').split('\n').filter(line => line.startsWith('Tcp:'))
    .map(line => line.split(' '));
  return Number(values[names.indexOf('ActiveOpens')]);
}
