# The unit as a package would install it, for suites that boot with systemd. Sourced after lib.sh.

unit=parent-proxy.service
environment=/etc/parent-proxy/parent-proxy.env

show() { systemctl show -P "$1" "$unit"; }
is() { [[ $(show "$1") == "$2" ]]; }
journal() { journalctl -q --no-pager -o cat "_SYSTEMD_UNIT=$unit" "$@"; }
journal_has() { journal | grep -qF -- "$1"; }

# A native file is all of the program. An app host has its assemblies beside it and needs the runtime, which is out of reach
# for the service when it is in somebody's home.
install_program() {
  [[ -f $PARENT_PROXY.dll ]] || { install -m 755 "$PARENT_PROXY" /usr/bin/parent-proxy; return; }
  local program=/usr/lib/parent-proxy runtime=/usr/lib/dotnet-of-the-suite
  mkdir -p "$program" "$runtime" && cp "$(dirname "$PARENT_PROXY")"/*.* "$PARENT_PROXY" "$program" || return
  mount --bind "$DOTNET_ROOT" "$runtime" || return
  printf '#!/bin/sh\nDOTNET_ROOT=%s exec %s/parent-proxy "$@"\n' "$runtime" "$program" > "$work/launcher"
  install -m 755 "$work/launcher" /usr/bin/parent-proxy
}

# install_unit LINE…: files, user, group, folders; LINEs go behind the environment file as it is shipped.
install_unit() {
  systemctl stop "$unit" parent-proxy.socket 2> /dev/null   # of an earlier suite
  install -D -m 644 "$REPO/systemd/parent-proxy.service" /usr/lib/systemd/system/parent-proxy.service
  install -D -m 644 "$REPO/systemd/parent-proxy.sysusers.conf" /usr/lib/sysusers.d/parent-proxy.conf
  install -D -m 644 "$REPO/systemd/parent-proxy.tmpfiles.conf" /usr/lib/tmpfiles.d/parent-proxy.conf
  install_program || { fail "the program cannot be installed"; return; }
  systemd-sysusers parent-proxy.conf || { fail "systemd-sysusers"; return; }
  systemd-tmpfiles --create parent-proxy.conf || { fail "systemd-tmpfiles"; return; }
  install -m 640 -g parent-proxy "$REPO/systemd/parent-proxy.env" "$environment"
  printf '%s\n' "$@" >> "$environment"
  # Emulated and cold, a first dial or probe may take longer than the 2 s that it has else.
  printf 'Timeouts__Connect=00:00:15\nHealth__Probe__Timeout=00:00:15\n' >> "$environment"
  # So may its start.
  mkdir -p "/run/systemd/system/$unit.d" && printf '[Service]\nTimeoutStartSec=300\n' > "/run/systemd/system/$unit.d/patience.conf"
  systemctl daemon-reload
}

# kill_main: the main process, and never "0", which is everybody here.
kill_main() {
  local main
  main=$(show MainPID)
  ((main > 1)) || { fail "no process to kill; ActiveState is $(show ActiveState)"; return; }
  kill -KILL "$main"
}
