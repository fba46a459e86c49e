#!/bin/bash
# Kestrel hands the server name of a ClientHello to its certificate callbacks decoded, not as it was on the wire.
#
# Versions: .NET SDK 10.0.401, ASP.NET Core 10.0.12; client: Debian openssl 3.0.19-1~deb12u2.
# Guess:    ServerCertificateSelector and TlsHandshakeCallbackContext.ClientHelloInfo.ServerName give the A-label that the
#           client sent (xn--bcher-kva.example), and null when the client sent no name.
# Seen:     both give the U-label, and an empty string when there was no name:
#             selector [bücher.example]   callback [bücher.example]
#             selector []                 callback []
# Why:      certificates, SNI routes and the Host field hold the A-label. A proxy that looks a route up by the name of the
#           callback misses it, and a test `name is null` for "no SNI" never holds.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cat > "$d/p.csproj" <<'E'
<Project Sdk="Microsoft.NET.Sdk.Web">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
</Project>
E
cat > "$d/p.cs" <<'E'
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
var certificate = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256)
    .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
var seen = new List<string>();
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseKestrelHttpsConfiguration();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https => https.ServerCertificateSelector = (_, name) =>
    {
        lock (seen) { seen.Add($"selector [{name ?? "null"}]"); }
        return certificate;
    }));
    kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new TlsHandshakeCallbackOptions
    {
        OnConnection = context =>
        {
            lock (seen) { seen.Add($"callback [{context.ClientHelloInfo.ServerName ?? "null"}]"); }
            return ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificate = certificate });
        },
    }));
});
var app = builder.Build();
await app.StartAsync();
foreach (var name in new[] { "-servername a.example", "-servername xn--bcher-kva.example", "-noservername" })
{
    foreach (var url in app.Urls)
    {
        var start = new ProcessStartInfo("openssl", $"s_client -connect {new Uri(url).Authority} {name}")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var client = Process.Start(start)!;
        client.StandardInput.Close();
        await Task.WhenAll(client.StandardOutput.ReadToEndAsync(), client.StandardError.ReadToEndAsync());
    }
}
await app.StopAsync();
Console.WriteLine($".NET {Environment.Version}: {string.Join(", ", seen)}");
E
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
out=$(dotnet "$d/out/p.dll"); echo "$out"
want="selector [a.example], callback [a.example], selector [bücher.example], callback [bücher.example], selector [], callback []"
[[ "$out" == *": $want" ]] || { echo "CHANGED: expected $want" >&2; exit 1; }
