#!/bin/bash
# X509Chain reads a VerificationTime without a kind as a local time, and compares certificates, which are in UTC, with that.
#
# Versions: .NET SDK 10.0.401, .NET 10.0.12; Debian openssl 3.0.19-1~deb12u2.
# Guess:    VerificationTime is in UTC, as the dates in a certificate are, or is at least the same on every machine: a chain that was
#           valid at 2026-09-01 12:00 UTC is so for DateTime.Parse("2026-09-01 12:00"), new DateTime(2026, 9, 1, 12, 0, 0) and
#           DateTimeOffset's DateTime alike.
# Seen:     only Kind Utc means UTC. With the certificate valid from 11:00 to 14:00 UTC:
#             TZ=UTC         utc valid   unspecified valid
#             TZ=Asia/Tokyo  utc valid   unspecified NotTimeValid
# Why:      what was signed some time ago is verified at its own time, mostly from a text or a DateTimeOffset, whose DateTime has no kind. It
#           works on servers, which run in UTC, and fails on a laptop; or takes a certificate that has ended hours ago.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
[[ -e /usr/share/zoneinfo/Asia/Tokyo ]] || { echo "tzdata is missing" >&2; exit 2; }
cat > "$d/p.csproj" <<'E'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
</Project>
E
cat > "$d/p.cs" <<'E'
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

var noon = new DateTimeOffset(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);
using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
using var certificate = request.CreateSelfSigned(noon.AddHours(-1), noon.AddHours(2));

string Status(DateTime time)
{
    using var chain = new X509Chain();
    chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
    chain.ChainPolicy.CustomTrustStore.Add(certificate);
    chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
    chain.ChainPolicy.VerificationTime = time;
    return chain.Build(certificate) ? "valid" : string.Join('+', chain.ChainStatus.Select(status => status.Status));
}

// The DateTime of a DateTimeOffset has no kind, whatever its offset.
Console.WriteLine($"utc {Status(noon.UtcDateTime)}, unspecified {Status(noon.DateTime)}");
E
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
utc=$(TZ=UTC dotnet "$d/out/p.dll"); echo "TZ=UTC         $utc"
tokyo=$(TZ=Asia/Tokyo dotnet "$d/out/p.dll"); echo "TZ=Asia/Tokyo  $tokyo"
[[ $utc == "utc valid, unspecified valid" && $tokyo == "utc valid, unspecified NotTimeValid" ]] || { echo "CHANGED" >&2; exit 1; }
