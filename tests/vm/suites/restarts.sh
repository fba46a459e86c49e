# boot: systemd
# Restarts that nobody notices: the ports stay open, in systemd's descriptor store or as a socket unit's, while the service restarts.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"
source "$REPO/tests/vm/guest/unit.sh"

port=6300 time_port=123 restarts=${RESTARTS:-3}
# What an emulated machine serves without being busy with that alone.
rate=12 connections=8 fresh=4

set_up() {
  install_unit PARENTPROXY_ENCLAVE_0_CID=1 "PARENTPROXY_ENCLAVE_0_PORT=$port" "Egress__Time__Listen=vsock://any:$time_port" || return
  timeout 310 systemctl start "$unit" || { fail "$(systemctl status --no-pager -n 5 "$unit" 2>&1)"; return; }
  wait_until "$PATIENCE" served || fail "no request is served"
}

begin_load() {
  rm -f "$work/over"
  "$REPO/tests/harness/steady-load.py" 127.0.0.1:6300 --rate "$rate" --connections "$connections" --fresh "$fresh" \
    --until "$work/over" > "$work/load.json" &
  load=$!
  sleep 2
}

# end_load: no request may have been lost. Says how long they took: a figure of this machine, which is emulated.
end_load() {
  sleep 1
  touch "$work/over"
  wait "$load" || { fail "the load ended with $?"; return; }
  note "$SUITE: $1: $(cat "$work/load.json")"
  contains "the load" "$(cat "$work/load.json")" '"failed": 0,'
}

restart() { timeout 120 systemctl restart "$unit" || fail "systemctl restart: $(journal -n 3)"; }

restarts_under_load() {
  begin_load
  for ((i = 0; i < restarts; i++)); do
    restart || break
  done
  end_load "$restarts restarts" && [[ -z $reason ]]
}

# It is served to its end, and does not hold up the others: the port is closed to nobody meanwhile.
restart_with_a_long_request() {
  local slow=$work/slow
  begin_load
  curl -sS -m 100 -o /dev/null -w '%{http_code}' "$public/slow?ms=6000" > "$slow" &
  local curl=$!
  sleep 1
  restart
  wait "$curl"
  end_load "a restart with a request of 6 s" || return
  equal "the long request" "$(cat "$slow")" 200
}

# What was on its connections is lost with it; who connects while it is down waits.
waits_after_a_crash() {
  local n before killed
  before=$(show NRestarts)
  for n in 1 2 3 4 5 6; do
    ((n != 3)) || { kill_main || return; killed=$EPOCHREALTIME; }
    equal "request $n" "$(curl -sS -m 100 -o /dev/null -w '%{http_code}' "$public/echo")" 200 || return
    ((n != 3)) || note "$SUITE: killed, until the next process has answered: $(seconds_since "$killed") s (emulated; see load)"
  done
  equal "NRestarts" "$(show NRestarts)" "$((before + 1))"
}

tells_time() {
  contains "the answer" "$(echo time | timeout 60 socat -t 30 - "VSOCK-CONNECT:1:$time_port")" " synchronized="
}

closes_with_a_stop() {
  timeout 90 systemctl stop "$unit" || { fail "systemctl stop"; return; }
  local said
  said=$(curl -sS -m 20 "$public/health" 2>&1) && { fail "still answered: $said"; return; }
  contains "curl" "$said" "Failed to connect"
}

socket_unit_starts_it() {
  install -D -m 644 "$REPO/systemd/parent-proxy.socket" /usr/lib/systemd/system/parent-proxy.socket
  systemctl daemon-reload
  systemctl start parent-proxy.socket || { fail "parent-proxy.socket: $(systemctl status --no-pager parent-proxy.socket 2>&1)"; return; }
  is ActiveState inactive || { fail "it runs already"; return; }
  equal "the request that starts it" "$(curl -sS -m 100 -o /dev/null -w '%{http_code}' "$public/echo")" 200 || return
  begin_load
  restart
  end_load "a restart with the socket unit"
}

it "the simulated enclave serves on vsock" start_simulator "vsock://4294967295:$port"
it "the unit is installed and serves" set_up
it "$restarts restarts under load: no request is lost" restarts_under_load
it "a listener on vsock is there after a restart" tells_time
it "a restart with a long request in flight: no request is lost" restart_with_a_long_request
it "killed: who connects while it is down waits for the next" waits_after_a_crash
it "systemctl stop closes the port" closes_with_a_stop
it "a socket unit: the first request starts it, a restart loses none" socket_unit_starts_it
journalctl -q --no-pager -o short-monotonic -u "$unit" > "/out/logs/$SUITE.journal.log"
systemctl stop parent-proxy.socket "$unit"
