#!/bin/bash
# A .NET socket that is disposed while it accepts leaves "close with a reset" on the listening socket, for whoever else has it open.
#
# Version: .NET SDK 10.0.401 (runtime 10.0.12).
# Guess:   to close a descriptor of a listening socket changes nothing for another process that has the same socket: systemd, or
#          the next process of a hand-over.
# Seen:    SO_LINGER of the listening socket, as the other process reads it:
#            before, and after a Dispose with no accept pending:  off
#            after a Dispose with AcceptAsync pending:            on, 0 s; and on every connection that is accepted there from then on
# Why:     with LINGER on and 0 s Linux closes a connection by a reset, and what was not sent yet is lost. Kestrel disposes its
#          listening sockets while they accept: who hands one from process to process (socket activation, systemd's descriptor store)
#          finds answers cut short after the first restart. Set LingerState on what is accepted.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cd "$d"
cat > p.csproj <<'E2'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
</Project>
E2
cat > p.cs <<'E2'
using System.Net.Sockets;
var listener = new Socket(new SafeSocketHandle(int.Parse(args[0]), ownsHandle: true));
if (args[1] == "pending")
{
    _ = listener.AcceptAsync();
    await Task.Delay(500);
}

listener.Dispose();
E2
dotnet build -c Release -o out -v quiet > build.log 2>&1 || { cat build.log; exit 1; }
echo "runtime $(dotnet --list-runtimes | grep -m 1 'NETCore.App 10')" | cut -d ' ' -f 1-3
cat > other.py <<'E2'
import socket, struct, subprocess

def linger(of):
    on, seconds = struct.unpack("ii", of.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
    return f"on, {seconds} s" if on else "off"

listener = socket.create_server(("127.0.0.1", 0))
print("before:", linger(listener))
for accept in "none", "pending":
    subprocess.run(["dotnet", "out/p.dll", str(listener.fileno()), accept], pass_fds=[listener.fileno()], check=True)
    print(f"Dispose, accept {accept}:", linger(listener))
with socket.create_connection(listener.getsockname()):
    print("accepted after that:", linger(listener.accept()[0]))
E2
out=$(python3 other.py); echo "$out"
want='before: off
Dispose, accept none: off
Dispose, accept pending: on, 0 s
accepted after that: on, 0 s'
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
