# Client, parent-proxy, a real vsock connection to CID 1, simulated enclave.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"

port=76300                       # beyond 16 bit: vsock ports have 32
listen=vsock://4294967295:$port
cap=28672                        # Vsock:MaxWriteBytes
size=$((64 * 1024 * 1024))
payload=$work/payload

# request [CURL ARGUMENT…] PATH: sets $code, $time, $curl_status; the body is in $body, the head in $head.
body=$work/body head=$work/head
request() {
  local path=${!#} line
  : > "$body"; : > "$head"
  line=$(curl -sS -m 300 -o "$body" -D "$head" -w '%{http_code} %{time_total}' "${@:1:$#-1}" "$public$path")
  curl_status=$?
  read -r code time <<< "$line"
  echo "$path: curl $curl_status, status $code, $time s, $(head -c 300 "$body" | tr -d '\0')"
}

header() { grep -i "^$1:" "$head" | head -n 1 | cut -d : -f 2- | tr -d '\r' | sed 's/^ *//'; }

# expect_problem STATUS: a problem document with this status, and its header fields.
expect_problem() {
  equal "status" "$code" "$1" || return
  contains "Content-Type" "$(header content-type)" "application/problem+json" || return
  contains "Proxy-Status" "$(header proxy-status)" "parent-proxy; error=" || return
  contains "body" "$(cat "$body")" "\"requestId\"" || return
  contains "body" "$(cat "$body")" "$(header x-request-id)"
}

# --- The tests ------------------------------------------------------------------------------------------------------

enclave_listens() {
  local answer
  answer=$(printf 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | socat -t 30 - "VSOCK-CONNECT:1:$port")
  contains "answer without a proxy" "$answer" "200 OK"
}

proxy_starts() {
  start_proxy proxy PARENTPROXY_ENCLAVE_0_CID=1 PARENTPROXY_ENCLAVE_0_PORT=$port Health__Probe__Timeout=00:00:15 || return
  # The default builder watches the tree below the working directory, which is all of the machine here.
  ! grep -qs inotify "/proc/$proxy/fdinfo/"* || fail "it watches files"
}

health_is_exact() {
  wait_until "$PATIENCE" healthy || { fail "not healthy: $(curl -sS -m 60 "$admin/health" 2>&1)"; return; }
  request /health
  equal "body" "$(cat "$body")" '{"status":"healthy","healthy":1,"total":1}'
}

proxies_a_request() {
  first_request || return
  request -H 'X-Request-Id: vm-1' '/echo?a=%2F&b=1' || return
  equal "status" "$code" 200 || return
  contains "body" "$(cat "$body")" "/echo" || return
  equal "X-Request-Id" "$(header x-request-id)" vm-1
}

posts_a_body() {
  request --data-binary 'what goes in comes out' /echo/body
  equal "status" "$code" 200 || return
  equal "body" "$(cat "$body")" 'what goes in comes out'
}

admin_names_the_endpoint() {
  contains "/health of the admin listener" "$(curl -sS -m 60 "$admin/health")" "\"vsock://1:$port\"" || return
  ! curl -sS -m 60 "$public/health" | grep -q vsock || fail "the public /health names an endpoint"
}

# counted RESULT: a dial came to this.
counted() {
  local metrics
  metrics=$(curl -sS -m 60 "$admin/metrics") || { fail "no /metrics"; return; }
  contains "/metrics" "$metrics" "endpoint=\"vsock://1:$port\"" || return
  grep -q "^parentproxy_connects_total{[^}]*result=\"$1\"[^}]*} [1-9]" <<< "$metrics" || fail "no dial is counted as $1: $(grep connects_total <<< "$metrics")"
}

uploads() {
  request --data-binary "@$payload" -H 'Expect:' /sha256
  equal "status" "$code" 200 || return
  contains "answer of the enclave" "$(tr '[:upper:]' '[:lower:]' < "$body")" "$(sum "$payload")"
}

downloads() {
  # The same bytes, past the proxy.
  socat TCP-LISTEN:7001,bind=127.0.0.1,reuseaddr "VSOCK-CONNECT:1:$port" &
  pids+=($!)
  curl --retry 60 --retry-delay 1 --retry-connrefused -sS -m 300 -H 'Connection: close' -o "$work/direct" "http://127.0.0.1:7001/bytes/$size" ||
    { fail "no download past the proxy"; return; }
  request "/bytes/$size"
  equal "status" "$code" 200 || return
  equal "length" "$(stat -c %s "$body")" "$size" || return
  equal "checksum" "$(sum "$body")" "$(sum "$work/direct")"
}

# An enclave that sends an answer, closes its sending side alone and keeps reading, as socat does.
half_closing_enclave() {
  # Of Content-Length: 20, /short brings 5 bytes; the end of /endless is the end of the connection.
  cat > "$work/half-closing" <<'SCRIPT'
#!/bin/bash
read -r _ path _
while IFS= read -r line && [[ $line != $'\r' ]]; do :; done
case $path in
  /short) printf 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort' ;;
  /endless) printf 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end' ;;
  *) printf 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\ncomplete' ;;
esac
SCRIPT
  chmod +x "$work/half-closing"
  start half-closing socat -t 60 VSOCK-LISTEN:6400,fork "EXEC:$work/half-closing"
  start_proxy half-close PARENTPROXY_ENCLAVE_0_CID=1 PARENTPROXY_ENCLAVE_0_PORT=6400 Health__Probe__Timeout=00:00:15 || return
  first_request || return
  request /complete
  equal "curl's exit status" "$curl_status" 0 || return
  equal "body" "$(cat "$body")" complete || return
  request /endless
  equal "body without a length" "$(cat "$body")" "until the end" || return
  request /short
  [[ $curl_status == 18 || $curl_status == 56 ]] || { fail "a short answer came as a complete one: curl $curl_status"; return; }
  stop "$proxy"
  equal "exit status" "$exit_status" 0
}

# What breaks off a request is probed at once, for a second at most: a slow machine takes it out for a moment.
gives() { request "$2"; [[ $code == "$1" ]]; }

reset_before_the_head() {
  wait_until "$PATIENCE" gives 502 /reset
  expect_problem 502 || return
  wait_until "$PATIENCE" settled || fail "not healthy again"
}

cut_response() {
  request /cut
  [[ $curl_status == 18 || $curl_status == 56 ]] || { fail "curl saw no cut: exit status $curl_status, status $code"; return; }
  wait_until "$PATIENCE" settled || fail "not healthy again"
}

enclave_refuses() {
  # Requests are under way, until one fails: two probes that find nobody before a request does leave nothing to dial.
  curl -sS -f --fail-early -m 60 -o /dev/null "$public/echo?[1-1000]" 2> /dev/null &
  local asking=$!
  stop "$simulator" KILL
  wait "$asking"
  request -H 'X-Request-Id: vm-refused' /echo    # the first one pays for compiling the way of a failure
  request -H 'X-Request-Id: vm-refused' /echo
  expect_problem 503 || return
  equal "X-Request-Id" "$(header x-request-id)" vm-refused || return
  [[ -n $(header retry-after) ]] || { fail "no Retry-After"; return; }
  # 2.25 s by contract; the rest is for the emulation.
  at_most "time to the 503" "$time" 10 || return
  log_has "$proxy_log" ECONNRESET || fail "the log does not name ECONNRESET: $(tail -n 3 "$proxy_log")"
}

health_shows_the_outage() {
  wait_until "$PATIENCE" unhealthy || { fail "/health is not 503"; return; }
  request /health
  equal "body" "$(cat "$body")" '{"status":"unhealthy","healthy":0,"total":1}'
}

enclave_returns() {
  local before=$proxy
  start_simulator "$listen" || return
  wait_until "$PATIENCE" settled || { fail "not served after its return"; return; }
  kill -0 "$before" || fail "the proxy ended"
}

busy() { curl -sS -m 20 "$admin/enclaves" | grep -q '"inFlight": *[1-9]'; }

stops_without_losing_a_request() {
  local client answer=$work/slow-answer
  curl -sS -m 60 -o /dev/null -w '%{http_code}' "$public/slow?ms=10000" > "$answer" &
  client=$!
  wait_until 60 busy || { fail "the request is not under way"; return; }
  stop "$proxy"
  wait "$client" || { fail "the request in flight was lost: curl exit status $?"; return; }
  equal "status of the request in flight" "$(cat "$answer")" 200 || return
  equal "exit status" "$exit_status" 0
}

writes_stay_below_the_cap() {
  local trace=$work/strace
  # -D: the proxy, not strace, is our child. The filter in the kernel keeps other calls at speed.
  prefix=(strace -D -f --seccomp-bpf -y -s 0 -o "$trace"
    -e trace=socket,write,writev,sendto,sendmsg,sendmmsg,sendfile,splice,pwrite64,pwritev,pwritev2)
  # Traced and emulated, the first dial may take longer than it is given else.
  start_proxy traced PARENTPROXY_ENCLAVE_0_CID=1 PARENTPROXY_ENCLAVE_0_PORT=$port Timeouts__Connect=00:00:20 Health__Probe__Timeout=00:00:30 || return
  prefix=()
  wait_until 180 healthy || { fail "not healthy: $(curl -sS -m 60 "$admin/health" 2>&1)"; return; }
  request --data-binary "@$payload" -H 'Expect:' /sha256
  stop "$proxy"
  equal "status" "$code" 200 || return
  contains "answer of the enclave" "$(tr '[:upper:]' '[:lower:]' < "$body")" "$(sum "$payload")" || return

  local writes bytes largest other
  eval "$(awk -f "$REPO/tests/vm/guest/vsock-writes.awk" "$trace")"
  note "$SUITE: strace saw $writes writes on vsock, $bytes bytes, the largest $largest"
  ((bytes >= size)) || { fail "strace saw only $bytes bytes on vsock descriptors: $(grep -m 3 VSOCK "$trace")"; return; }
  at_most "other kinds of writes" "$other" 0 || return
  at_most "the largest write" "$largest" "$cap"
}

no_device() {
  start_proxy nodev PARENTPROXY_ENCLAVE_0_CID=16 PARENTPROXY_ENCLAVE_0_PORT=6300 || return
  request /echo
  expect_problem 503 || return
  # The very first probe may have timed out over its own compilation: the emulation's fault. The next ones have the errno.
  wait_until "$PATIENCE" nodev_in_log || { fail "the log does not name ENODEV: $(tail -n 3 "$proxy_log")"; return; }
  stop "$proxy"
  equal "exit status" "$exit_status" 0
}

nodev_in_log() { request /echo; log_has "$proxy_log" ENODEV; }

wrong_configuration() {
  start wrong PARENTPROXY_ENCLAVE_0_CID=0 parent-proxy
  wait_until "$PATIENCE" ended "$pid" || { stop "$pid" KILL; fail "it runs with CID 0"; return; }
  wait "$pid"
  equal "exit status" $? 78 || return
  log_has "$log" PARENTPROXY_ENCLAVE_0_CID || fail "the message does not name the variable: $(tail -n 3 "$log")"
}

# --- In this order: each one finds what the ones before left ------------------------------------------------------

head -c "$size" /dev/urandom > "$payload"
it "the simulated enclave serves on vsock" start_simulator "$listen"
it "it answers on CID 1, port $port" enclave_listens
it "started in / with CID and port alone" proxy_starts
it "/health through a real vsock connection" health_is_exact
it "a proxied request" proxies_a_request
it "a proxied body" posts_a_body
it "the admin listener names the endpoint, the public one does not" admin_names_the_endpoint
it "/metrics counts the dial" counted ok
it "64 MiB up" uploads
it "64 MiB down" downloads
it "reset before the head is a 502" reset_before_the_head
it "a cut response is a cut response" cut_response
it "an enclave that refuses is a 503 in time, and ECONNRESET in the log" enclave_refuses
it "/metrics counts the errno" counted ECONNRESET
it "/health shows the outage" health_shows_the_outage
it "an enclave that is back is served without a restart" enclave_returns
it "SIGTERM loses no request in flight, exit status 0" stops_without_losing_a_request
it "an enclave that half-closes: whole answers whole, short ones cut" half_closing_enclave
it "no write on vsock above $cap bytes (strace)" writes_stay_below_the_cap
it "a CID that nobody has is a 503, and ENODEV in the log" no_device
it "a wrong configuration is exit status 78" wrong_configuration
