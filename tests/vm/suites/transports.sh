# System calls of the proxy for one request, over vsock beside those over a unix socket: a vsock needs no more.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"

port=76310
requests=100

# calls_for NAME NAME=VALUE…: sets $calls, the system calls of the proxy while it serves the requests, one after the other over
# one connection. What it does by itself meanwhile (probes) is the same for every transport, and far less.
calls_for() {
  local name=$1 counts=$work/$1.counts
  shift
  start_proxy "$name" Timeouts__Connect=00:00:20 Health__Probe__Interval=00:01:00 Health__Probe__Timeout=00:00:30 "$@" || return
  first_request || return
  ask "$requests" || return        # connections are there, and code is compiled
  # How often a thread sleeps and is woken depends on the emulation, and is not counted.
  strace -f -c -o "$counts" -e trace=recvfrom,recvmsg,sendto,sendmsg,epoll_ctl,ioctl -p "$proxy" &
  local tracer=$!
  pids+=("$tracer")
  wait_until 60 traced || { fail "strace does not come up"; return; }
  ask "$requests" || return
  kill -TERM "$tracer"
  wait "$tracer"
  calls=$(awk '$NF == "total" { next } $4 ~ /^[0-9]+$/ { sum += $4 } END { print sum + 0 }' "$counts")
  note "$SUITE: $name: $calls calls for $requests requests: $(awk '$4 ~ /^[0-9]+$/ { printf "%s=%s ", $NF, $4 }' "$counts")"
  stop "$proxy"
}

traced() { grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$proxy/status"; }

# ask COUNT: as many requests over one connection.
ask() {
  local answers
  answers=$(curl -sS -m 300 -o /dev/null -w '%{http_code}\n' "$public/bytes/20?[1-$1]") || { fail "curl: $?"; return; }
  equal "answers of 200" "$(grep -c '^200$' <<< "$answers")" "$1"
}

vsock_needs_no_more() {
  # A second simulated enclave would take longer to come up than all the rest.
  start unix-side socat "UNIX-LISTEN:$work/enclave.sock,fork" "VSOCK-CONNECT:1:$port"
  calls_for vsock PARENTPROXY_ENCLAVE_0_CID=1 PARENTPROXY_ENCLAVE_0_PORT=$port || return
  local vsock=$calls
  calls_for unix PARENTPROXY_ENCLAVE_0_TRANSPORT=unix PARENTPROXY_ENCLAVE_0_PATH="$work/enclave.sock" || return
  local unix=$calls
  # Four for a request at least: received and sent, on both sides.
  ((unix >= 4 * requests)) || { fail "strace saw only $unix calls for $requests requests"; return; }
  # One or two are a probe that fell between.
  at_most "system calls over vsock" "$vsock" "$((unix + requests / 10))"
}

it "the simulated enclave serves on vsock" start_simulator "vsock://4294967295:$port"
it "a request over vsock needs no more system calls than over a unix socket" vsock_needs_no_more
