#!/bin/bash
# A server's reset reaches the client of HAProxy in mode tcp as an end in order; nginx stream does the same.
#
# Version: Debian haproxy 2.6.12-1+deb12u4, nginx 1.22.1-9+deb12u11 with libnginx-mod-stream.
# Guess:   a proxy that carries bytes passes a reset on as a reset, as a router would: the client's next read fails.
# Seen:    HAProxy and nginx: the client reads the five bytes and then the end (a FIN), and no error.
# Why:     a protocol without lengths, where the end of the connection ends the message, takes a cut answer for a whole one.
#          Whoever counts on ECONNRESET to tell a crashed server from one that is done does not get it behind these two.
set -euo pipefail
export PATH=$PATH:/usr/sbin
stream=/usr/lib/nginx/modules/ngx_stream_module.so
command -v haproxy nginx >/dev/null && [ -e "$stream" ] || { echo "needs the Debian packages haproxy, nginx and libnginx-mod-stream"; exit 2; }
echo "haproxy $(dpkg-query -W -f '${Version}' haproxy), nginx $(dpkg-query -W -f '${Version}' libnginx-mod-stream)"
d=$(mktemp -d); pids=(); trap '[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null; rm -rf "$d"' EXIT
cat > "$d/t.py" <<'E'
import os, socket, struct, subprocess, sys, time
d = sys.argv[1]
up = socket.socket(); up.bind(('127.0.0.1', 0)); up.listen(); up.settimeout(20)
port = up.getsockname()[1]
fronts = []
for _ in range(2):
    s = socket.socket(); s.bind(('127.0.0.1', 0)); fronts.append(s.getsockname()[1]); s.close()
with open(d + '/ha.cfg', 'w') as f:
    f.write(f'''defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen one
  bind 127.0.0.1:{fronts[0]}
  server s 127.0.0.1:{port}
''')
with open(d + '/nginx.conf', 'w') as f:
    f.write(f'''load_module {sys.argv[2]};
daemon off; pid {d}/pid; error_log {d}/error.log;
events {{}}
stream {{ server {{ listen 127.0.0.1:{fronts[1]}; proxy_pass 127.0.0.1:{port}; }} }}
''')
proxies = [subprocess.Popen(['haproxy', '-db', '-f', d + '/ha.cfg']), subprocess.Popen(['nginx', '-p', d, '-c', d + '/nginx.conf'])]
def through(name, at):
    end = time.time() + 20
    while True:
        try:
            client = socket.create_connection(('127.0.0.1', at), 20); break
        except OSError:
            if time.time() > end: raise
            time.sleep(.1)
    client.sendall(b'X')
    server, _ = up.accept(); server.settimeout(20)
    server.recv(1)
    server.sendall(b'hello')
    got = b''
    while len(got) < 5: got += client.recv(100)
    # No linger: closing sends a reset.
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); server.close()
    try:
        print(name, got.decode(), 'end' if client.recv(1) == b'' else 'bytes')
    except ConnectionResetError:
        print(name, got.decode(), 'reset')
try:
    through('direct', port)
    through('haproxy', fronts[0])
    through('nginx', fronts[1])
finally:
    for p in proxies: p.terminate()
    for p in proxies: p.wait()
E
out=$(/usr/bin/python3 "$d/t.py" "$d" "$stream" 2>"$d/log") || { cat "$d/log"; exit 1; }
echo "$out"
[ "$out" = $'direct hello reset\nhaproxy hello end\nnginx hello end' ] || { echo "CHANGED" >&2; exit 1; }
