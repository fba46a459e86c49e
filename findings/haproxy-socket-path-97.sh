#!/bin/bash
# HAProxy refuses to listen on a unix socket whose path is longer than 97 bytes, though the kernel and nginx take 107.
#
# Versions: Debian haproxy 2.6.12-1+deb12u4, nginx 1.22.1-9+deb12u11.
# Guess:    sun_path has 108 bytes, so a path of 107 and its NUL serves everywhere.
# Seen:     haproxy, 97 bytes: valid; 98 bytes: 'bind' : socket path '...' too long (max 97); nginx -t, 107 bytes: successful.
#           (HAProxy binds under a longer, temporary name first and renames it.)
# Why:      sockets of sandboxes lie deep (jail directory, virtual machine's id, name). A path on which the enclave side and
#           every client agree is refused only when HAProxy is put in front.
set -euo pipefail
for p in haproxy nginx; do command -v $p >/dev/null || { echo "needs the Debian package $p"; exit 2; }; done
echo "haproxy $(dpkg-query -W -f '${Version}' haproxy), nginx $(dpkg-query -W -f '${Version}' nginx)"
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
path() { local n=$(($1 - ${#d} - 1)); printf '%s/%s' "$d" "$(printf "%${n}s" '' | tr ' ' x)"; }
for n in 97 98; do
  { printf 'defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n'
    printf 'listen l\n bind %s\n' "$(path $n)"; } >"$d/ha.cfg"
  if haproxy -c -f "$d/ha.cfg" >"$d/$n" 2>&1; then echo "haproxy $n: valid"
  else echo "haproxy $n: $(grep -o 'too long (max [0-9]*)' "$d/$n")"; fi
done | tee "$d/out"
printf 'pid %s/pid; error_log %s/err; events {} http { access_log off; server { listen unix:%s; } }' \
  "$d" "$d" "$(path 107)" >"$d/ng.conf"
if nginx -t -q -p "$d" -c "$d/ng.conf" 2>"$d/ng"; then echo "nginx 107: valid"
else cat "$d/ng"; echo "nginx 107: refused"; fi | tee -a "$d/out"
[ "$(cat "$d/out")" = $'haproxy 97: valid\nhaproxy 98: too long (max 97)\nnginx 107: valid' ] || { echo "CHANGED" >&2; exit 1; }
