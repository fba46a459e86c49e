#!/bin/bash
# PostgreSQL with ssl = on refuses TLS on its unix socket, so that a proxy that carries bytes from TCP to that socket breaks
# sslmode=require.
#
# Version: Debian postgresql-15 15.18-0+deb12u1.
# Guess:   the server answers an SSLRequest by its setting, whatever carries it: that libpq asks for no TLS on a unix socket is the
#          client's own choice.
# Seen:    the same eight bytes are answered with S (begin TLS) over TCP and with N (no TLS) over the unix socket of the same server.
# Why:     a client on TCP that requires TLS is told "server does not support SSL, but SSL was required", though the server does,
#          and all that stands between is a forwarder to /var/run/postgresql. Forward to its TCP port, or to vsock.
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/15/bin 2>/dev/null) && command -v openssl >/dev/null || { echo "needs the Debian packages postgresql-15 and openssl"; exit 2; }
echo "postgresql $(dpkg-query -W -f '${Version}' postgresql-15)"
d=$(mktemp -d); as=(); [ "$(id -u)" != 0 ] || as=(setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$d")
[ "$(id -u)" != 0 ] || chown nobody:nogroup "$d"
trap '"${as[@]}" "$bin/pg_ctl" -D "$d/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$d"' EXIT
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$d"
"${as[@]}" "$bin/initdb" -D "$d/data" -A trust -N >"$d/log" 2>&1 || { cat "$d/log"; exit 1; }
"${as[@]}" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=db.example \
  -keyout "$d/data/server.key" -out "$d/data/server.crt" 2>/dev/null
"${as[@]}" chmod 600 "$d/data/server.key"
"${as[@]}" "$bin/pg_ctl" -D "$d/data" -w -t 60 -l "$d/server.log" \
  -o "-c ssl=on -c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$d" start >>"$d/log" 2>&1 || { cat "$d/log" "$d/server.log"; exit 1; }
cat > "$d/t.py" <<'E'
import socket, struct, sys
def ask(name, s):
    s.settimeout(20)
    s.sendall(struct.pack('!II', 8, 80877103))
    print(name, s.recv(1).decode())
    s.close()
ask('tcp', socket.create_connection(('127.0.0.1', int(sys.argv[2]))))
u = socket.socket(socket.AF_UNIX); u.connect(f'{sys.argv[1]}/.s.PGSQL.{sys.argv[2]}'); ask('unix', u)
E
out=$(/usr/bin/python3 "$d/t.py" "$d" "$port")
echo "$out"
[ "$out" = $'tcp S\nunix N' ] || { echo "CHANGED" >&2; exit 1; }
