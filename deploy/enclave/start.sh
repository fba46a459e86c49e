#!/bin/sh
# Start script of an enclave: brings names, HTTPS and the log to the parent, where parent-proxy listens, then starts the application.
# Needs a shell, socat and grep. In the Dockerfile:
#
#   COPY start.sh /start.sh
#   ENTRYPOINT ["/start.sh", "/app/server"]
#
# without a CMD: where there is one, nitro-cli starts that alone.
#
#   PARENT_CID=3       the parent, as an enclave sees it
#   PROXY_PORT=3128    vsock port of Egress:Connect; empty for none
#   DNS_PORT=53        vsock port of Egress:Dns; empty for none
#   LOGS_PORT=         vsock port of Egress:Logs, for what the application prints; empty for none
#   READY_SECONDS=60   how long the parent may take to listen
set -eu
parent=${PARENT_CID:-3} proxy=${PROXY_PORT-3128} dns=${DNS_PORT-53} logs=${LOGS_PORT-} patience=${READY_SECONDS:-60}

say() { echo "start.sh: $*" >&2; }

# bridge ADDRESS PORT [OPTION…]: socat ends when it may not listen; it is started again.
bridge() {
  address=$1 port=$2
  shift 2
  while :; do
    socat "$@" "$address,bind=127.0.0.1,fork,reuseaddr" "VSOCK-CONNECT:$parent:$port" || say "socat for port $port ended: $?"
    sleep 1
  done &
}

# wait_for WHAT COMMAND…
wait_for() {
  what=$1 left=$patience
  shift
  until "$@" 2> /dev/null; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { say "$what: not after $patience s"; exit 1; }
    sleep 1
  done
}
listens() { grep -q "0100007F:$1 00000000:0000 0A" /proc/net/tcp; }
answers() { socat -u OPEN:/dev/null "VSOCK-CONNECT:$parent:$1"; }

# With no address but 127.0.0.1 glibc takes IPv4 for absent: look-ups for it alone with AI_ADDRCONFIG fail.
{ ip link set lo up && ip addr add 127.0.0.2/8 dev lo; } 2> /dev/null ||
  { ifconfig lo 127.0.0.1 up && ifconfig lo:1 127.0.0.2; } 2> /dev/null || true

if [ -n "$logs" ]; then
  pipe=$(mktemp -u)
  mkfifo "$pipe"
  # It holds both ends open, so that nothing is lost, and nobody killed, while the parent restarts.
  while :; do socat -u STDIN "VSOCK-CONNECT:$parent:$logs" || true; sleep 1; done 0<> "$pipe" &
  exec > "$pipe" 2>&1
fi

if [ -n "$dns" ]; then
  # glibc asks over TCP then, where no answer is lost; musl and busybox use the second bridge.
  printf 'nameserver 127.0.0.1\noptions use-vc\n' > /etc/resolv.conf
  bridge TCP4-LISTEN:53,backlog=128 "$dns"
  bridge UDP4-LISTEN:53 "$dns" -T 5
  wait_for "the parent's DNS on vsock port $dns" answers "$dns"
  wait_for "the bridge to it" listens 0035
fi

if [ -n "$proxy" ]; then
  bridge TCP4-LISTEN:3128,backlog=128 "$proxy"
  wait_for "the parent's HTTP proxy on vsock port $proxy" answers "$proxy"
  wait_for "the bridge to it" listens 0C38
  export HTTPS_PROXY=http://127.0.0.1:3128 HTTP_PROXY=http://127.0.0.1:3128 NO_PROXY=127.0.0.1,localhost
  export https_proxy=$HTTPS_PROXY http_proxy=$HTTP_PROXY no_proxy=$NO_PROXY
fi

exec "$@"
