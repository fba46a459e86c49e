# boot: systemd
# The unit as it is installed, under a real systemd, in front of a simulated enclave on vsock.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"
source "$REPO/tests/vm/guest/unit.sh"

port=6300 time_port=123

install_it() {
  install_unit PARENTPROXY_ENCLAVE_0_CID=1 "PARENTPROXY_ENCLAVE_0_PORT=$port" "Egress__Time__Listen=vsock://any:$time_port" || return
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

# tells_time WORDS: over vsock, on a port below 1024. Nobody sets the guest's clock: only the journal tells a clock that is not
# synchronized from one whose state cannot be read.
tells_time() {
  local answer
  answer=$(echo time | timeout 60 socat -t 30 - "VSOCK-CONNECT:1:$time_port")
  contains "the answer" "$answer" " synchronized=false " || return
  wait_until "$PATIENCE" says "$1" || fail "the journal does not say '$1': $(journal "_PID=$(show MainPID)" -n 3)"
}
says() { journal "_PID=$(show MainPID)" | grep -qF -- "$1"; }

# As the message and docs/egress.md have it.
clock_drop_in() {
  printf '[Service]\nProtectClock=no\nSystemCallFilter=adjtimex clock_adjtime\n' > "/run/systemd/system/$unit.d/clock.conf"
  systemctl daemon-reload
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

# systemd reads it as root, and gives check, which runs as the service's user, what it holds.
reloads_with_a_file_for_root_alone() {
  chown root:root "$environment" && chmod 600 "$environment"
  timeout 60 systemctl reload "$unit" || fail "systemctl reload: $(journal -n 5)"
  wait_until "$PATIENCE" is ActiveState active || fail "ActiveState is $(show ActiveState)"
  chgrp parent-proxy "$environment" && chmod 640 "$environment"
}

# What is typed in a shell sees what the service sees; or says that it may not.
check_reads_the_environment_file() {
  local refused
  contains "check" "$(parent-proxy check 2>&1)" "from $environment" || return
  ! refused=$(setpriv --reuid 65534 --regid 65534 --clear-groups parent-proxy check 2>&1) || { fail "nobody may read it"; return; }
  contains "check as nobody" "$refused" "$environment: cannot be read by the user nobody (EACCES)"
}

refuses_a_bad_reload() {
  echo '{ "Enclaves": [ { "Id": "second", "Cid": 0 } ] }' > /etc/parent-proxy/appsettings.json
  ! timeout 60 systemctl reload "$unit" || { fail "systemctl reload says that it is well"; return; }
  wait_until "$PATIENCE" is ActiveState active || { fail "ActiveState is $(show ActiveState)"; return; }
  wait_until "$PATIENCE" journal_has "Enclaves:" || { fail "the journal does not name the path: $(journal -n 3)"; return; }
  rm /etc/parent-proxy/appsettings.json
  serves
}

logs_json() {
  local lines other
  # Of the service itself: what a refused reload prints is for people.
  lines=$(journal "_PID=$(show MainPID)" | grep -c .)
  other=$(journal "_PID=$(show MainPID)" | grep -vE '^\{.*\}$' | head -n 3)
  ((lines > 0)) || { fail "the journal is empty"; return; }
  [[ -z $other ]] || fail "not JSON: $other"
}

comes_back_after_a_crash() {
  local restarts
  restarts=$(show NRestarts)
  kill_main || return
  wait_until 300 returned $((restarts + 1)) || fail "NRestarts $(show NRestarts), $(show ActiveState)"
}
returned() { is NRestarts "$1" && is ActiveState active && serves; }

# The unit's own WatchdogSec=30, and the process that has been there since the start; only the kill is without delay.
watchdog_restarts_what_hangs() {
  printf '[Service]\nTimeoutAbortSec=2\n' > "/run/systemd/system/$unit.d/quick.conf"
  systemctl daemon-reload
  local main restarts
  main=$(show MainPID) restarts=$(show NRestarts)
  wait_until 60 has_run_for 40 "$main" || { fail "process $main has not run for 40 s; MainPID is $(show MainPID)"; return; }
  equal "MainPID after 40 s of health" "$(show MainPID)" "$main" || return
  equal "NRestarts after 40 s of health" "$restarts" 0 || return
  kill -STOP "$main"
  local stopped=$EPOCHREALTIME
  wait_until 300 returned 1 || { fail "NRestarts $(show NRestarts), $(show ActiveState)"; return; }
  note "$SUITE: stopped (SIGSTOP), until it served again: $(seconds_since "$stopped") s; WatchdogSec is $(show WatchdogUSec)"
}
has_run_for() { (($(ps -o etimes= -p "$2") >= $1)); }

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
  clock_drop_in
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
it "Egress:Time without its drop-in: an answer, and the journal says what to write" tells_time "systemctl edit parent-proxy, write [Service] and below it the lines ProtectClock=no"
it "/metrics has what is read from /proc inside the sandbox" is_measured
it "systemctl reload: same process, still serving" reloads
it "systemctl reload with variables that only root may read" reloads_with_a_file_for_root_alone
it "check reads the environment file, and says who may not" check_reads_the_environment_file
it "systemctl reload with a bad configuration: fails, still serving" refuses_a_bad_reload
it "the journal has a JSON object on each line" logs_json
it "the watchdog restarts a process that hangs, and no other" watchdog_restarts_what_hangs
it "comes back after it was killed" comes_back_after_a_crash
it "systemctl stop: clean" stops
it "a wrong configuration: exit status 78, not restarted" wrong_configuration_stays_down
it "a port below 1024 without being root" sockets_below_1024
it "Egress:Time with its drop-in: the kernel's clock is read" tells_time "nobody told the kernel that it is"
journalctl -q --no-pager -o short-monotonic -u "$unit" > "/out/logs/$SUITE.journal.log"
