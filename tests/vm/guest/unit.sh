# The unit as a package would install it, for suites that boot with systemd. Sourced after lib.sh.

unit=parent-proxy.service
environment=/etc/parent-proxy/parent-proxy.env

show() { systemctl show -P "$1" "$unit"; }
is() { [[ $(show "$1") == "$2" ]]; }
journal() { journalctl -q --no-pager -o cat "_SYSTEMD_UNIT=$unit" "$@"; }
journal_has() { journal | grep -qF -- "$1"; }

# install_unit LINE…: files, user, group, folders; LINEs go behind the environment file as it is shipped.
install_unit() {
  install -D -m 644 "$REPO/systemd/parent-proxy.service" /usr/lib/systemd/system/parent-proxy.service
  install -D -m 644 "$REPO/systemd/parent-proxy.sysusers.conf" /usr/lib/sysusers.d/parent-proxy.conf
  install -D -m 644 "$REPO/systemd/parent-proxy.tmpfiles.conf" /usr/lib/tmpfiles.d/parent-proxy.conf
  mkdir -p /usr/lib/parent-proxy
  cp -r "$(dirname "$proxy_dll")/." /usr/lib/parent-proxy/
  # A runtime in somebody's home is out of reach for the service.
  mkdir -p /usr/lib/dotnet-of-the-suite && mount --bind "$(dirname "$DOTNET")" /usr/lib/dotnet-of-the-suite
  printf '#!/bin/sh\nexec /usr/lib/dotnet-of-the-suite/dotnet /usr/lib/parent-proxy/parent-proxy.dll "$@"\n' > "$work/launcher"
  install -m 755 "$work/launcher" /usr/bin/parent-proxy
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
