# Passthrough over real AF_VSOCK: TLS that ends in the enclave, ends and resets, large and small writes. The same through socat
# beside it, of which is only told what happens.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"

tls_port=76443 peer_port=76444
tls_front=8443 peer_front=8444 socat_front=8445
mebibytes=16
large=2097152   # bytes, for sockets on both sides

# --- TLS --------------------------------------------------------------------------------------------------------------

tls_enclave() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=enclave.test \
    -addext subjectAltName=DNS:enclave.test -keyout "$work/key.pem" -out "$work/cert.pem" 2> /dev/null || { fail "openssl req"; return; }
  # OpenSSL has no vsock.
  start s_server openssl s_server -accept 127.0.0.1:4433 -cert "$work/cert.pem" -key "$work/key.pem" -www
  came_up "openssl s_server" log_has "$log" ACCEPT || return
  start tls-enclave socat "VSOCK-LISTEN:$tls_port,fork,reuseaddr,backlog=128" TCP:127.0.0.1:4433
}

tls_curl() {
  local answer
  answer=$(curl -sS -m 60 --cacert "$work/cert.pem" --resolve "enclave.test:$tls_front:127.0.0.1" \
    -w '%{ssl_verify_result} %{http_code}' "https://enclave.test:$tls_front/" 2>&1) || { fail "curl: $answer"; return; }
  contains "the page" "$answer" "s_server -accept" && contains "the end" "${answer: -5}" "0 200"
}

tls_openssl() {
  local answer own seen
  answer=$(printf 'GET / HTTP/1.0\r\n\r\n' | timeout 60 openssl s_client -connect "127.0.0.1:$tls_front" -servername enclave.test \
    -CAfile "$work/cert.pem" -verify_return_error -ign_eof 2>&1) || { fail "s_client: $answer"; return; }
  contains "what it says" "$answer" "Verify return code: 0 (ok)" || return
  own=$(openssl x509 -in "$work/cert.pem" -noout -fingerprint)
  seen=$(sed -n '/BEGIN CERT/,/END CERT/p' <<< "$answer" | openssl x509 -noout -fingerprint)
  equal "the certificate" "$seen" "$own"
}

# --- Bytes ------------------------------------------------------------------------------------------------------------

# peer NAME FRONT BUFFER_BYTES WHICH: sets $said, one line for each check.
peer() {
  said=$work/$1.said
  timeout 300 /usr/bin/python3 "$REPO/tests/vm/guest/passthrough-peer.py" "$2" "$peer_port" "$mebibytes" "$3" "$4" > "$said" 2>&1 ||
    echo "not ok it comes to its end: $(tail -n 1 "$said")" >> "$said"
  sed 's/^/peer: /' "$said"
  grep -q '^ok ' "$said"
}

# Each check of ours counts.
ours() {
  local line name
  peer "$@" || { fail "no check passes: $(tail -n 3 "$said")"; return; }
  while IFS= read -r line; do
    case $line in
      "ok "*) ok "$1: ${line#ok }" ;;
      "not ok "*) name=${line#not ok }; not_ok "$1: ${name%%:*}" "${name#*: }" ;;
    esac
  done < "$said"
}

beside() {
  start socat socat "TCP-LISTEN:$socat_front,bind=127.0.0.1,fork,reuseaddr,backlog=128" "VSOCK-CONNECT:1:$peer_port"
  peer "$@"
  while IFS= read -r line; do note "$SUITE: socat: $line"; done < <(grep -E '^(not )?ok ' "$said")
}

proxy() {
  start_proxy "$1" Timeouts__Drain=00:00:02 \
    Passthrough__0__Listen=127.0.0.1:$tls_front Passthrough__0__To=vsock://1:$tls_port Passthrough__0__ConnectTimeout=00:00:15 \
    Passthrough__1__Listen=127.0.0.1:$peer_front Passthrough__1__To=vsock://1:$peer_port Passthrough__1__ConnectTimeout=00:00:15 \
    Health__Probe__Timeout=00:00:15 "${@:2}"
}

stops() {
  stop "$proxy"
  equal "exit status" "$exit_status" 0
}

it "an enclave with TLS listens on vsock" tls_enclave
it "parent-proxy starts with nothing but passthrough listeners" proxy parent-proxy
it "HTTPS with curl, verified with the certificate of the enclave" tls_curl
it "openssl s_client sees the certificate of the enclave" tls_openssl
it "bytes" ours bytes "$peer_front" 0 .
it "it stops" stops
it "parent-proxy starts with Vsock:BufferBytes $large" proxy parent-proxy-large Vsock__BufferBytes=$large
it "bytes with large buffers" ours large-buffers "$peer_front" "$large" "large|small"
it "it stops" stops
beside socat "$socat_front" 0 "shuts|large|small" || note "$SUITE: through socat nothing passed"
