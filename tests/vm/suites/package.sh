# boot: systemd
# The Debian package in the place of socat, with the very commands of README.md and, back and once more, those of docs/operations.md;
# then reload and upgrade under load, a stop with a request in flight, remove and purge. What the unit does when the program hangs or
# dies is in systemd.sh.
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

# --- A newcomer ---------------------------------------------------------------------------------------------------

# blocks FOLDER FILE SECTION: what is to be typed there, and what belongs into files. The enclave is not at CID 16 but on this machine.
blocks() {
  mkdir -p "$work/$1"
  awk -v section="$3" -v out="$work/$1" -f "$REPO/tests/vm/guest/blocks.awk" "$REPO/$2"
  sed -i -E 's/(VSOCK-CONNECT:|_CID=|"Cid": )16\b/\11/' "$work/$1"/*.*
}

# follow FILE: each line of it, as it is there. A comment behind curl that begins with a status and a body is what has to come.
follow() {
  local line
  while read -r line; do
    echo "\$ $line"
    if [[ $line =~ ^curl.*\#\ ([0-9]{3})\ (and\ )?(\{.*\})$ ]]; then
      wait_until "$PATIENCE" answers "$line" "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}" || { fail "'$line' says: $said"; return; }
    else
      said=$(timeout 900 bash -c "$line" 2>&1 < /dev/null)
      succeeded $? "$line" || { fail "'$line' ends with an error: $(tail -n 5 <<< "$said")"; return; }
      echo "$said"
    fi
  done < "$1"
}
answers() { said=$(bash -c "$1" 2> /dev/null | tr -d '\r'); [[ $said == "HTTP/1.1 $2 "*$'\n\n'"$3" ]]; }
# What doctor finds on this machine, which has no nitro-cli, is none of the newcomer's fault.
succeeded() { (($1 == 0)) || [[ $1 == 1 && $2 == *" doctor "* ]]; }

socat_serves() { served && ! live; }
proxy_serves() { served && live; }

# The unit that README.md and docs/operations.md replace, as they have it. That it starts at boot is theirs to say.
old_unit() {
  blocks readme README.md "From socat in five minutes"
  blocks operations docs/operations.md "Switch from socat, and back"
  old=$(sed -n 's/^systemctl disable --now \([^ ]*\) .*/\1/p' "$work"/readme/*.sh)
  [[ -n $old ]] || { fail "README.md disables no old unit"; return; }
  printf 'u ec2-user -\n' | systemd-sysusers - || { fail "no user ec2-user"; return; }
  { cat "$work/operations/1.ini"; printf '[Install]\nWantedBy=multi-user.target\n'; } > "/etc/systemd/system/$old.service"
  systemctl daemon-reload
  systemctl enable --now "$old" || { fail "$old: $(systemctl status "$old" 2>&1)"; return; }
  wait_until "$PATIENCE" socat_serves || fail "no request through socat"
}

# README.md has two places for the enclave; this is the first.
newcomer() {
  local started=$EPOCHREALTIME asked
  cd "${first%/*}" || return
  follow "$work/readme/1.sh" || return
  asked=$EPOCHREALTIME
  equal "ActiveState before it is enabled" "$(show ActiveState)" inactive || return
  cp -a /etc/parent-proxy "$work/shipped"
  cat "$work/readme/2.json" > "$(< "$work/readme/2.file")" || { fail "no file in README.md that the enclave is named in"; return; }
  follow "$work/readme/4.sh" || return
  wait_until "$PATIENCE" proxy_serves || { fail "no request is served: $(curl -sS -m 60 "$admin/health" 2>&1)"; return; }
  note "$SUITE: from the package to the first proxied request with README.md: $(seconds_since "$started") s," \
    "without apt-get $(seconds_since "$asked") s"
  contains "what doctor says" "$said" "vsock://1:$port" || return
  note "$SUITE: doctor: $(grep -E '^ *(FAIL|WARN)' <<< "$said" | tr -s ' ' | cut -c 1-60 | paste -s -d ';')"
}

# With the commands of docs/operations.md, and README.md's other place for the enclave.
switches_back_and_again() {
  follow "$work/operations/5.sh" || return
  wait_until "$PATIENCE" socat_serves || { fail "no request through socat: $(systemctl status "$old" 2>&1)"; return; }
  cat "$work/shipped/appsettings.json" > /etc/parent-proxy/appsettings.json
  cat "$work/readme/3.sh" >> "$(< "$work/readme/3.file")" || { fail "no second file in README.md"; return; }
  follow "$work/operations/2.sh" && follow "$work/operations/4.sh" || return
  wait_until "$PATIENCE" proxy_serves || { fail "no request is served: $(curl -sS -m 60 "$admin/health" 2>&1)"; return; }
  contains "systemctl status" "$said" "$(sed -n 's/^systemctl status.*# //p' "$work/operations/4.sh")" || return
  ! systemctl is-enabled --quiet "$old" || fail "$old is enabled"
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

# PackageKit waits for a bus. What the archives have is nobody's question here, and what else is installed (a thousand packages, read at
# each call of dpkg) neither: minutes, and none of ours.
rm -f /etc/apt/apt.conf.d/20packagekit
mount -t tmpfs tmpfs /var/lib/apt/lists
cp -r "$PACKAGES/dpkg" "$work/dpkg" && mount --bind "$work/dpkg" /var/lib/dpkg
mkdir -p /etc/systemd/system/multi-user.target.wants
# What other suites of the same boot have installed by hand is no package's: dpkg would ask about the configuration.
systemctl stop "$unit" parent-proxy.socket 2> /dev/null
rm -rf /etc/parent-proxy /usr/bin/parent-proxy /usr/lib/parent-proxy /usr/lib/systemd/system/{parent-proxy.service,parent-proxy.socket,enclave@.service} \
  /usr/lib/sysusers.d/parent-proxy.conf /usr/lib/tmpfiles.d/parent-proxy.conf "/run/systemd/system/$unit.d"
systemctl daemon-reload
patience
it "the simulated enclave serves on vsock" start_simulator "vsock://4294967295:$port"
it "the unit with socat that is to be replaced serves" old_unit
everything > "$work/before"
it "from the package to the first request with the commands of README.md alone" newcomer
# Without it there is nothing to say about the rest.
[[ $(dpkg-query -W -f '${db:Status-Status}' parent-proxy) == installed ]] || exit 0
it "back to socat with the commands of docs/operations.md, and to the proxy again" switches_back_and_again
it "owners, modes, enabled, verified" is_at_home
it "systemd-analyze security of the running unit: at most 2.0" is_hardened
it "systemctl reload under load: no request fails" reloads_under_load
it "an upgrade under load: the new version serves, the configuration is kept" upgrades_under_load
it "systemctl stop finishes the request in flight" stop_drains
it "remove: only configuration is left" removes
it "purge: nothing is left" purges
journalctl -q --no-pager -o short-monotonic -u "$unit" > "/out/logs/$SUITE.journal.log"
rm -rf "/run/systemd/system/$unit.d" "/etc/systemd/system/$old.service"; systemctl daemon-reload
umount /var/lib/dpkg /var/lib/apt/lists
