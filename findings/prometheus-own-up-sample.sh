#!/bin/bash
# A target that exports a sample called `up` overwrites the `up` that Prometheus itself records for it.
#
# Version: Debian prometheus 2.42.0+ds-5+deb12u1.
# Guess:   `up` and `scrape_duration_seconds` are reserved: the scrape's own values win, the target's are dropped.
# Seen:    the page holds `up 0` and `scrape_duration_seconds 9`, the scrape succeeds:
#            /api/v1/targets: health "up"     query up: 0     query scrape_duration_seconds: 9
#          Presumably the target's sample, first in with the same time stamp, keeps the server's own out.
# Why:     "up" is the natural name for "is the enclave up?". A proxy's exporter that uses it makes every alert on up == 0
#          fire for the proxy, while the targets page shows it green.
set -euo pipefail
command -v prometheus >/dev/null || { echo "needs the Debian package prometheus"; exit 2; }
echo "prometheus $(dpkg-query -W -f '${Version}' prometheus)"
d=$(mktemp -d); pids=(); trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; wait; rm -rf "$d"' EXIT
cat > "$d/server.py" <<'E'
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'up 0\nscrape_duration_seconds 9\nenclaves 4\n'
        self.send_response(200); self.send_header('Content-Type', 'text/plain; version=0.0.4')
        self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
E
/usr/bin/python3 "$d/server.py" >"$d/port" & pids+=($!)
until [ -s "$d/port" ]; do sleep .1; done
free=$(/usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$d/prom.yml" <<E
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: j
  static_configs: [{targets: ["127.0.0.1:$(cat "$d/port")"]}]
E
prometheus --config.file="$d/prom.yml" --storage.tsdb.path="$d/data" --web.listen-address="127.0.0.1:$free" >"$d/log" 2>&1 & pids+=($!)
cat > "$d/t.py" <<'E'
import json, sys, time, urllib.request
def get(path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try: return json.load(opener.open('http://127.0.0.1:%s/api/v1/%s' % (sys.argv[1], path)))['data']
    except OSError: return None
value = lambda name: [sample['value'][1] for sample in (get('query?query=' + name) or {'result': []})['result']]
for _ in range(300):
    if value('enclaves'): break
    time.sleep(.1)
print('health', [t['health'] for t in get('targets')['activeTargets']])
for name in ('enclaves', 'up', 'scrape_duration_seconds'): print(name, value(name))
E
out=$(/usr/bin/python3 "$d/t.py" "$free") || { tail -3 "$d/log"; exit 1; }
echo "$out"
want="health ['up']
enclaves ['4']
up ['0']
scrape_duration_seconds ['9']"
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
