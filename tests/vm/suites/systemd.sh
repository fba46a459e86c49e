# boot: systemd
# The unit as it is installed, under a real systemd, in front of a simulated enclave on vsock.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"
source "$REPO/tests/vm/guest/unit.sh"

port=6300

install_it() {
  install_unit PARENTPROXY_ENCLAVE_0_CID=1 "PARENTPROXY_ENCLAVE_0_PORT=$port" || return
  equal "state of /etc/parent-proxy" "$(stat -c '%U %G %a' /etc/parent-proxy)" "root parent-proxy 750" || return
  contains "groups" "$(id -nG parent-proxy)" "ne" || return
  equal "what systemd-analyze verify says" "$(systemd-analyze verify --man=no "$unit" 2>&1)" ""
}

starts() {
  local started=$EPOCHREALTIME
  timeout 310 systemctl start "$unit" || { fail "$(systemctl status --no-pager -n 5 "$unit" 2>&1)"; return; }
  note "$SUITE: active after $(seconds_since "$started") s, at $(show StatusText)"
  equal "ActiveState" "$(show ActiveState)" active || return
  # READY comes after the first round of probes, healthy or not.
  wait_until "$PATIENCE" healthy || { fail "not healthy"; return; }
  equal "/health" "$(curl -sS -m 60 "$public/health")" '{"status":"healthy","healthy":1,"total":1}'
}

serves() {
  equal "status" "$(curl -sS -m 60 -o /dev/null -w '%{http_code}' "$public/echo")" 200
}

runs_confined() {
  local main status
  main=$(show MainPID)
  status=$(cat "/proc/$main/status")
  equal "user" "$(stat -c %U "/proc/$main")" parent-proxy || return
  contains "status" "$status" $'NoNewPrivs:\t1' || return
  contains "status" "$status" $'Seccomp:\t2' || return
  contains "status" "$status" $'CapBnd:\t0000000000000400' || return
  contains "groups" "$(grep ^Groups: <<< "$status") " "$(getent group ne | cut -d : -f 3) " || return
  contains "limits" "$(tr -s ' ' < "/proc/$main/limits")" "Max open files 131072"
}

# What is read from /proc and told of listeners has to be readable from inside the sandbox, too.
is_measured() {
  local metrics line
  metrics=$(curl -sS -m 60 "$admin/metrics") || { fail "no /metrics"; return; }
  for line in 'process_max_fds{[^}]*} 131072' 'process_open_fds{[^}]*} [1-9][0-9]*' 'process_resident_memory_bytes{[^}]*} [1-9][0-9]*' \
    'parentproxy_enclaves_healthy{[^}]*} 1' 'parentproxy_requests_total{[^}]*code="200"[^}]*} [1-9]' 'dotnet_gc_collections_total{' ; do
    grep -q "^$line" <<< "$metrics" || { fail "no line like $line in /metrics: $(head -c 2000 <<< "$metrics")"; return; }
  done
}

reloads() {
  local before
  before=$(show MainPID)
  cat > "$work/appsettings.json" <<JSON
{ "Enclaves": [ { "Id": "second", "Cid": 1, "Port": 6301 } ] }
JSON
  install -m 640 -g parent-proxy "$work/appsettings.json" /etc/parent-proxy/appsettings.json
  timeout 60 systemctl reload "$unit" || { fail "systemctl reload"; return; }
  wait_until "$PATIENCE" is ActiveState active || { fail "ActiveState is $(show ActiveState)"; return; }
  wait_until "$PATIENCE" serves || return
  equal "MainPID" "$(show MainPID)" "$before"
}

refuses_a_bad_reload() {
  echo '{ "Enclaves": [ { "Id": "second", "Cid": 0 } ] }' > /etc/parent-proxy/appsettings.json
  timeout 60 systemctl reload "$unit"
  wait_until "$PATIENCE" is ActiveState active || { fail "ActiveState is $(show ActiveState)"; return; }
  wait_until "$PATIENCE" journal_has "Enclaves:" || { fail "the journal does not name the path: $(journal -n 3)"; return; }
  rm /etc/parent-proxy/appsettings.json
  serves
}

logs_json() {
  local lines other
  lines=$(journal | grep -c .)
  other=$(journal | grep -vE '^\{.*\}$' | head -n 3)
  ((lines > 0)) || { fail "the journal is empty"; return; }
  [[ -z $other ]] || fail "not JSON: $other"
}

comes_back_after_a_crash() {
  kill -KILL "$(show MainPID)"
  wait_until 300 returned 1 || fail "NRestarts $(show NRestarts), $(show ActiveState)"
}
returned() { is NRestarts "$1" && is ActiveState active && serves; }

watchdog_restarts_what_hangs() {
  # Not the unit's own 30 s, in which a cold process may not come round to telling that it lives; and killed without delay.
  mkdir -p "/run/systemd/system/$unit.d"
  printf '[Service]\nWatchdogSec=60\nTimeoutAbortSec=2\n' > "/run/systemd/system/$unit.d/quick.conf"
  systemctl daemon-reload && timeout 310 systemctl restart "$unit" || { fail "restart"; return; }
  local main restarts
  main=$(show MainPID) restarts=$(show NRestarts)
  sleep 70
  equal "MainPID after 70 s of health" "$(show MainPID)" "$main" || return
  kill -STOP "$main"
  wait_until 300 returned $((restarts + 1)) || { fail "NRestarts $(show NRestarts), $(show ActiveState)"; return; }
  rm "/run/systemd/system/$unit.d/quick.conf" && systemctl daemon-reload
}

stops() {
  timeout 90 systemctl stop "$unit" || { fail "systemctl stop"; return; }
  equal "Result" "$(show Result)" success || return
  equal "ExecMainStatus" "$(show ExecMainStatus)" 0 || return
  equal "ActiveState" "$(show ActiveState)" inactive
}

wrong_configuration_stays_down() {
  cp "$environment" "$work/good.env"
  echo PARENTPROXY_ENCLAVE_0_CID=sixteen >> "$environment"
  ! timeout 310 systemctl start "$unit" || { fail "it started"; return; }
  equal "ExecMainStatus" "$(show ExecMainStatus)" 78 || return
  sleep 5
  equal "ActiveState" "$(show ActiveState)" failed || return
  equal "NRestarts" "$(show NRestarts)" 0 || return
  contains "journal" "$(journal -n 20)" PARENTPROXY_ENCLAVE_0_CID || return
  cp "$work/good.env" "$environment"
  timeout 310 systemctl start "$unit" || fail "no start after it was corrected"
}

sockets_below_1024() {
  systemctl stop "$unit"
  echo 'Kestrel__Endpoints__Http__Url=http://0.0.0.0:997' >> "$environment"
  timeout 310 systemctl start "$unit" || { fail "$(journal -n 3)"; return; }
  public=http://127.0.0.1:997
  first_request
}

it "the simulated enclave serves on vsock" start_simulator "vsock://4294967295:$port"
it "user, group, folders and unit are installed" install_it
it "systemctl start: active when it is ready" starts
it "a proxied request through the hardened unit" wait_until "$PATIENCE" serves
it "user, capabilities, system-call filter and limits are in force" runs_confined
it "/metrics has what is read from /proc inside the sandbox" is_measured
it "systemctl reload: same process, still serving" reloads
it "systemctl reload with a bad configuration: refused, still serving" refuses_a_bad_reload
it "the journal has a JSON object on each line" logs_json
it "comes back after it was killed" comes_back_after_a_crash
it "the watchdog restarts a process that hangs, and no other" watchdog_restarts_what_hangs
it "systemctl stop: clean" stops
it "a wrong configuration: exit status 78, not restarted" wrong_configuration_stays_down
it "a port below 1024 without being root" sockets_below_1024
journalctl -q --no-pager -o short-monotonic -u "$unit" > "/out/logs/$SUITE.journal.log"
