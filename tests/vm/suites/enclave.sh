# Both sides over real AF_VSOCK, without a socat: the enclave is a network namespace with nothing but its loopback and a process
# namespace whose PID 1 is parent-proxy enclave; parent-proxy outside is the parent.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"

https=4433 status_port=9101
wanted=prices.test denied=elsewhere.test
size=$((64 * 1024 * 1024))

# --- The parent's world -------------------------------------------------------------------------------------------------

resolver() {
  start resolver dnsmasq --keep-in-foreground --port=5353 --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts \
    --user=root --pid-file= --log-facility=- --local=/test/ --host-record="$wanted,127.0.0.1" --host-record="$denied,127.0.0.1"
  came_up dnsmasq answers_dns
}
answers_dns() { [[ $(dig +tries=1 +time=20 +short -p 5353 @127.0.0.1 "$wanted" 2> /dev/null) == 127.0.0.1 ]]; }

origin() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$wanted" \
    -addext "subjectAltName=DNS:$wanted" -keyout "$work/key.pem" -out "$work/cert.pem" 2> /dev/null || { fail "openssl req"; return; }
  start origin openssl s_server -accept "127.0.0.1:$https" -cert "$work/cert.pem" -key "$work/key.pem" -www
  came_up "openssl s_server" log_has "$log" ACCEPT
}

# Nobody sets the guest's clock: the kernel is told that somebody does, else the parent tells nothing of it (adjtimex: ADJ_STATUS,
# ADJ_MAXERROR, ADJ_ESTERROR).
parent() {
  python3 -c '
import ctypes, struct
timex = bytearray(208)
struct.pack_into("i", timex, 0, 0x1c)
ctypes.CDLL(None).adjtimex((ctypes.c_char * 208).from_buffer(timex))'
  cat > "$work/settings.json" << JSON
{
  "Enclaves": [ { "Name": "proof-server", "Cid": 1, "Port": 6300 } ],
  "Health": { "Probe": { "Port": $status_port, "Timeout": "00:00:15" } },
  "Admin": { "EnclaveMetricsPath": "/metrics", "EnclaveMetricsPort": $status_port },
  "Timeouts": { "Connect": "00:00:20" },
  "Egress": {
    "Allow": [ { "Enclaves": ["proof-server"], "Hosts": ["$wanted:$https", "127.0.0.1:$https"] } ],
    "Forwards": [ { "Listen": "vsock://any:8443", "To": "$wanted:$https" } ],
    "Connect": { "Listen": "vsock://any:3128" },
    "Dns": { "Listen": "vsock://any:53", "Upstreams": ["127.0.0.1:5353"] },
    "Logs": { "Listen": "vsock://any:8011" },
    "Time": { "Listen": "vsock://any:123" }
  }
}
JSON
  start_proxy parent PARENTPROXY_CONFIG="$work/settings.json" Log__Format=text
}

# A parent whose clock is ahead of the guest's by $1 seconds, and stays so far ahead of what it was, whatever becomes of that.
ahead() {
  start ahead python3 -c '
import datetime, socket, sys, time
zero = time.time() - time.monotonic() + float(sys.argv[1])
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 124))
listener.listen()
print("listening", flush=True)
while True:
    peer, _ = listener.accept()
    peer.recv(16)
    now = datetime.datetime.fromtimestamp(zero + time.monotonic(), datetime.timezone.utc)
    peer.sendall(now.strftime("%Y-%m-%dT%H:%M:%S.%fZ error=0.000100 synchronized=true leap=none source=kernel\n").encode())
    peer.close()' "$1"
  ahead=$pid
  came_up "a parent that is ahead" log_has "$log" listening
}

# --- The enclave --------------------------------------------------------------------------------------------------------

# enclave NAME [FLAG…] -- COMMAND…: sets $enclave, the process outside that waits for PID 1, $enclave_log, and $inside.
enclave() {
  local name=$1
  shift
  : > "$work/$name.resolv.conf"
  cp /etc/hosts "$work/$name.hosts"
  cat > "$work/$name.sh" << 'SH'
mount --bind "$1.resolv.conf" /etc/resolv.conf
mount --bind "$1.hosts" /etc/hosts
shift
exec "$@"
SH
  : > "/out/logs/$SUITE.$name.log"
  start "$name" unshare --net --mount --pid --fork --mount-proc --kill-child=KILL \
    bash "$work/$name.sh" "$work/$name" "$PARENT_PROXY" enclave --parent 1 "$@"
  enclave=$pid enclave_log=$log
}
# The child of unshare is PID 1 of its namespace.
first() { pgrep -P "$enclave" | head -n 1; }
inside() { nsenter --target "$(first)" --net --mount --pid "$@"; }
signal() { kill "-$1" "$(first)"; }

whole() {
  enclave whole --ingress 6300 --connect --dns --forward 8443 --transparent "$wanted:$https" --logs --time --status "$status_port" \
    --ready http://127.0.0.1:6300/health --Enclave:Application:ReadyTimeout=00:04:00 -- "$REPO/tests/harness/start" simulator --listen tcp://127.0.0.1:6300
  came_up "the enclave" healthy || { tail -n 3 "$proxy_log"; return 1; }
  first_request
}

refuses_before_it_is_ready() {
  local whole=$enclave slow
  enclave slow --ingress 6301 --status 9102 --ready 127.0.0.1:8080 -- sleep infinity
  slow=$enclave enclave=$whole
  came_up "the status of the enclave" asks_status 9102 || return
  contains "the answer" "$(ask_status 9102)" "503" && contains "the answer" "$(ask_status 9102)" starting || return
  socat -u OPEN:/dev/null VSOCK-CONNECT:1:6301 2> "$work/refused" && { fail "port 6301 was open before"; return; }
  contains "socat" "$(cat "$work/refused")" "Connection reset by peer" || return
  stop "$slow" KILL
}
ask_status() { printf 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | timeout 60 socat -t 30 - "VSOCK-CONNECT:1:$1" 2> /dev/null; }
asks_status() { [[ -n $(ask_status "$1") ]]; }

uploads() {
  head -c "$size" /dev/urandom > "$work/large"
  equal "checksum" "$(curl -sS -m 300 --data-binary "@$work/large" "$public/echo/body" | sha256sum | cut -d ' ' -f 1)" "$(sum "$work/large")"
}

websocket() {
  local answer
  answer=$(timeout 120 python3 "$REPO/tests/vm/guest/websocket.py" 127.0.0.1 6300 /ws 100000 2>&1)
  equal "the messages" "$answer" "100000 bytes came back, and the closing handshake"
}

names() {
  local answer
  contains "resolv.conf" "$(cat "$work/whole.resolv.conf")" "nameserver 127.0.0.1" || return
  answer=$(inside dig +tries=1 +time=20 +short "$wanted" 2>&1)
  equal "dig" "$answer" 127.0.0.1 || return
  answer=$(inside dig +tries=1 +time=20 +tcp +short "$wanted" 2>&1)
  equal "dig +tcp" "$answer" 127.0.0.1 || return
  answer=$(inside dig +tries=1 +time=20 "$denied" 2>&1)
  contains "dig for what no rule names" "$answer" "status: NXDOMAIN" || return
  contains "getent" "$(inside getent ahostsv4 "$wanted" 2>&1)" 127.0.
}

fetches() {
  local answer
  answer=$(inside curl -sS -m 120 --cacert "$work/cert.pem" -w '%{ssl_verify_result} %{http_code}' "$@" 2>&1) ||
    { fail "curl: $answer"; return; }
  contains "the page" "$answer" "s_server -accept" && contains "the end" "${answer: -5}" "0 200"
}

refuses_tunnel() {
  contains "curl" "$(inside curl -sS -m 120 -x http://127.0.0.1:3128 "https://$denied/" 2>&1)" "response 403"
}

relays_metrics() {
  local page
  page=$(curl -sS -m 60 "$admin/enclaves/0/metrics") || { fail "no page"; return; }
  contains "the page" "$page" 'node_cpu_seconds_total{' && contains "the page" "$page" node_memory_MemAvailable_bytes &&
    contains "the page" "$page" parentproxy_inside_application_up && contains "the page" "$page" process_resident_memory_bytes
}

compares_clock() {
  wait_until "$PATIENCE" has_offset || fail "no offset: $(curl -sS -m 60 "$admin/enclaves/0/metrics" | grep clock)"
}
has_offset() { curl -sS -m 60 "$admin/enclaves/0/metrics" | grep -q '^parentproxy_inside_clock_offset_seconds'; }

# The wall clock beside the one that nobody sets, in milliseconds.
wall() { python3 -c 'import time; print(round((time.time() - time.monotonic()) * 1000))'; }

steps_clock() {
  local before moved
  before=$(wall)
  ahead 5 || return
  enclave step --time 124 --Enclave:Time:Adjust=Step --Enclave:Time:StepThreshold=00:00:02
  wait_until "$PATIENCE" log_has "$enclave_log" "The clock was set" || { fail "not set: $(tail -n 3 "$enclave_log")"; return; }
  moved=$(($(wall) - before))
  stop "$enclave" KILL
  stop "$ahead" KILL
  ((moved > 4000 && moved < 6000)) || fail "the clock was moved by $moved ms"
}

slews_clock() {
  local before moved
  before=$(wall)
  ahead 1 || return
  enclave slew --time 124 --Enclave:Time:Adjust=Slew --Enclave:Time:StepThreshold=00:00:05
  wait_until "$PATIENCE" slewing || { fail "the kernel has nothing to slew: $(tail -n 3 "$enclave_log")"; return; }
  moved=$(($(wall) - before))
  stop "$enclave" KILL
  stop "$ahead" KILL
  ((moved < 500)) || fail "the clock was set, by $moved ms"
}
# What adjtimex has left to slew (ADJ_OFFSET_SS_READ), a second but for what is done: 0.5 ms a second.
slewing() {
  python3 -c '
import ctypes, struct
timex = (ctypes.c_char * 208)()
struct.pack_into("i", timex, 0, 0xa001)
ctypes.CDLL(None).adjtimex(timex)
raise SystemExit(not 500_000 < struct.unpack_from("q", timex, 8)[0] < 1_500_000)'
}

line_of_the_enclave() { wait_until "$PATIENCE" grep -qE "proof-server \(CID 1\): .*$1" "$proxy_log" || fail "no line: $(tail -n 3 "$proxy_log")"; }

stops_by_signal() {
  signal TERM
  wait_until 60 ended "$enclave" || { fail "still there"; return; }
  wait "$enclave"
  equal "exit status" "$?" 0
}


passes_sigterm() {
  enclave trap --logs -- sh -c 'trap "echo heard TERM; exit 7" TERM; echo waiting for TERM; while :; do sleep 0.2; done'
  came_up "the application" log_has "$proxy_log" "waiting for TERM" || return
  signal TERM
  wait_until 60 ended "$enclave" || { fail "still there"; return; }
  wait "$enclave"
  equal "exit status" "$?" 7 && line_of_the_enclave "heard TERM" && line_of_the_enclave "exit code 7"
}

crash_is_seen_outside() {
  enclave crash --logs -- sh -c 'echo about to crash >&2; kill -SEGV $$'
  wait_until "$START_SECONDS" ended "$enclave" || { fail "still there"; return; }
  wait "$enclave"
  equal "exit status" "$?" 139 && line_of_the_enclave "about to crash" && line_of_the_enclave SIGSEGV
}

restarts_by_policy() {
  rm -f "$work/runs"
  enclave restart --logs --restart on-failure -- sh -c "echo run >> $work/runs; [ \$(wc -l < $work/runs) -ge 3 ] || exit 3; echo third run"
  wait_until "$START_SECONDS" ended "$enclave" || { fail "still there"; return; }
  wait "$enclave"
  equal "exit status" "$?" 0 && equal "runs" "$(wc -l < "$work/runs")" 3 && line_of_the_enclave "exit code 3" && line_of_the_enclave "third run"
}

down_is_told_from_gone() {
  rm -f "$work/down"
  enclave down --ingress 6300 --status "$status_port" --logs --restart always --ready 127.0.0.1:8080 -- \
    sh -c "[ ! -e $work/down ] || exit 4; busybox httpd -f -p 127.0.0.1:8080 -h $work"
  came_up "the enclave" healthy || return
  touch "$work/down"
  inside pkill -x busybox || { fail "no httpd"; return; }
  wait_until "$PATIENCE" shown "answered 503: The application" || { fail "not told: $(curl -sS -m 60 "$admin/health")"; return; }
  rm "$work/down"
  wait_until "$PATIENCE" healthy || { fail "not back: $(curl -sS -m 60 "$admin/health")"; return; }
  stop "$enclave" KILL
  wait_until "$PATIENCE" shown ECONNRESET || fail "not told: $(curl -sS -m 60 "$admin/health")"
}
shown() { curl -sS -m 60 "$admin/health" | grep -qF -- "$1"; }

old_parent() {
  enclave for-socat --ingress 6310=8080 --ready 127.0.0.1:8080 -- busybox httpd -f -p 127.0.0.1:8080 -h "$work"
  echo 'the new enclave' > "$work/index.html"
  start old-parent socat TCP-LISTEN:6311,fork,reuseaddr VSOCK-CONNECT:1:6310
  wait_until "$PATIENCE" answers_old_parent || { fail "no page: $(curl -sS -m 60 http://127.0.0.1:6311/index.html 2>&1)"; return; }
  equal "checksum" "$(curl -sS -m 300 http://127.0.0.1:6311/large | sha256sum | cut -d ' ' -f 1)" "$(sum "$work/large")"
  stop "$enclave" KILL
}
answers_old_parent() { [[ $(curl -sS -m 20 http://127.0.0.1:6311/index.html 2> /dev/null) == 'the new enclave' ]]; }

it "a resolver on the parent" resolver
it "a server with TLS that only the parent reaches" origin
it "parent-proxy is the parent" parent
it "the enclave: PID 1 with the simulated application behind it" whole
it "before the application is ready, its port is closed, and the status says so" refuses_before_it_is_ready
it "64 MiB up and back" uploads
it "a WebSocket" websocket
it "names over UDP and TCP" names
it "curl through the HTTP proxy" fetches -x http://127.0.0.1:3128 "https://$wanted:$https/"
it "curl by name, through a forward" fetches --connect-to "$wanted:$https:127.0.0.1:8443" "https://$wanted:$https/"
it "curl that knows no proxy, by /etc/hosts" fetches "https://$wanted:$https/"
it "curl for what no rule names" refuses_tunnel
it "CPU and memory of the enclave, relayed" relays_metrics
it "the clock, compared with the parent's" compares_clock
it "the application's lines are in the parent's log, with the enclave's name" line_of_the_enclave "listening on"
it "SIGTERM ends application and enclave in order" stops_by_signal
it "SIGTERM reaches the application, its exit code comes out" passes_sigterm
it "a crash: its exit code outside, its last lines in the parent's log" crash_is_seen_outside
it "restarts by policy" restarts_by_policy
it "an application that is down is told from an enclave that is gone" down_is_told_from_gone
it "an unchanged parent with socat reaches it" old_parent
it "the clock is set, where that is allowed" steps_clock
it "the clock is slewed, where that alone is allowed" slews_clock
