# Egress over real AF_VSOCK: an enclave, which here is a network namespace with nothing but its loopback, resolves names and fetches
# HTTPS; first with socat's lines as they are written everywhere, then with those that docs/egress.md recommends.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"

dns_port=53 connect_port=3128 forward_port=8443 logs_port=8011 time_port=1123 file_port=9100
https=4433
name=prices.test denied=elsewhere.test
dig_line=(dig +tries=1 +time=20)

# --- The parent's world -------------------------------------------------------------------------------------------------

resolver() {
  # A record of 60 strings is no answer for UDP.
  local strings=() i
  for i in {1..60}; do strings+=("$(printf 'v=%02d-%040d' "$i" 0)"); done
  (IFS=,; echo "txt-record=large.test,${strings[*]}") > "$work/dnsmasq.conf"
  start resolver dnsmasq --keep-in-foreground --port=5353 --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts \
    --user=root --pid-file= --conf-file="$work/dnsmasq.conf" --log-facility=- --log-queries --local=/test/ \
    --host-record="$name,127.0.0.1" --host-record="large.test,127.0.0.1" --host-record="$denied,127.0.0.1"
  came_up dnsmasq answers_dns
}
answers_dns() { [[ $("${dig_line[@]}" +short -p 5353 @127.0.0.1 "$name" 2> /dev/null) == 127.0.0.1 ]]; }

origin() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" \
    -addext "subjectAltName=DNS:$name" -keyout "$work/key.pem" -out "$work/cert.pem" 2> /dev/null || { fail "openssl req"; return; }
  start origin openssl s_server -accept "127.0.0.1:$https" -cert "$work/cert.pem" -key "$work/key.pem" -www
  came_up "openssl s_server" log_has "$log" ACCEPT
}

proxy() {
  echo "from the parent" > "$work/config.json"
  cat > "$work/settings.json" << JSON
{
  "Egress": {
    "Allow": [
      { "Cids": [1], "Hosts": ["$name:$https", "large.test:443", "127.0.0.1:$https"] }
    ],
    "Forwards": [ { "Listen": "vsock://any:$forward_port", "To": "$name:$https" } ],
    "Connect": { "Listen": "vsock://any:$connect_port" },
    "Dns": { "Listen": "vsock://any:$dns_port", "Upstreams": ["127.0.0.1:5353"] },
    "Logs": { "Listen": "vsock://any:$logs_port" },
    "Time": { "Listen": "vsock://any:$time_port" },
    "Files": [ { "Listen": "vsock://any:$file_port", "Path": "$work/config.json", "Cids": [1] } ]
  },
  "Serilog": { "MinimumLevel": { "Override": { "ParentProxy.Egress": "Debug" } } }
}
JSON
  start_proxy parent-proxy PARENTPROXY_CONFIG="$work/settings.json" Log__Format=text
}

# --- The enclave --------------------------------------------------------------------------------------------------------

# enclave NAME RESOLV_CONF BRIDGE…: a namespace without a network, and a resolv.conf of its own.
enclave() {
  local name=$1 bridge
  printf '%b' "$2" > "$work/$name.resolv.conf"
  shift 2
  cat > "$work/$name.sh" << SH
ip link set lo up
mount --bind "$work/$name.resolv.conf" /etc/resolv.conf
echo \$\$ > "$work/$name.pid"
$(for bridge in "$@"; do echo "socat $bridge &"; done)
sleep infinity
SH
  rm -f "$work/$name.pid"
  start "$name" unshare --net --mount bash "$work/$name.sh"
  enclave=$work/$name.pid
  came_up "$name" bridges_listen "$#"
}
bridges_listen() { [[ -s $enclave ]] && (($(inside ss -Hln 2> /dev/null | grep -cE '^(tcp|udp)') >= $1)); }
inside() { nsenter --target "$(cat "$enclave")" --net --mount "$@"; }

seed() {
  enclave seed 'nameserver 127.0.0.1\n' \
    "UDP4-LISTEN:53,fork,reuseaddr VSOCK-CONNECT:1:$dns_port" \
    "TCP4-LISTEN:$https,fork,reuseaddr VSOCK-CONNECT:1:$forward_port"
}

# As deploy/enclave/start.sh makes it, with this machine in the place of the parent.
recommended() {
  : > "$work/recommended.resolv.conf"
  cat > "$work/recommended.sh" << SH
mount --bind "$work/recommended.resolv.conf" /etc/resolv.conf
echo \$\$ > "$work/recommended.pid"
PARENT_CID=1 DNS_PORT=$dns_port PROXY_PORT=$connect_port LOGS_PORT=$logs_port exec "$REPO/deploy/enclave/start.sh" \
  sh -c 'echo "the application begins with \$HTTPS_PROXY"; sleep infinity'
SH
  rm -f "$work/recommended.pid"
  start recommended unshare --net --mount bash "$work/recommended.sh"
  enclave=$work/recommended.pid
  came_up start.sh log_has "$proxy_log" "the application begins with http://127.0.0.1:3128"
}

resolves() {
  local answer
  answer=$(inside "${dig_line[@]}" "$@" +short "$name" 2>&1)
  equal "dig $*" "$answer" 127.0.0.1
}

refuses_name() {
  local answer
  answer=$(inside "${dig_line[@]}" "$@" "$denied" 2>&1)
  contains "dig $*" "$answer" "status: NXDOMAIN" && contains "dig $*" "$answer" "EDE: 17 (Filtered)" || return
  wait_until "$PATIENCE" log_has "$proxy_log" "did not reach $denied" || fail "no line: $(tail -n 3 "$proxy_log")"
}

large() {
  local answer
  answer=$(inside "${dig_line[@]}" "$@" large.test TXT 2>&1)
  (($(grep -o 'v=[0-9][0-9]-' <<< "$answer" | wc -l) == 60)) || fail "dig $* has not the 60 strings: $answer"
}

fetches() {
  local answer
  answer=$(inside curl -sS -m 120 --cacert "$work/cert.pem" -w '%{ssl_verify_result} %{http_code}' "$@" "https://$name:$https/" 2>&1) ||
    { fail "curl: $answer"; return; }
  contains "the page" "$answer" "s_server -accept" && contains "the end" "${answer: -5}" "0 200"
}

refuses_tunnel() {
  local answer
  answer=$(inside curl -sS -m 120 -x http://127.0.0.1:3128 "https://$denied/" 2>&1) && { fail "curl came through"; return; }
  contains "curl" "$answer" "response 403" &&
    { wait_until "$PATIENCE" log_has "$proxy_log" "CID 1 did not reach $denied:443" || fail "no line: $(tail -n 3 "$proxy_log")"; }
}

# parallel COUNT: lookups and fetches at once, by glibc and the HTTP proxy.
parallel() {
  local i failed=0 lookups=()
  for ((i = 0; i < $1; i++)); do
    inside getent ahostsv4 "$name" > "$work/lookup.$i" 2>&1 &
    lookups+=($!)
  done
  for i in "${lookups[@]}"; do wait "$i" || ((failed++)); done
  equal "failed lookups" "$failed" 0
}

logs() {
  printf 'hello from the enclave\n{"level":"error","msg":"out of \\u001b[31mquotes","price":4711}\n' |
    timeout 60 inside socat -u - "VSOCK-CONNECT:1:$logs_port"
  wait_until "$PATIENCE" log_has "$proxy_log" "hello from the enclave" && wait_until "$PATIENCE" log_has "$proxy_log" 4711 ||
    { fail "no line: $(tail -n 3 "$proxy_log")"; return; }
  ! grep -q $'\e' "$proxy_log" || fail "an escape in the log"
}

tells_time() {
  local answer
  answer=$(echo time | timeout 60 inside socat -t 30 - "VSOCK-CONNECT:1:$time_port")
  [[ $answer =~ ^20[0-9]{2}-[0-9-]+T[0-9:.]+Z\ error=[0-9.]+\ synchronized=(true|false)\ leap=[a-z]+\ source=kernel$ ]] ||
    fail "the time is '$answer'"
}

hands_file() {
  local answer
  answer=$(timeout 60 inside socat -u "VSOCK-CONNECT:1:$file_port" -)
  equal "the file" "$answer" "from the parent" || return
  echo "renewed" > "$work/config.new" && mv "$work/config.new" "$work/config.json"
  answer=$(timeout 60 inside socat -u "VSOCK-CONNECT:1:$file_port" -)
  equal "the file" "$answer" renewed
}

hears_itself() {
  wait_until 90 log_has "$proxy_log" "hears" || { fail "no self-check: $(tail -n 3 "$proxy_log")"; return; }
  contains "the metric" "$(curl -sS -m 60 "$admin/metrics" | grep '^parentproxy_egress_listener_up.*:3128')" "} 1"
}

stops() {
  stop "$proxy"
  equal "exit status" "$exit_status" 0
}

it "a resolver on the parent" resolver
it "a server with TLS that only the parent reaches" origin
it "parent-proxy starts with nothing but egress" proxy
it "the enclave of the guides: one line of socat for names, one for HTTPS" seed
it "dig" resolves +notcp
it "dig for a name that no rule names" refuses_name +notcp
it "curl by name, through a forward" fetches
it "the recommended enclave: names over a stream, and the HTTP proxy" recommended
it "dig +tcp" resolves +tcp
it "dig for a large answer, which comes by TCP" large
it "dig +tcp for a name that no rule names" refuses_name +tcp
it "curl through the HTTP proxy" fetches -x http://127.0.0.1:3128
it "curl for what no rule names" refuses_tunnel
it "20 lookups at once" parallel 20
it "lines of the enclave reach the log" logs
it "the time" tells_time
it "a file, and the one that replaced it" hands_file
it "the listeners hear a connection of this machine" hears_itself
it "it stops" stops
