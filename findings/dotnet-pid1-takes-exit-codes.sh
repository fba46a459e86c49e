#!/bin/bash
# As PID 1 a .NET process loses the exit codes of children that it has started by itself (posix_spawn), once Process was used at all.
#
# Version: .NET SDK 10.0.401 (runtime 10.0.12), Debian util-linux (unshare).
# Guess:   the runtime waits for the children of its own Process class and leaves all others to whoever started them, everywhere.
# Seen:    posix_spawn of a shell that ends with 7, then waitpid for it a second later:
#            any other process id, Process used before:   7
#            as PID 1, Process not used:                   7
#            as PID 1, Process used before:                ECHILD: the runtime's handler of SIGCHLD has reaped it
# Why:     an init of a container or an enclave that is written in C#, starts its application by posix_spawn (to hand descriptors
#          over, or to set a user) and one helper by Process, waits for an exit code that is gone.
set -euo pipefail
command -v unshare >/dev/null || { echo "needs the Debian package util-linux"; exit 2; }
echo "util-linux $(dpkg-query -W -f '${Version}' util-linux)"
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cd "$d"
cat > "$d/p.csproj" <<'E2'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
    <AllowUnsafeBlocks>true</AllowUnsafeBlocks>
  </PropertyGroup>
</Project>
E2
cat > "$d/p.cs" <<'E2'
using System.Diagnostics;
using System.Runtime.InteropServices;
if (args[0] == "used")
{
    using var helper = Process.Start("/bin/true");
    helper.WaitForExit();
}

string?[] command = ["/bin/sh", "-c", "exit 7", null];
var failed = Libc.posix_spawn(out var child, "/bin/sh", 0, 0, command, [null]);
if (failed != 0)
    throw new InvalidOperationException($"posix_spawn: {failed}");
Thread.Sleep(1000);
var found = Libc.waitpid(child, out var status, 0);
var said = found == child ? $"{status >> 8}" : Marshal.GetLastPInvokeError() == 10 ? "ECHILD" : $"errno {Marshal.GetLastPInvokeError()}";
Console.WriteLine($"{(Environment.ProcessId == 1 ? "PID 1" : "another PID")}, Process {args[0]}: {said}");

static partial class Libc
{
    [DllImport("libc")]
    public static extern int posix_spawn(out int pid, string path, nint actions, nint attributes, string?[] arguments, string?[] environment);

    [DllImport("libc", SetLastError = true)]
    public static extern int waitpid(int pid, out int status, int options);
}
E2
dotnet build -c Release -o out -v quiet >build.log 2>&1 || { cat build.log; exit 1; }
echo "runtime $(dotnet --list-runtimes | grep -m 1 'NETCore.App 10')" | cut -d ' ' -f 1-3
out=$(
  dotnet out/p.dll used
  for use in unused used; do
    unshare --user --map-root-user --pid --fork --mount-proc --kill-child dotnet out/p.dll $use
  done
); echo "$out"
want='another PID, Process used: 7
PID 1, Process unused: 7
PID 1, Process used: ECHILD'
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
