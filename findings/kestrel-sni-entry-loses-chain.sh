#!/bin/bash
# Kestrel sends no intermediate certificates for a name in Sni that has no certificate of its own and takes the endpoint's.
#
# Versions: .NET SDK 10.0.401, ASP.NET Core 10.0.12; client: Debian openssl 3.0.19-1~deb12u2.
# Guess:    an Endpoint with Certificate:Path fullchain.pem (own certificate, then the intermediate) shows both to every client,
#           whether Sni has an entry for the name or not: the entry only changes what it names, such as Protocols.
# Seen:     without Sni 2 certificates, with "Sni": { "a.example": { "Protocols": "Http1" } } one.
# Why:      browsers fetch or remember intermediates, curl and other servers do not: after an entry was added for the sake of
#           another setting, some clients fail with "unable to get local issuer certificate", and the file looks right.
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

foreach (var hasSni in new[] { false, true })
{
    var builder = WebApplication.CreateSlimBuilder();
    builder.Logging.ClearProviders();
    builder.Configuration["Kestrel:Endpoints:A:Url"] = "https://127.0.0.1:0";
    builder.Configuration["Kestrel:Endpoints:A:Certificate:Path"] = Path.Combine(args[0], "fullchain.pem");
    builder.Configuration["Kestrel:Endpoints:A:Certificate:KeyPath"] = Path.Combine(args[0], "leaf.key");
    if (hasSni)
        builder.Configuration["Kestrel:Endpoints:A:Sni:a.example:Protocols"] = "Http1";
    builder.WebHost.UseKestrelHttpsConfiguration();
    await using var app = builder.Build();
    await app.StartAsync();
    var start = new ProcessStartInfo("openssl", $"s_client -showcerts -connect {new Uri(app.Urls.Single()).Authority} -servername a.example")
    {
        RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
    };
    using var client = Process.Start(start)!;
    client.StandardInput.Close();
    var said = await Task.WhenAll(client.StandardOutput.ReadToEndAsync(), client.StandardError.ReadToEndAsync());
    Console.WriteLine($"{(hasSni ? "with" : "without")} Sni: {said[0].Split("BEGIN CERTIFICATE").Length - 1}");
}

Console.WriteLine($".NET {Environment.Version}");
E
ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
{
  openssl req -x509 "${ec[@]}" -days 2 -subj /CN=root -keyout "$d/root.key" -out "$d/root.pem"
  openssl req "${ec[@]}" -subj /CN=middle -keyout "$d/middle.key" -out "$d/middle.csr"
  openssl x509 -req -in "$d/middle.csr" -CA "$d/root.pem" -CAkey "$d/root.key" -CAcreateserial -days 2 -out "$d/middle.pem" \
    -extfile <(printf 'basicConstraints=critical,CA:TRUE')
  openssl req "${ec[@]}" -subj /CN=a.example -keyout "$d/leaf.key" -out "$d/leaf.csr"
  openssl x509 -req -in "$d/leaf.csr" -CA "$d/middle.pem" -CAkey "$d/middle.key" -CAcreateserial -days 2 -out "$d/leaf.pem" \
    -extfile <(printf 'subjectAltName=DNS:a.example')
} 2>"$d/log" || { cat "$d/log"; exit 1; }
cat "$d/leaf.pem" "$d/middle.pem" > "$d/fullchain.pem"
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
out=$(dotnet "$d/out/p.dll" "$d"); echo "$out"
[[ "$out" == $'without Sni: 2\nwith Sni: 1\n'* ]] || { echo "CHANGED" >&2; exit 1; }
