#!/bin/bash
# A full collection of the heap makes a process with OpenTelemetry metrics larger: the room that each instrument reserves is moved.
#
# Versions: .NET SDK 10.0.401, .NET 10.0.12; OpenTelemetry 1.20.1 from NuGet.
# Guess:    100 instruments with one series each cost some kilobytes, and GC.Collect in the aggressive mode, which compacts and
#           gives memory back to the system, leaves the process smaller or as it was.
# Seen:     each instrument has an array for 2000 series, 144 KB, a large object that the kernel has not backed with memory yet.
#           Compaction moves these objects, which writes to all of them: the process has more than 6 MiB more afterwards. With a view
#           that limits each instrument to 100 series it has not.
# Why:      who gives memory back after a burst, by hand or with GCConserveMemory, gets a larger process the first time, and looks for
#           the leak in the connections.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cat > "$d/p.csproj" <<'E'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup><PackageReference Include="OpenTelemetry" Version="[1.20.1]" /></ItemGroup>
</Project>
E
cat > "$d/p.cs" <<'E'
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

var limit = int.Parse(args[0]);
using var meter = new Meter("m");
var builder = Sdk.CreateMeterProviderBuilder().AddMeter("m").AddReader(new BaseExportingMetricReader(new Nowhere()));
if (limit > 0)
    builder.AddView(_ => new MetricStreamConfiguration { CardinalityLimit = limit });
using var provider = builder.Build();
for (var i = 0; i < 100; i++)
    meter.CreateObservableGauge($"g{i}", () => 1);
provider.ForceFlush();
var before = Anonymous();
GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
var grown = Anonymous() - before;
Console.Error.WriteLine($"limit {limit}: {before} KiB, {grown:+0;-0} KiB by the collection; .NET {Environment.Version}");
Console.WriteLine($"{(limit > 0 ? "limited" : "default")}: more than 6 MiB larger: {grown > 6 * 1024}");

// What the process has of its own, not of files.
static long Anonymous() => long.Parse(File.ReadLines("/proc/self/status")
    .First(line => line.StartsWith("RssAnon:")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

sealed class Nowhere : BaseExporter<Metric>
{
    public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
}
E
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
out=$(dotnet "$d/out/p.dll" 0; dotnet "$d/out/p.dll" 100); echo "$out"
[[ "$out" == $'default: more than 6 MiB larger: True\nlimited: more than 6 MiB larger: False' ]] || { echo "CHANGED" >&2; exit 1; }
