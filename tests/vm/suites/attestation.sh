# Attestation over real AF_VSOCK: the command and the proxy against simulated enclaves. CID 1 is this machine: the enclaves differ by
# their ports, where real ones differ by their CIDs.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"

pki=$work/pki.pem root=$work/root.pem
any=vsock://4294967295

# enclave NAME PORT [ARGUMENT…]: serves on PORT and attests there over HTTP, with JSON lines on PORT+3000. All have one root.
enclave() {
  local name=$1 port=$2
  shift 2
  start "$name" simulator --listen "$any:$port" --name "$name" --attestation-listen "$any:$((port + 3000))" --attestation-pki "$pki" \
    --attestation-root "$root" "$@"
  came_up "enclave $name" log_has "$log" "attestation on"
}

enclaves() {
  enclave good 6001 --image good && enclave other 6002 --image other && enclave debug 6003 --image good --debug-image \
    && enclave again 6004 --image good
}

# Whom this machine trusts otherwise has no part in it, and to load those certificates takes each process seconds under emulation.
nobody=(SSL_CERT_FILE="$work/none" SSL_CERT_DIR="$work/none")

attest() { env "${nobody[@]}" "$PARENT_PROXY" attest "$@" < /dev/null 2>&1; }
pcr0() { attest "vsock://1:$1" --no-verify --json | grep -o '"0": *"[0-9a-f]*"' | head -n 1 | grep -o '[0-9a-f]\{96\}'; }

learns_the_pin() {
  good=$(pcr0 9001)
  [[ ${#good} == 96 ]] || fail "no PCR0: $(attest vsock://1:9001 --no-verify)"
}

# says STATUS TEXT ARGUMENT…: what the command exits with, and a part of what it prints.
says() {
  local status=$1 text=$2 out
  shift 2
  out=$(attest "$@")
  equal "exit status of attest $*" "$?" "$status" || { reason+=": $out"; return 1; }
  contains "the output" "$out" "$text"
}

command_verifies() {
  says 0 VERIFIED vsock://1:9001 --root "$root" --pcr0 "$good" || return
  says 0 '"verified": true' --cid 1 --port 9001 --root "$root" --pcr0 "$good" --nonce challenge-123 --user-data session --generate-key --json || return
  says 0 VERIFIED vsock://1:6001 --http --root "$root" --pcr0 "$good" || return
  says 0 'Pong!' vsock://1:9001 --ping || return
  says 0 running vsock://1:9001 --status
}

command_rejects() {
  says 1 pcr-mismatch vsock://1:9002 --root "$root" --pcr0 "$good" --json || return
  says 1 debug-mode vsock://1:9003 --root "$root" --pcr0 "$good" --json || return
  says 1 untrusted-root vsock://1:9001 --pcr0 "$good" --json || return
  says 1 ECONNRESET vsock://1:9099 --root "$root" --pcr0 "$good"
}

starts_enforcing() {
  start_proxy proxy "${nobody[@]}" \
    Enclaves__0__Id=good Enclaves__0__Cid=1 Enclaves__0__Port=6001 \
    Enclaves__1__Id=other Enclaves__1__Cid=1 Enclaves__1__Port=6002 \
    Enclaves__2__Id=debug Enclaves__2__Cid=1 Enclaves__2__Port=6003 \
    Enclaves__3__Id=again Enclaves__3__Cid=1 Enclaves__3__Port=6004 \
    Attestation__Mode=enforce Attestation__Root="$root" Attestation__Pcrs__0__0="$good" Attestation__Interval=00:00:02 || return
  wait_until "$PATIENCE" is good healthy || fail "$(enclave_json)"
}

enclave_json() { curl -sS -m 20 "$admin/enclaves" | tr -d ' \n'; }
of() { grep -o "\"id\":\"$1\".*" <<< "$(enclave_json)" | sed 's/"totals".*//'; }
is() { [[ $(of "$1") == *"\"state\":\"$2\""* ]]; }
because() { [[ $(of "$1") == *'"verdict":"rejected","reason":"'"$2"'"'* ]]; }

# rejected ENCLAVE CODE: it is out for this reason, and the good one serves.
rejected() {
  wait_until "$PATIENCE" because "$1" "$2" || { fail "$1 is not rejected for $2: $(of "$1")"; return; }
  wait_until "$PATIENCE" is "$1" untrusted || { fail "$1 is not untrusted: $(of "$1")"; return; }
  others_serve "$1"
}

# others_serve ENCLAVE: none but those with the right image, and not this one.
others_serve() {
  local names name
  names=$(curl -sS -m 60 -o /dev/null -D - "$public/echo?[1-6]" | tr -d '\r' | sed -n 's/^X-Enclave: //p')
  equal "the number of answers" "$(wc -w <<< "$names")" 6 || return
  for name in $names; do
    [[ ( $name == good || $name == again ) && $name != "$1" ]] || { fail "answered by '$name'"; return; }
  done
}

# control PORT QUERY: changes what an enclave attests.
control() {
  printf 'GET /control/attestation?%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$2" \
    | timeout 60 socat -t 30 - "VSOCK-CONNECT:1:$1" | grep -q '^HTTP/1.1 200' || fail "/control/attestation?$2 on $1"
}

# One with the right image goes wrong in one way after the other, and is back each time when it is right.
turns_bad() {
  local fault=$1 code=$2
  wait_until "$PATIENCE" is again healthy || { fail "not trusted with the right image: $(of again)"; return; }
  control 6004 "fault=$fault" && rejected again "$code" || return
  control 6004 fault=none || return
  wait_until "$PATIENCE" is again healthy || fail "not trusted again: $(of again)"
}

is_custom() {
  contains "/enclaves" "$(of good)" '"trust":"custom"' || return
  contains "/metrics" "$(curl -sS -m 20 "$admin/metrics" | grep '^parentproxy_attestation_info')" 'trust="custom"' || return
  contains "/metrics" "$(curl -sS -m 20 "$admin/metrics" | grep '^parentproxy_attestation_verdict.*enclave="debug".*verdict="rejected"')" " 1"
}

over_json_lines() {
  stop "$proxy" || return
  start_proxy lines "${nobody[@]}" Enclaves__0__Id=good Enclaves__0__Cid=1 Enclaves__0__Port=6001 \
    Attestation__Mode=enforce Attestation__Protocol=jsonl Attestation__Port=9001 Attestation__Root="$root" Attestation__Pcrs__0__0="$good" || return
  wait_until "$PATIENCE" is good healthy || { fail "$(of good)"; return; }
  wait_until "$PATIENCE" served || fail "not served"
}

client_asks() {
  local answer
  answer=$(curl -sS -m 30 "$public/attestation?nonce=mine-123") || { fail "no answer"; return; }
  contains "the answer" "$answer" '"nonce":"mine-123"' || return
  printf '%s' "$answer" > "$work/answer.json"
  says 0 VERIFIED --file "$work/answer.json" --nonce mine-123 --root "$root" --pcr0 "$good"
}

it "three simulated enclaves attest on vsock" enclaves
it "attest --no-verify: what an unverified document says" learns_the_pin
it "attest: verified over JSON lines and HTTP, ping, status" command_verifies
it "attest: another image, debug mode, an unknown root, nobody there" command_rejects
it "enforce: the good one is let in" starts_enforcing
it "enforce: the wrong image is out, the good one serves" rejected other pcr-mismatch
it "enforce: debug mode is out, the good one serves" rejected debug debug-mode
it "enforce: a stale document takes it out" turns_bad stale freshness
it "enforce: a replayed document takes it out" turns_bad replay nonce
it "enforce: a wrong nonce takes it out" turns_bad wrong-nonce nonce
it "enforce: a custom root takes it out" turns_bad other-root untrusted-root
it "a custom root shows" is_custom
it "a client's own question passes through, and its answer verifies" client_asks
it "enforce over JSON lines" over_json_lines
