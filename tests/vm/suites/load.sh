# boot: namespaces
# What an emulated machine is too slow to show: restarts, an upgrade and crashes of the installed package under 200 requests a second,
# 64 connections kept open, with a real systemd. TCP is in the place of vsock: of the way to the enclave nothing is proven here.
# Milliseconds are printed, not judged: they are those of a machine that others use as well.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"
source "$REPO/tests/vm/guest/unit.sh"

port=7300 restarts=${RESTARTS:-10}
first=$(ls "$PACKAGES"/first/*.deb 2> /dev/null) second=$(ls "$PACKAGES"/second/*.deb 2> /dev/null)
if [[ -z $first || -z $second ]]; then
  skip "the package" "it is made of a native file, and PARENT_PROXY is none"
  exit
fi

set_up() {
  timeout 300 dpkg -i "$first" < /dev/null || { fail "dpkg -i"; return; }
  printf 'PARENTPROXY_ENCLAVE_0_%s\n' TRANSPORT=tcp TCP_HOST=127.0.0.1 "PORT=$port" >> "$environment"
  timeout 100 systemctl enable --now "$unit" || { fail "$(systemctl status --no-pager -n 5 "$unit" 2>&1)"; return; }
  wait_until "$PATIENCE" served || fail "no request is served"
}

begin_load() {
  rm -f "$work/over"
  "$REPO/tests/harness/steady-load.py" 127.0.0.1:6300 --rate 200 --connections 64 --fresh 20 --until "$work/over" > "$work/load.json" &
  load=$!
  sleep 2
}

# end_load WHAT: what was lost is in $work/load.json.
end_load() {
  sleep 1
  touch "$work/over"
  wait "$load" || { fail "the load ended with $?"; return; }
  note "$SUITE: $1: $(cat "$work/load.json")"
}
lost_none() { contains "the load" "$(cat "$work/load.json")" '"failed": 0,'; }

restarts_under_load() {
  begin_load
  for ((i = 0; i < restarts; i++)); do
    timeout 100 systemctl restart "$unit" || { fail "systemctl restart: $(journal -n 3)"; break; }
  done
  end_load "$restarts restarts" && [[ -z $reason ]] && lost_none
}

upgrades_under_load() {
  begin_load
  timeout 300 dpkg -i "$second" < /dev/null || fail "dpkg -i"
  end_load "an upgrade" && [[ -z $reason ]] && lost_none || return
  equal "the version" "$(dpkg-query -W -f '${Version}' parent-proxy)" 1.0.1
}

# The time from the kill until somebody who connected right behind it has the answer of the next process.
back_after_a_kill() {
  local before main i took=() killed
  for i in 1 2 3 4 5; do
    before=$(show NRestarts) main=$(show MainPID) killed=$EPOCHREALTIME
    kill -KILL "$main"
    equal "the request behind kill $i" "$(curl -sS -m 60 -o /dev/null -w '%{http_code}' "$public/echo" 2>&1)" 200 || return
    took+=("$(awk -v a="$killed" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }')")
    wait_until "$PATIENCE" is NRestarts $((before + 1)) || { fail "NRestarts is $(show NRestarts) after $before"; return; }
    [[ $(show MainPID) != "$main" ]] || { fail "the old process still runs"; return; }
    wait_until "$PATIENCE" is ActiveState active || { fail "ActiveState is $(show ActiveState)"; return; }
  done
  note "$SUITE: killed, until the next process has answered: ${took[*]} s"
}

# Lost are the requests that were inside, and nobody is refused.
kills_under_load() {
  begin_load
  kill_main || return
  sleep 3
  end_load "a kill" || return
  contains "the load" "$(tail -n 1 "$work/load.json")" '"refused": 0,'
}

it "the simulated enclave serves on TCP" start_simulator "tcp://127.0.0.1:$port"
it "the package is installed and serves" set_up
it "$restarts restarts, 200 requests a second: none is lost" restarts_under_load
it "an upgrade, 200 requests a second: none is lost" upgrades_under_load
it "killed: who connects behind it is answered by the next process" back_after_a_kill
it "killed under load: nobody is refused" kills_under_load
journalctl -q --no-pager -o short-monotonic -u "$unit" > "/out/logs/$SUITE.journal.log"
timeout 90 systemctl stop "$unit"
