#!/bin/bash
# YamlDotNet reads the byte order mark at the start of a text as part of the first key.
#
# Versions: .NET SDK 10.0.401, YamlDotNet 18.1.0; PyYAML 6.0.3 on the same text, where it is installed.
# Guess:    a byte order mark, which YAML 1.2 §5.2 allows at the start of a document, is skipped by every parser.
# Seen:     YamlDotNet: the key has 10 characters, the first of them U+FEFF; PyYAML: the key is allowlist.
# Why:      an allowlist that an editor saved with a mark is valid, and is read as a file without the key that it has. Readers of files
#           (StreamReader) take the mark away; texts from an embedded resource, an archive or File.ReadAllBytes keep it.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cat > "$d/p.csproj" <<'E'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="YamlDotNet" Version="18.1.0" /></ItemGroup>
</Project>
E
cat > "$d/p.cs" <<'E'
using System;
using System.IO;
using System.Linq;
using System.Text;
using YamlDotNet.RepresentationModel;

var yaml = new YamlStream();
yaml.Load(new StringReader(Encoding.UTF8.GetString(File.ReadAllBytes(args[0]))));
var key = ((YamlScalarNode)((YamlMappingNode)yaml.Documents[0].RootNode).Children.Single().Key).Value!;
Console.WriteLine($"YamlDotNet: {key.Length} characters, the first U+{(int)key[0]:X4}");
E
printf '\xef\xbb\xbfallowlist:\n- {address: kms.us-east-1.amazonaws.com, port: 443}\n' > "$d/allowlist.yaml"
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
out=$(dotnet "$d/out/p.dll" "$d/allowlist.yaml"); echo "$out"
[[ $out == "YamlDotNet: 10 characters, the first U+FEFF" ]] || { echo "CHANGED" >&2; exit 1; }
if python3 -c 'import yaml' 2>/dev/null; then
  other=$(python3 -c 'import sys, yaml; print("PyYAML:", *yaml.safe_load(open(sys.argv[1], "rb")))' "$d/allowlist.yaml"); echo "$other"
  [[ $other == "PyYAML: allowlist" ]] || { echo "CHANGED" >&2; exit 1; }
fi
