#!/bin/bash
# Where 127.0.0.1 is the only address, glibc takes IPv4 for absent: AF_INET with AI_ADDRCONFIG finds no name; with 127.0.0.2 it does.
#
# Versions: Debian libc6 2.36-9+deb12u14, python3 3.11.2-1+b1, iproute2 6.1.0-3.
# Guess:    AI_ADDRCONFIG looks whether an interface has an address of the family, and any address will do; or loopback as a whole does
#           not count, as getaddrinfo(3) says ("the loopback address is not considered").
# Seen:     with 127.0.0.1 alone AF_INET and AI_ADDRCONFIG: "Name or service not known", though the name stands in /etc/hosts; AF_UNSPEC
#           finds it. With 127.0.0.2 beside it on lo both do: exactly one address is left out, not the network.
# Why:      an enclave, or a container without a network, has nothing else: "getent ahostsv4" and programs that ask for IPv4 alone say that
#           the name does not exist, and every look at DNS shows that it does. "ip addr add 127.0.0.2/8 dev lo" mends it.
set -euo pipefail
((EUID == 0)) || { echo "needs root, for a network namespace" >&2; exit 1; }
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
printf '127.0.0.1 localhost\n192.0.2.7 prices.test\n' > "$d/hosts"
cat > "$d/ask.py" <<'P'
import socket
for name, family in (('AF_INET', socket.AF_INET), ('AF_UNSPEC', socket.AF_UNSPEC)):
    try:
        found = socket.getaddrinfo('prices.test', 443, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)[0][4][0]
    except socket.gaierror as ex:
        found = ex.strerror
    print(f'{name}: {found}')
P
cat > "$d/inside" <<'P'
ip link set lo up
mount --bind "$1/hosts" /etc/hosts
echo "127.0.0.1 alone"; /usr/bin/python3 "$1/ask.py"
ip addr add 127.0.0.2/8 dev lo
echo "and 127.0.0.2"; /usr/bin/python3 "$1/ask.py"
P
out=$(unshare --net --mount bash "$d/inside" "$d"); echo "$out"
expected='127.0.0.1 alone
AF_INET: Name or service not known
AF_UNSPEC: 192.0.2.7
and 127.0.0.2
AF_INET: 192.0.2.7
AF_UNSPEC: 192.0.2.7'
[[ $out == "$expected" ]] || { echo "CHANGED" >&2; exit 1; }
