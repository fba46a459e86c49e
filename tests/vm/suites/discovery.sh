# boot: systemd
# Discovery as the unit runs it, with its user and its hardening: a stand-in for nitro-cli that needs the rights that the
# real one needs, and a simulated enclave on vsock. CID 1, this machine, is the only one that answers here.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"
source "$REPO/tests/vm/guest/unit.sh"

sockets=/run/nitro_enclaves      # as nitro-cli's package makes it
mode=$work/mode                  # what the stand-in does beside its work: nothing, hang
told=$work/enclave.json          # what the enclave process behind the socket answers

# Like nitro-cli 1.5: opens its log or fails, asks each enclave process at its socket, deletes a socket that refuses (and
# an enclave process whose socket is deleted ends), prints the answers as a list.
install_nitro_cli() {
  cat > "$work/nitro-cli" <<'SH'
#!/bin/bash
log=${NITRO_CLI_LOGS_PATH:-/var/log/nitro_enclaves}/nitro_enclaves.log
[[ $# == 1 && $1 == describe-enclaves ]] || { echo "unexpected: $*" >&2; exit 2; }
if ! echo "[nitro-cli:$$] user $EUID, RUST_LOG=$RUST_LOG" >> "$log"; then
  echo '[ E19 ] File operation failure. Such error appears when the system fails to perform the requested file operations.' >&2
  exit 19
fi
read -r mode < /run/vm-suite/mode
[[ $mode != hang ]] || sleep 3600
separator='['
for socket in /run/nitro_enclaves/*.sock; do
  [[ -S $socket ]] || continue
  if answer=$(socat -t 20 - "UNIX-CONNECT:$socket" < /dev/null 2> /dev/null); then
    printf '%s\n%s' "$separator" "$answer" && separator=','
  else
    echo "[nitro-cli:$$] deleting stale socket $socket" >> "$log"
    rm -f "$socket" 2> /dev/null
  fi
done
[[ $separator == ',' ]] && echo ']' || echo '[]'
SH
  install -m 755 "$work/nitro-cli" /usr/bin/nitro-cli
  mkdir -p "$sockets" && chown root:ne "$sockets" && chmod 775 "$sockets"
  chmod 755 "$work" && echo > "$mode"
}

# tell RUN CID [STATE [FLAGS]]: what is told of the enclave from now on; each RUN has an EnclaveID of its own.
tell() {
  cat > "$told.next" <<JSON
  {
    "EnclaveName": "proof-server",
    "EnclaveID": "i-0a1b2c3d4e5f67890-enc1930000$1",
    "ProcessID": 4711,
    "EnclaveCID": $2,
    "NumberOfCPUs": 2,
    "CPUIDs": [ 1, 3 ],
    "MemoryMiB": 512,
    "State": "${3:-RUNNING}",
    "Flags": "${4:-NONE}",
    "Measurements": { "HashAlgorithm": "Sha384 { ... }", "PCR0": "$(printf 'a%.0s' {1..96})" }
  }
JSON
  mv "$told.next" "$told"
}

# The socket of an enclave process: open to all, as nitro-cli makes it.
start_enclave_process() {
  start enclave-process socat -t 20 "UNIX-LISTEN:$sockets/enc1.sock,fork,mode=766" "SYSTEM:cat $told"
  enclave_process=$pid
  wait_until 20 test -S "$sockets/enc1.sock" || fail "no socket"
}

calls() { grep -c user /run/parent-proxy/nitro_enclaves.log; }
# Waits until two calls have begun: the first of them began after what was changed before.
called_again() {
  local before
  before=$(calls)
  wait_until "$PATIENCE" more_calls_than $((before + 1)) || fail "no call of nitro-cli in 120 s: $(journal -n 3)"
}
more_calls_than() { (($(calls) > $1)); }

discovery() { curl -sS -m 20 "$admin/health" | tr -d ' \n' | grep -o '"discovery":.*'; }
discovery_has() { [[ $(discovery) == *"$1"* ]]; }
listed() { [[ $(curl -sS -m 20 "$admin/enclaves") == *"\"$1\""* ]]; }
serves() { equal "status" "$(curl -sS -m 30 -o /dev/null -w '%{http_code}' "$public/echo")" 200; }

installs() {
  install_unit Discovery__Enabled=true Discovery__EnclaveName='proof*' Discovery__Interval=00:00:05 Discovery__Timeout=00:00:15 || return
  install_nitro_cli && tell 1 1 && start_enclave_process
}

starts() {
  timeout 310 systemctl start "$unit" || { fail "$(systemctl status --no-pager -n 5 "$unit" 2>&1)"; return; }
  wait_until "$PATIENCE" healthy || { fail "not healthy: $(discovery)"; return; }
  equal "/health" "$(curl -sS -m 20 "$public/health")" '{"status":"healthy","healthy":1,"total":1}' || return
  wait_until "$PATIENCE" discovery_has '"name":"proof-server","id":"proof-server"' || { fail "discovery: $(discovery)"; return; }
  wait_until "$PATIENCE" listed vsock://1:6300 || { fail "not at CID 1"; return; }
  wait_until "$PATIENCE" serves
}

runs_as_its_user() {
  local line
  line=$(grep user /run/parent-proxy/nitro_enclaves.log | tail -n 1)
  contains "the log of nitro-cli" "$line" "user $(id -u parent-proxy)," || return
  contains "the log of nitro-cli" "$line" "RUST_LOG=off"
}

follows_the_cid() {
  tell 2 77
  wait_until "$PATIENCE" journal_has "was restarted, CID 1 -> 77" || { fail "the new CID was not seen: $(journal -n 3)"; return; }
  wait_until "$PATIENCE" unhealthy || { fail "healthy at a CID that nobody has"; return; }
  wait_until "$PATIENCE" listed vsock://77:6300 || { fail "not at CID 77"; return; }
  tell 3 1
  wait_until "$PATIENCE" healthy || { fail "not found again: $(discovery)"; return; }
  wait_until "$PATIENCE" serves
}

keeps_what_it_knows() {
  kill -KILL "$enclave_process" && wait_until 20 ended "$enclave_process" && mv "$sockets/enc1.sock" "$work/"
  called_again || return
  journal_has "tells of no enclave, what is known stays (1)" || { fail "nothing in the journal: $(journal -n 3)"; return; }
  wait_until "$PATIENCE" serves
}

cannot_delete_sockets() {
  # Nobody listens there: the real nitro-cli would delete it, and with it end an enclave that is only slow.
  mv "$work/enc1.sock" "$sockets/"
  called_again || return
  log_has /run/parent-proxy/nitro_enclaves.log "deleting stale socket" || { fail "it did not even try"; return; }
  [[ -S $sockets/enc1.sock ]] || { fail "the socket was deleted"; return; }
  serves || return
  rm "$sockets/enc1.sock"
}

kills_what_hangs() {
  echo hang > "$mode"
  wait_until "$PATIENCE" journal_has "took more than 15 s and was killed" || { fail "not killed: $(journal -n 3)"; return; }
  echo > "$mode"
  wait_until "$PATIENCE" serves || return
  start_enclave_process || return
  wait_until "$PATIENCE" journal_has "Discovery works again" || { fail "it did not go on: $(journal -n 3)"; return; }
  ! pgrep -u parent-proxy -x sleep || fail "a child of the killed call is left"
}

refuses_debug_mode() {
  tell 4 1 RUNNING DEBUG_MODE
  wait_until "$PATIENCE" unhealthy || { fail "still healthy: $(discovery)"; return; }
  discovery_has '"accepted":false' || { fail "$(discovery)"; return; }
  called_again || return
  equal "lines about it" "$(journal | grep -c 'gets no traffic: it is in DEBUG_MODE')" 1 || return
  tell 5 1
  wait_until "$PATIENCE" healthy || fail "not found again: $(discovery)"
}

stops() {
  timeout 90 systemctl stop "$unit" || { fail "systemctl stop"; return; }
  equal "Result" "$(show Result)" success
}

it "the simulated enclave serves on vsock" start_simulator "vsock://4294967295:6300"
it "the unit, nitro-cli and its folders are installed" installs
it "without Enclaves: found by its name when the unit is ready" starts
it "nitro-cli runs as the unit's user" runs_as_its_user
it "another CID: followed there and back" follows_the_cid
it "an empty list: what is known stays" keeps_what_it_knows
it "nitro-cli cannot delete the socket of an enclave" cannot_delete_sockets
it "nitro-cli hangs: killed with its children, and called again" kills_what_hangs
it "an enclave in debug mode: no traffic, told once" refuses_debug_mode
it "systemctl stop: clean" stops
journalctl -q --no-pager -o short-monotonic -u "$unit" > "/out/logs/$SUITE.journal.log"
