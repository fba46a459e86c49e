#!/bin/bash
# Kestrel rewrites the Connection field of a request: one option that it knows wipes out all the others.
#
# Versions: .NET SDK 10.0.401, ASP.NET Core 10.0.12.
# Guess:    HttpRequest.Headers.Connection is what the client sent, "keep-alive, x-hop" for instance.
# Seen:       sent [x-hop]              application sees [x-hop]
#             sent [keep-alive, x-hop]  application sees [keep-alive]
#             sent [x-hop, close]       application sees [close]
#             sent [x-hop, Upgrade]     application sees [Upgrade]
#           The field X-Hop itself stays in the request each time.
# Why:      a proxy has to drop the fields that Connection names (RFC 9110, section 7.6.1). On Kestrel it cannot learn their
#           names as soon as the client also says keep-alive, close or Upgrade, as most do who write the field at all.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cat > "$d/p.csproj" <<'E'
<Project Sdk="Microsoft.NET.Sdk.Web">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
</Project>
E
cat > "$d/p.cs" <<'E'
using System.Net;
using System.Net.Sockets;
using System.Text;

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
var app = builder.Build();
var seen = "";
app.Run(context =>
{
    seen = $"[{context.Request.Headers.Connection}] x-hop={context.Request.Headers["X-Hop"]}";
    return Task.CompletedTask;
});
await app.StartAsync();
Console.WriteLine($".NET {Environment.Version}");
foreach (var options in new[] { "x-hop", "keep-alive, x-hop", "x-hop, close", "x-hop, Upgrade" })
{
    using var client = new TcpClient("127.0.0.1", new Uri(app.Urls.First()).Port);
    var upgrade = options.Contains("Upgrade") ? "Upgrade: example\r\n" : "";
    client.GetStream().Write(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: a\r\nX-Hop: 1\r\n{upgrade}Connection: {options}\r\n\r\n"));
    client.GetStream().ReadByte();
    Console.WriteLine($"sent [{options}] application sees {seen}");
}
await app.StopAsync();
E
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
out=$(dotnet "$d/out/p.dll"); echo "$out"
want='sent [x-hop] application sees [x-hop] x-hop=1
sent [keep-alive, x-hop] application sees [keep-alive] x-hop=1
sent [x-hop, close] application sees [close] x-hop=1
sent [x-hop, Upgrade] application sees [Upgrade] x-hop=1'
[[ "$out" == *"$want" ]] || { echo "CHANGED: expected $want" >&2; exit 1; }
