# What the suites share. Sourced after /out/settings; $SUITE names the suite.

HUNG=75               # exit status of a suite in which a program did not come up: the host tries again
START_SECONDS=240     # for a program that is compiled just in time to come up under emulation
PATIENCE=120          # for what comes by itself; nothing is lost by waiting longer, for who succeeds does not wait
CONFIGURATION=Release
export DOTNET_EnableWriteXorExecute=0   # half the time to start under emulation
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export PARENT_PROXY SIMULATOR DOTNET_ROOT   # as tests/vm/run has found them

work=/run/vm-suite
mkdir -p "$work"

# --- Results --------------------------------------------------------------------------------------------------------

ok()     { echo "ok - $SUITE: $1" >> /out/results; }
not_ok() { echo "not ok - $SUITE: $1: $(tr '\n' ' ' <<< "$2" | cut -c 1-600)" >> /out/results; }
skip()   { echo "ok - $SUITE: $1 # SKIP $2" >> /out/results; }
note()   { echo "# $*" >> /out/results; echo "# $*"; }

# it NAME FUNCTION [ARGUMENT…]: one test. The function returns non-zero after `fail REASON`.
it() {
  local name=$1 started=$EPOCHREALTIME
  shift
  echo "=== $name"
  reason=
  if "$@"; then
    ok "$name ($(seconds_since "$started") s)"
  else
    not_ok "$name" "${reason:-no reason given}"
  fi
}

fail()     { reason="$*"; echo "FAILED: $*"; return 1; }
equal()    { [[ $2 == "$3" ]] || fail "$1 is '$2', not '$3'"; }
contains() { [[ $2 == *"$3"* ]] || fail "$1 has no '$3': $2"; }
at_most()  { awk -v a="$2" -v b="$3" 'BEGIN { exit !(a <= b) }' || fail "$1 is $2, more than $3"; }
seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# wait_until SECONDS COMMAND…: runs it until it succeeds.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.2
  done
}

log_has() { grep -qF -- "$2" "$1"; }

# --- Programs -------------------------------------------------------------------------------------------------------

pids=()
trap 'for p in "${pids[@]}"; do kill -KILL "$p" 2> /dev/null; done' EXIT

# start NAME [NAME=VALUE]… PROGRAM [ARGUMENT]…: in the background, in the folder /, with a log of its own; what follows NAME
# is for tests/harness/start. Sets $pid and $log.
start() {
  log=/out/logs/$SUITE.$1.log
  shift
  (cd / && exec "$REPO/tests/harness/start" "DOTNET_EnableWriteXorExecute=$DOTNET_EnableWriteXorExecute" "$@") >> "$log" 2>&1 &
  pid=$!
  pids+=("$pid")
}

# A program that is still running but does not answer is a hang of the emulator at start, seen with ASP.NET hosts: the
# whole guest is thrown away. One that ended is an ordinary failure.
came_up() {
  local name=$1
  shift
  if wait_until "$START_SECONDS" came_up_or_ended "$@" && "$@"; then return 0; fi
  if kill -0 "$pid" 2> /dev/null; then
    note "hung: $name did not come up in $START_SECONDS s"
    cat "/proc/$pid/task/"*/stat 2> /dev/null | cut -d ' ' -f 1-3,14-15
    exit "$HUNG"
  fi
  fail "$name ended: $(tail -n 5 "$log")"
}
came_up_or_ended() { "$@" || ! kill -0 "$pid" 2> /dev/null; }

ended() { ! kill -0 "$1" 2> /dev/null; }

# stop PID [SIGNAL]: sets $exit_status; kills what does not end in 60 s.
stop() {
  kill "-${2:-TERM}" "$1" 2> /dev/null
  wait_until 60 ended "$1" || { kill -KILL "$1"; echo "killed $1"; }
  wait "$1"
  exit_status=$?
}

# start_simulator LISTEN…: a simulated enclave. Sets $simulator.
start_simulator() {
  local arguments=() listen
  for listen in "$@"; do arguments+=(--listen "$listen"); done
  : > "/out/logs/$SUITE.simulator.log"
  start simulator simulator "${arguments[@]}"
  simulator=$pid
  came_up "the simulated enclave" log_has "$log" "listening on"
}

# start_proxy NAME NAME=VALUE…: with nothing in its environment but what is given. Sets $proxy and $proxy_log.
# $prefix, an array, may hold a command to run it under. One that a failed test left behind would answer in its place.
prefix=() proxy=
start_proxy() {
  local name=$1
  shift
  [[ -z $proxy ]] || ended "$proxy" || stop "$proxy" KILL
  start "$name" "$@" "${prefix[@]}" "$PARENT_PROXY"
  proxy=$pid proxy_log=$log
  came_up "parent-proxy" live
}

public=http://127.0.0.1:6300 admin=http://127.0.0.1:9464
live() { curl -fsS -m 20 -o /dev/null "$admin/health/live" 2> /dev/null; }
healthy() { [[ $(curl -sS -m 20 -o /dev/null -w '%{http_code}' "$public/health" 2> /dev/null) == 200 ]]; }
unhealthy() { [[ $(curl -sS -m 20 -o /dev/null -w '%{http_code}' "$public/health" 2> /dev/null) == 503 ]]; }

served() { [[ $(curl -sS -m 20 -o /dev/null -w '%{http_code}' "$public/echo" 2> /dev/null) == 200 ]]; }

# The very first request compiles its whole way, for which an emulated machine may need more than the time of a dial. It
# starves the probes as well: the enclave may be taken for unhealthy as it ends.
first_request() { wait_until "$PATIENCE" settled || fail "no request was served: $(curl -sS -m 60 "$admin/health" 2>&1)"; }
settled() { served && healthy && sleep 1 && served && healthy; }

sum() { sha256sum "$1" | cut -d ' ' -f 1; }
