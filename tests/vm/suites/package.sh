# boot: systemd
# The Debian package, from its file to the first request with the commands of docs/operations.md alone; then reload and upgrade under
# load, a stop with a request in flight, remove and purge. What the unit does when the program hangs or dies is in systemd.sh.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"
source "$REPO/tests/vm/guest/unit.sh"

port=6300
first=$(ls "$PACKAGES"/first/*.deb 2> /dev/null) second=$(ls "$PACKAGES"/second/*.deb 2> /dev/null)
if [[ -z $first || -z $second ]]; then
  skip "the package" "it is made of a native file, and PARENT_PROXY is none"
  exit
fi
installed() { dpkg-query -W -f '${Version}' parent-proxy; }

# What a package can leave, and no journal, cache, or database of others; users stay.
places=(/etc /run /usr/bin /usr/lib/parent-proxy /usr/lib/systemd /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/share/bash-completion /usr/share/fish /usr/share/zsh
  /usr/share/lintian/overrides /usr/share/man/man8 /var/log /var/lib/systemd)
everything() {
  { find "${places[@]}" -xdev 2> /dev/null; ls -d /usr/share/doc/*; } | sort |
    grep -vE '^/(run/(systemd|udev|log|vm-suite|user|lock|dpkg|credentials)|var/log/(journal|apt|dpkg|alternatives)|var/lib/systemd/linger|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|etc/\.pwd\.lock|etc/ld\.so)'
}
new_since() { comm -13 "$1" <(everything); }

# Emulated and cold, a dial, a probe and a start may take longer than they have else.
patience() {
  mkdir -p "/run/systemd/system/$unit.d"
  printf '[Service]\nTimeoutStartSec=300\nEnvironment=Timeouts__Connect=00:00:15 Health__Probe__Timeout=00:00:15\n' > "/run/systemd/system/$unit.d/patience.conf"
}

# As in docs/operations.md, "Install"; CID 1 is this machine's own.
newcomer() {
  local started=$EPOCHREALTIME
  timeout 900 apt-get install -y "$first" || { fail "apt-get install"; return; }
  note "$SUITE: installed after $(seconds_since "$started") s"
  equal "ActiveState before it is enabled" "$(show ActiveState)" inactive || return
  printf '%s\n' PARENTPROXY_ENCLAVE_0_CID=1 "PARENTPROXY_ENCLAVE_0_PORT=$port" >> "$environment"
  timeout 310 systemctl enable --now parent-proxy || { fail "$(systemctl status --no-pager -n 5 "$unit" 2>&1)"; return; }
  wait_until "$PATIENCE" served || { fail "no request is served: $(curl -sS -m 60 "$admin/health" 2>&1)"; return; }
  note "$SUITE: from the package to the first proxied request in $(seconds_since "$started") s"
}

is_at_home() {
  equal "/etc/parent-proxy" "$(stat -c '%U %G %a' /etc/parent-proxy /etc/parent-proxy/* | sort -u | paste -s -d ,)" \
    "root parent-proxy 640,root parent-proxy 750" || return
  equal "is-enabled" "$(systemctl is-enabled "$unit")" enabled || return
  equal "what systemd-analyze verify says" "$(systemd-analyze verify --man=no "$unit" 2>&1)" ""
}

is_hardened() {
  local said
  said=$(systemd-analyze security --no-pager --threshold=20 "$unit" | tail -n 1)
  note "$SUITE: $(sed 's/[^A-Za-z0-9 .:-]//g' <<< "$said")"
  systemd-analyze security --no-pager --threshold=20 "$unit" > /dev/null || fail "$said"
}

under_load() {
  rm -f "$work/stop"
  "$REPO/tests/harness/steady-load.py" 127.0.0.1:6300 --rate 12 --connections 8 --fresh 4 --until "$work/stop" > "$work/load" 2>&1 &
  load=$!
  sleep 1
}
load_ends() { sleep 1; touch "$work/stop"; wait "$load"; note "$SUITE: $1: $(tail -n 1 "$work/load")"; }

reloads_under_load() {
  local main
  main=$(show MainPID)
  under_load
  for timeout in 11 12 13; do
    printf '{ "Timeouts": { "Connect": "00:00:%s" } }\n' "$timeout" > /etc/parent-proxy/appsettings.json
    timeout 60 systemctl reload "$unit" || fail "systemctl reload"
    sleep 1
  done
  load_ends "three reloads"
  contains "the load" "$(tail -n 1 "$work/load")" '"failed": 0,' || return
  equal "MainPID" "$(show MainPID)" "$main"
}

upgrades_under_load() {
  local main config
  main=$(show MainPID) config=$(sum "$environment")
  under_load
  timeout 900 dpkg -i "$second" < /dev/null || fail "dpkg -i"
  wait_until "$PATIENCE" served || fail "no request is served after the upgrade"
  load_ends "an upgrade"
  contains "the load" "$(tail -n 1 "$work/load")" '"failed": 0,' || return
  equal "the version" "$(installed)" 1.0.1 || return
  equal "ActiveState" "$(show ActiveState)" active || return
  [[ $(show MainPID) != "$main" ]] || { fail "the old process still runs"; return; }
  equal "the environment file" "$(sum "$environment")" "$config"
}

stop_drains() {
  curl -sS -m 100 -o /dev/null -w '%{http_code}' "$public/slow?ms=3000" > "$work/slow" 2>&1 &
  local client=$!
  wait_until 60 in_flight || { fail "the slow request does not arrive"; return; }
  timeout 90 systemctl stop "$unit" || { fail "systemctl stop"; return; }
  wait "$client"
  equal "the answer" "$(cat "$work/slow")" 200 || return
  equal "Result" "$(show Result)" success
}
in_flight() { curl -sS -m 20 "$admin/metrics" | grep -q '^parentproxy_requests_in_flight{[^}]*} 1'; }

removes() {
  timeout 310 systemctl start "$unit" || { fail "no start"; return; }
  timeout 900 dpkg -r parent-proxy < /dev/null || { fail "dpkg -r"; return; }
  ! is ActiveState active || { fail "it still runs"; return; }
  new_since "$work/before" > "$work/left"
  equal "what is left" "$(grep -v '^/var/log/parent-proxy$' "$work/left" | paste -s -d ' ')" \
    "/etc/parent-proxy /etc/parent-proxy/appsettings.json /etc/parent-proxy/parent-proxy.env"
}

purges() {
  timeout 900 dpkg -P parent-proxy < /dev/null || { fail "dpkg -P"; return; }
  new_since "$work/before" > "$work/left"
  equal "what is left" "$(paste -s -d ' ' "$work/left")" "" || return
  contains "the user, who may own files elsewhere" "$(getent passwd parent-proxy)" parent-proxy
}

# Debian's index of all manual pages is made anew for each package, and PackageKit waits for a bus: minutes here, and none of ours.
rm -f /var/lib/man-db/auto-update /etc/apt/apt.conf.d/20packagekit
mkdir -p /etc/systemd/system/multi-user.target.wants
# What other suites of the same boot have installed by hand is no package's: dpkg would ask about the configuration.
systemctl stop "$unit" parent-proxy.socket 2> /dev/null
rm -rf /etc/parent-proxy /usr/bin/parent-proxy /usr/lib/parent-proxy /usr/lib/systemd/system/{parent-proxy.service,parent-proxy.socket,enclave@.service} \
  /usr/lib/sysusers.d/parent-proxy.conf /usr/lib/tmpfiles.d/parent-proxy.conf "/run/systemd/system/$unit.d"
systemctl daemon-reload
everything > "$work/before"
patience
it "the simulated enclave serves on vsock" start_simulator "vsock://4294967295:$port"
it "from the package to the first request, as in docs/operations.md" newcomer
# Without it there is nothing to say about the rest.
[[ $(dpkg-query -W -f '${db:Status-Status}' parent-proxy) == installed ]] || exit 0
it "owners, modes, enabled, verified" is_at_home
it "systemd-analyze security of the running unit: at most 2.0" is_hardened
it "systemctl reload under load: no request fails" reloads_under_load
it "an upgrade under load: the new version serves, the configuration is kept" upgrades_under_load
it "systemctl stop finishes the request in flight" stop_drains
it "remove: only configuration is left" removes
it "purge: nothing is left" purges
journalctl -q --no-pager -o short-monotonic -u "$unit" > "/out/logs/$SUITE.journal.log"
rm -rf "/run/systemd/system/$unit.d"; systemctl daemon-reload
