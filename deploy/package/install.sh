#!/bin/sh
# Installs ParentProxy from this folder, where no package does, or removes it.
# usage, as root: ./install.sh                            installs, or upgrades and restarts a running service
#                 ./install.sh --uninstall [--purge]      removes it; with --purge also changed configuration and logs
# DESTDIR=/mnt/image installs into another root, with systemd-sysusers and systemd-tmpfiles of this system.
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
dest=${DESTDIR:-}
dest=${dest%/}

say() { echo "install.sh: $*"; }
die() { echo "install.sh: $*" >&2; exit 1; }
# Only this system's systemd, and only while it runs.
systemd() { [ -n "$dest" ] || [ ! -d /run/systemd/system ] || systemctl "$@"; }
files() { (cd "$here/root" && find "$1" -type f | sort); }

other_package() {
    [ -z "$dest" ] || return 0
    if command -v dpkg > /dev/null && dpkg -s parent-proxy 2> /dev/null | grep -q '^Status:.* installed'; then
        die "the Debian package parent-proxy is installed: apt-get remove parent-proxy first, or upgrade it"
    fi
    if command -v rpm > /dev/null && rpm -q parent-proxy > /dev/null 2>&1; then
        die "the rpm parent-proxy is installed: dnf remove parent-proxy first, or upgrade it"
    fi
}

# Beside the old file, then in its place: the running program keeps its own.
put() {
    mkdir -p "$(dirname "$dest/$1")"
    cp "$here/root/$1" "$dest/$1.install"
    chmod "$(stat -c %a "$here/root/$1")" "$dest/$1.install"
    mv -f "$dest/$1.install" "$dest/$1"
}

install_all() {
    other_package
    for file in $(files usr); do put "$file"; done
    for file in $(files etc); do
        if [ ! -e "$dest/$file" ]; then
            put "$file"
        elif ! cmp -s "$here/root/$file" "$dest/$file"; then
            say "/$file is kept as it is; this version's is $here/root/$file"
        fi
    done
    # Users, folders, owners and modes.
    systemd-sysusers ${dest:+--root="$dest"} parent-proxy.conf
    systemd-tmpfiles ${dest:+--root="$dest"} --create parent-proxy.conf
    systemd daemon-reload
    systemd try-restart parent-proxy.service
    say "installed $("$dest/usr/bin/parent-proxy" --version 2> /dev/null || echo "for another machine")"
    say "name an enclave in /etc/parent-proxy/parent-proxy.env, then: systemctl enable --now parent-proxy"
}

uninstall() {
    other_package
    # The socket first: it would start the service again. Enclaves go on: they are not the proxy's.
    systemd stop parent-proxy.socket parent-proxy.service || :
    rm -f "$dest"/etc/systemd/system/*.wants/parent-proxy.service "$dest"/etc/systemd/system/*.wants/parent-proxy.socket
    [ -e "$dest/etc/systemd/system/enclave@.service" ] || rm -f "$dest"/etc/systemd/system/*.wants/enclave@*.service
    for file in $(files usr); do rm -f "$dest/$file"; done
    for file in $(files etc); do
        if [ "$1" = --purge ] || cmp -s "$here/root/$file" "$dest/$file"; then
            rm -f "$dest/$file"
        elif [ -e "$dest/$file" ]; then
            say "/$file was changed and is kept; --purge removes it, too"
        fi
    done
    [ "$1" != --purge ] || rm -rf "$dest/etc/parent-proxy" "$dest/var/log/parent-proxy"
    # Folders that nobody else uses.
    (cd "$here/root" && find . -mindepth 1 -depth -type d) | while read -r folder; do rmdir "$dest/$folder" 2> /dev/null || :; done
    systemd daemon-reload
    say "removed. The user parent-proxy and the group ne are left: files may belong to them"
}

[ -d "$here/root" ] || die "there is no $here/root: unpack the whole tarball"
[ -n "$dest" ] || [ "$(id -u)" = 0 ] || die "needs root"
case "${1:-}" in
"") install_all ;;
--uninstall) uninstall "${2:-}" ;;
*) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
