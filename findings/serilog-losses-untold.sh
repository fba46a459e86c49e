#!/bin/bash
# Serilog loses events without telling its failure listener, and throws from Dispose when the disk is full.
#
# Versions: NuGet Serilog 4.4.0, Serilog.Sinks.File 7.0.0 on .NET SDK 10.0.401 (runtime 10.0.12).
# Guess:    writing to a log never throws, its end included; what is lost reaches the ILoggingFailureListener of
#           WriteTo.Fallible, as it does with Serilog.Sinks.Async.
# Seen:     1,001 events for a batching sink that is stuck, QueueLimit 100: 101 arrive, 0 are told as lost
#           File sink on a full disk, Logger.Dispose: IOException. Nothing caught it: the program ends with status 134
# Why:      a count of lost lines that an operator trusts has to be kept in front of a batching sink; and a service whose log
#           disk is full ends its orderly stop with a core dump, which systemd takes for a failure.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cd "$d"
cat > p.csproj <<'X'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Serilog" Version="[4.4.0]" />
    <PackageReference Include="Serilog.Sinks.File" Version="[7.0.0]" />
  </ItemGroup>
</Project>
X
cat > p.cs <<'X'
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;

var told = new Told();
var stuck = new Stuck();
var options = new BatchingOptions { QueueLimit = 100, BatchSizeLimit = 1, BufferingTimeLimit = TimeSpan.FromMilliseconds(10) };
var batching = new LoggerConfiguration().WriteTo.Fallible(failing => failing.Sink(stuck, options), told).CreateLogger();
batching.Information("the first");
stuck.Entered.Wait();
for (var i = 0; i < 1000; i++)
    batching.Information("another");
stuck.Release.Set();
batching.Dispose();
Console.WriteLine($"batching: 1001 written, {stuck.Arrived} arrived, {told.Lost} told as lost");

var file = new LoggerConfiguration().WriteTo.Fallible(failing => failing.File("/dev/full"), told).CreateLogger();
file.Information("x");
try
{
    file.Dispose();
    Console.WriteLine("full disk: Dispose returns");
}
catch (Exception e)
{
    Console.WriteLine($"full disk: Dispose throws {e.GetType().Name}");
}

class Told : ILoggingFailureListener
{
    public int Lost;

    public void OnLoggingFailed(object sender, LoggingFailureKind kind, string message, IReadOnlyCollection<LogEvent>? events, Exception? exception) =>
        Interlocked.Add(ref Lost, events?.Count ?? 0);
}

class Stuck : IBatchedLogEventSink
{
    public readonly ManualResetEventSlim Entered = new(), Release = new();
    public int Arrived;

    public Task EmitBatchAsync(IReadOnlyCollection<LogEvent> batch)
    {
        Entered.Set();
        Release.Wait();
        Arrived += batch.Count;
        return Task.CompletedTask;
    }

    public Task OnEmptyBatchAsync() => Task.CompletedTask;
}
X
dotnet build -v q -o out p.csproj >build.log 2>&1 || { cat build.log; exit 1; }
out=$(dotnet out/p.dll); echo "$out"
[ "$out" = $'batching: 1001 written, 101 arrived, 0 told as lost\nfull disk: Dispose throws IOException' ] || { echo "CHANGED" >&2; exit 1; }
