# boot: systemd
# enclave@.service of deploy/enclave beside the unit of the proxy: started, awaited, started again when it ends, stopped by its name.
# A stand-in for nitro-cli runs a simulated enclave on vsock in the place of a real one; discovery finds it by its name.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"
source "$REPO/tests/vm/guest/unit.sh"

enclave=enclave@proof-server.service enclaves=$work/enclaves

installs() {
  install_unit Discovery__Enabled=true Discovery__EnclaveName=proof-server Discovery__Interval=00:00:01 \
    Discovery__Timeout=00:00:15 || return
  install -D -m 755 "$REPO/deploy/enclave/nitro-enclave" /usr/lib/parent-proxy/nitro-enclave
  install -m 644 "$REPO/deploy/enclave/enclave@.service" /usr/lib/systemd/system/
  printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n' > /run/systemd/system/nitro-enclaves-allocator.service
  install -m 755 "$REPO/tests/deploy/harness/fake-nitro-cli" "$work/fake-nitro-cli"
  mkdir -p "$enclaves" /etc/nitro_enclaves && chmod 755 "$work" "$enclaves"
  # The unit has a /tmp of its own. A build's program has its parts beside it.
  simulator=$SIMULATOR
  [[ -f $SIMULATOR.dll ]] || { install -m 755 "$SIMULATOR" "$work/simulator" && simulator=$work/simulator; }
  printf '#!/bin/bash\nexport DOTNET_ROOT=%q ENCLAVES=%q ENCLAVE_CID=1 ENCLAVE_PROCESS=%q\nexec %q "$@"\n' "$DOTNET_ROOT" "$enclaves" \
    "$simulator --listen vsock://4294967295:6300" "$work/fake-nitro-cli" > /usr/bin/nitro-cli
  chmod 755 /usr/bin/nitro-cli
  cat > /etc/nitro_enclaves/proof-server.json <<'JSON'
{
  "enclave_name": "proof-server",
  "eif_path": "/var/lib/enclaves/proof-server.eif",
  "cpu_count": 2,
  "memory_mib": 512
}
JSON
  systemctl daemon-reload
}

main_process() { systemctl show -P MainPID "$enclave"; }
enclave_journal() { journalctl -q --no-pager -o cat -u "$enclave" "$@"; }
status_of() { curl -sS -m 30 -o /dev/null -w '%{http_code}' "$public/echo"; }

starts() {
  timeout 310 systemctl start "$enclave" || { fail "$(enclave_journal -n 8)"; return; }
  # When systemctl comes back it is served, and there is nothing to wait for.
  equal "the first request" "$(status_of)" 200 || return
  equal "the main process" "$(main_process)" "$(sed -n 's/.*"ProcessID": \([0-9]*\).*/\1/p' "$enclaves/proof-server")"
}

comes_back() {
  local before
  before=$(main_process)
  ((before > 0)) || { fail "it is not running"; return; }
  kill -KILL "$before"
  wait_until "$PATIENCE" is_another_than "$before" || { fail "not started again: $(enclave_journal -n 8)"; return; }
  wait_until "$PATIENCE" systemctl is-active --quiet "$enclave" || { fail "not up: $(enclave_journal -n 8)"; return; }
  equal "the first request" "$(status_of)" 200
}
is_another_than() { [[ $(main_process) != "$1" && $(main_process) != 0 ]]; }

stops() {
  timeout 90 systemctl stop "$enclave" || { fail "systemctl stop"; return; }
  equal "Result" "$(systemctl show -P Result "$enclave")" success || return
  equal "enclaves that run" "$(ls "$enclaves")" "" || return
  timeout 90 systemctl stop "$unit" || fail "systemctl stop of the proxy"
}

it "both units and nitro-cli are installed" installs
it "systemctl start: returns when the enclave answers through the proxy, which it has started" starts
it "the enclave ends by itself: started again, and served when its unit is up" comes_back
it "systemctl stop: the enclave is terminated by its name" stops
enclave_journal > "/out/logs/$SUITE.journal.log"
