#!/bin/bash
# For a client on a unix socket HAProxy sends PROXY protocol version 2 with the command LOCAL, as it does for health checks.
#
# Version: Debian haproxy 2.6.12-1+deb12u4.
# Guess:   send-proxy-v2 says PROXY with the family AF_UNIX and the two socket paths, for version 2 has a form for them;
#          send-proxy says PROXY UNKNOWN.
# Seen:    version 1: PROXY UNKNOWN; version 2: 0d0a0d0a000d0a515549540a 20 00 0000, which is LOCAL, family UNSPEC, no address.
# Why:     LOCAL means "made by the proxy itself, not on behalf of a client". A receiver that keeps LOCAL connections out of its
#          access log or its limits, as probes, does so with every real request that reached HAProxy over a unix socket.
set -euo pipefail
command -v haproxy >/dev/null || { echo "needs the Debian package haproxy"; exit 2; }
echo "haproxy $(dpkg-query -W -f '${Version}' haproxy)"
d=$(mktemp -d); pid=; trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$d"' EXIT
cat > "$d/ha.cfg" <<E
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen one
  bind $d/one.sock
  server s unix@$d/up.sock send-proxy
listen two
  bind $d/two.sock
  server s unix@$d/up.sock send-proxy-v2
E
cat > "$d/t.py" <<'E'
import os, socket, sys, time
os.chdir(sys.argv[1])
up = socket.socket(socket.AF_UNIX); up.bind('up.sock'); up.listen(); up.settimeout(20)
for name in ('one', 'two'):
    client = socket.socket(socket.AF_UNIX)
    end = time.time() + 20
    while True:
        try:
            client.connect(name + '.sock'); break
        except OSError:
            if time.time() > end: raise
            time.sleep(.1)
    client.sendall(b'X')
    server, _ = up.accept(); server.settimeout(20)
    got = b''
    while not got.endswith(b'X'): got += server.recv(1000)
    print(name, got[:-1].decode() .strip() if name == 'one' else got[:-1].hex())
E
haproxy -f "$d/ha.cfg" >"$d/log" 2>&1 & pid=$!
out=$(/usr/bin/python3 "$d/t.py" "$d") || { cat "$d/log"; exit 1; }
echo "$out"
[ "$out" = $'one PROXY UNKNOWN\ntwo 0d0a0d0a000d0a515549540a20000000' ] || { echo "CHANGED" >&2; exit 1; }
