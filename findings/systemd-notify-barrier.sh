#!/bin/bash
# systemd-notify speaks for its parent process, and fails after five seconds if the receiver keeps its second datagram's descriptor.
#
# Version: Debian systemd 252.39-1~deb12u2.
# Guess:   systemd-notify --ready is one datagram, READY=1, with its own process id as the credential; if it waits for the
#          receiver at all, it gives up in the end and exits 0.
# Seen:    run as root, two datagrams: READY=1 with the credential of its PARENT (the shell), then BARRIER=1 with its own and a
#          descriptor. Receiver closes the descriptor: exit 0 at once. Receiver keeps it: "Failed to invoke barrier:
#          Connection timed out", exit 1, although READY=1 was delivered.
# Why:     a small relay that carries NOTIFY_SOCKET messages out of a sandbox or an enclave's launcher reads datagrams and
#          leaks their descriptors: start scripts under `set -e` then die after they have reported success.
set -euo pipefail
command -v systemd-notify >/dev/null || { echo "needs the Debian package systemd"; exit 2; }
[ "$(id -u)" = 0 ] || { echo "needs root: only root may name its parent as the sender"; exit 2; }
echo "systemd $(dpkg-query -W -f '${Version}' systemd)"
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
cat > "$d/t.py" <<'E'
import array, os, socket, struct, subprocess, sys
path = sys.argv[1] + '/notify'
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind(path); s.settimeout(20)
for keep in (False, True):
    shell = subprocess.Popen(['sh', '-c', 'systemd-notify --ready; exit $?'], env=dict(os.environ, NOTIFY_SOCKET=path),
                             stderr=subprocess.PIPE, text=True)
    for _ in range(2):
        message, control, _, _ = s.recvmsg(4096, 4096)
        pid, fds = None, array.array('i')
        for level, kind, data in control:
            if kind == socket.SCM_RIGHTS: fds.frombytes(data)
            if kind == socket.SCM_CREDENTIALS: pid = struct.unpack('3i', data)[0]
        print('keep' if keep else 'close', message.decode(), 'parent' if pid == shell.pid else 'itself', len(fds), 'descriptors')
        if not keep:
            for fd in fds: os.close(fd)
    error = shell.stderr.read().strip()
    print('exit', shell.wait(), error)
E
out=$(/usr/bin/python3 "$d/t.py" "$d"); echo "$out"
want='close READY=1 parent 0 descriptors
close BARRIER=1 itself 1 descriptors
exit 0 
keep READY=1 parent 0 descriptors
keep BARRIER=1 itself 1 descriptors
exit 1 Failed to invoke barrier: Connection timed out'
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
