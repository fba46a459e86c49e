#!/bin/bash
# Interim responses add up against the header size limits of HttpClient and curl; a long wait with "102 Processing" ends in an error.
#
# Versions: .NET SDK 10.0.401 (runtime 10.0.12), Debian curl 7.88.1-10+deb12u15.
# Guess:    each response head is measured by itself, so any number of interim responses may come before the final one.
# Seen:     heads of 27 bytes, HTTP/1.1 102 Processing:
#             HttpClient:  2,000 then 200 is fine; 3,000: "The HTTP response headers length exceeded the set limit of 65536 bytes."
#             curl:       10,000 then 200 is fine; 20,000: exit 56, "Too large response headers: ... > 307200"
#           One budget (MaxResponseHeadersLength, 64 KiB; curl's 300 KiB) covers all heads of one exchange.
# Why:      a service that sends an interim response each second to keep a slow request alive through a proxy loses it after
#           some forty minutes, and the error speaks of headers that no response has.
set -euo pipefail
command -v curl >/dev/null || { echo "needs the Debian package curl"; exit 2; }
echo "curl $(dpkg-query -W -f '${Version}' curl)"
d=$(mktemp -d); pid=; trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$d"' EXIT
export NUGET_PACKAGES="$d/nuget" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
cat > "$d/server.py" <<'E'
import socket, threading
def serve(c):
    data = b''
    try:
        while b'\r\n\r\n' not in data: data += c.recv(65536)
        count = int(data.split(b' ')[1][1:])
        final = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'
        c.sendall(b'HTTP/1.1 102 Processing\r\n\r\n' * count + final)
    except OSError: pass
    c.close()
s = socket.create_server(('127.0.0.1', 0))
print(s.getsockname()[1], flush=True)
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
E
/usr/bin/python3 "$d/server.py" >"$d/port" & pid=$!
until [ -s "$d/port" ]; do sleep .1; done; base="http://127.0.0.1:$(head -1 "$d/port")"
cat > "$d/p.csproj" <<'E'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
</Project>
E
cat > "$d/p.cs" <<'E'
foreach (var count in new[] { 2_000, 3_000 })
{
    using var client = new HttpClient();
    try { Console.WriteLine($"HttpClient {count} {await client.GetStringAsync($"{args[0]}/{count}")}"); }
    catch (HttpRequestException e) { Console.WriteLine($"HttpClient {count} {e.HttpRequestError}: {e.Message}"); }
}
E
dotnet build "$d/p.csproj" -c Release -v q -o "$d/out" >"$d/build" 2>&1 || { cat "$d/build"; exit 1; }
out=$(dotnet "$d/out/p.dll" "$base"
for count in 10000 20000; do
  curl -s --noproxy '*' -o /dev/null -w "curl $count %{exitcode} %{errormsg}\n" "$base/$count" |
    sed 's/headers: [0-9]* >/headers: ... >/' || true
done); echo "$out"
want='HttpClient 2000 ok
HttpClient 3000 ConfigurationLimitExceeded: The HTTP response headers length exceeded the set limit of 65536 bytes.
curl 10000 0 
curl 20000 56 Too large response headers: ... > 307200'
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
