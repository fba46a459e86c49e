# The systemd unit, checked without starting it. Sourced by .ci/run.

# A root file system in which the unit is installed as it is, with stubs for the programs that it starts: on this
# machine there is no /usr/bin/parent-proxy, and verify says so.
unit_root() {
  local root=$scratch/root
  mkdir -p "$root"/{bin,etc,usr/bin,lib/systemd,usr/lib/sysusers.d,usr/lib/tmpfiles.d}
  cp -r /lib/systemd/system "$root/lib/systemd/"
  cp systemd/parent-proxy.{service,socket} "$root/lib/systemd/system/"
  cp systemd/parent-proxy.sysusers.conf "$root/usr/lib/sysusers.d/parent-proxy.conf"
  cp systemd/parent-proxy.tmpfiles.conf "$root/usr/lib/tmpfiles.d/parent-proxy.conf"
  install -m 755 /bin/true "$root/usr/bin/parent-proxy"
  install -m 755 /bin/true "$root/bin/kill"
}

exposure_is_low() {
  systemd-analyze security --offline=true --no-pager --threshold=20 systemd/parent-proxy.service > "$scratch/security"
  local status=$?
  tail -n 1 "$scratch/security"
  return $status
}

creates_user_and_folder() {
  local root=$scratch/root
  systemd-sysusers --root="$root" parent-proxy.conf > /dev/null 2>&1 || return
  systemd-tmpfiles --root="$root" --create parent-proxy.conf || return
  grep -q '^ne:.*parent-proxy' "$root/etc/group" && grep -q '^parent-proxy:' "$root/etc/passwd" &&
    [[ -d $root/etc/parent-proxy ]]
}

unit_checks() {
  unit_root
  silent "systemd-analyze verify is silent" \
    systemd-analyze verify --man=no --root="$scratch/root" parent-proxy.service parent-proxy.socket
  check "systemd-analyze security: exposure of at most 2.0" exposure_is_low
  if ((EUID == 0)); then
    check "sysusers and tmpfiles make the user, the group ne and /etc/parent-proxy" creates_user_and_folder
  else
    skipped "sysusers and tmpfiles make the user, the group ne and /etc/parent-proxy" "not root"
  fi
}

