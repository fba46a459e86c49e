#!/bin/bash
# With InvariantGlobalization .NET's IdnMapping makes another A-label of a name in capitals than of the same name in small letters.
#
# Versions: .NET SDK 10.0.401, runtime 10.0.12.
# Guess:    IdnMapping.GetAscii maps as UTS 46 has it, so that BÜCHER.example and bücher.example are one name, whatever the globalization mode.
# Seen:     invariant: xn--bcher-2pa.example for capitals, xn--bcher-kva.example for small letters; and Normalize(FormKC) returns its input
#           as it was, without an exception (the full-width letter stays).
# Why:      containers and native files set InvariantGlobalization to do without ICU. A proxy that compares names by their A-labels then
#           resolves, or lets through, another name than a browser that was given the same text.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cat > "$d/p.csproj" <<'E'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><InvariantGlobalization>true</InvariantGlobalization>
  </PropertyGroup>
</Project>
E
cat > "$d/p.cs" <<'E'
using System;
using System.Globalization;
using System.Text;

var idn = new IdnMapping();
Console.WriteLine($"small: {idn.GetAscii("b\u00FCcher.example")}");
Console.WriteLine($"capital: {idn.GetAscii("B\u00DCCHER.example")}");
Console.WriteLine($"full width a under FormKC: U+{(int)"\uFF41".Normalize(NormalizationForm.FormKC)[0]:X4}");
Console.WriteLine($".NET {Environment.Version}");
E
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
out=$(dotnet "$d/out/p.dll"); echo "$out"
[[ "$out" == $'small: xn--bcher-kva.example\ncapital: xn--bcher-2pa.example\nfull width a under FormKC: U+FF41\n'* ]] ||
  { echo "CHANGED" >&2; exit 1; }
