# What `doctor` says of vsock where there is some: trials over loopback, listeners that are not ours, CIDs that nobody has, and an
# enclave that is well. And what `ping` says.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"

port=76330
report=$work/report

# proxy ARGUMENT…: runs the program to its end; its output goes to $report, its status to $exit_status.
proxy() {
  "$PARENT_PROXY" "$@" > "$report" 2>&1
  exit_status=$?
  sed "s/^/$1: /" "$report"
}

# A new release of systemd has sshd there; the proxy of AWS is where Egress wants to be.
listen() {
  start sshd socat VSOCK-LISTEN:22,fork SYSTEM:true
  start vsock-proxy socat VSOCK-LISTEN:8443,fork SYSTEM:true
  wait_until 30 listening 22 && wait_until 30 listening 8443 || fail "socat does not listen"
}
listening() { ss --vsock -l | grep -q ":$1 "; }

look() {
  cat > "$work/doctor.json" <<JSON
{
  "Enclaves": [
    { "Id": "well", "Cid": 1, "Port": $port },
    { "Id": "nobody", "Cid": 1, "Port": 76331 },
    { "Id": "nowhere", "Cid": 77, "Port": 6300 }
  ],
  "Egress": {
    "Allow": [ { "Hosts": [ "a.example:443" ] } ],
    "Forwards": [ { "Listen": "vsock://any:8443", "To": "a.example:443" }, { "Listen": "vsock://any:8444", "To": "a.example:443" } ]
  },
  "Timeouts": { "Connect": "00:00:20" },
  "Health": { "Probe": { "Timeout": "00:00:20" } }
}
JSON
  proxy doctor --config "$work/doctor.json"
  equal "exit status" "$exit_status" 1
}

# says STATUS CHECK TEXT…: a line of the report, and one behind it.
says() { grep -qE "^  $1 +$2 +.*$3" "$report" || fail "no '$1 $2 … $3' in: $(grep -F " $2 " "$report")"; }

transport() { says OK vsock-transport . && says OK vsock-socket .; }
trials() { says OK vsock-large-writes 'came over loopback as it was sent' && says OK vsock-small-writes 'came as they were sent'; }
foreign() {
  says WARN vsock-listeners 'socat \(pid [0-9]+\) listens on vsock port 22: every enclave can reach it' || return
  grep -q 'do    systemd 256 and later starts sshd there' "$report" || { fail "no word of sshd"; return; }
  says FAIL vsock-listeners 'port 8443 is one of Egress, and socat \(pid [0-9]+\) listens there'
}
ports() { says FAIL listener 'vsock://any:8443: EADDRINUSE: socat' && says OK listener 'vsock://any:8444: free'; }
nobody() { says FAIL enclave-dial 'nobody: vsock://1:76331: ECONNRESET' ; }
nowhere() { says FAIL enclave-dial 'nowhere: vsock://77:6300: ENODEV'; }
well() { says OK enclave-dial well: && says OK enclave-probe well: && says OK enclave-echo 'well: 256 KiB came back as they were sent'; }

ping_it() {
  proxy ping "vsock://1:$port" -c 3 -i 0.1 -W 20
  equal "exit status" "$exit_status" 0 && contains "statistics" "$(cat "$report")" "3 sent, 3 ok, 0 failed, 0 % loss" || return
  proxy ping vsock://1:76331 -c 1 --connect -W 20
  equal "exit status" "$exit_status" 1 && contains "error" "$(cat "$report")" "ECONNRESET"
}

it "an enclave on vsock" start_simulator "vsock://4294967295:$port"
it "programs that are not ours listen on vsock" listen
it "doctor ends with 1" look
it "the way to enclaves is there" transport
it "large and small writes are tried over loopback" trials
it "foreign listeners are named with their processes" foreign
it "a port of Egress that another has is told from one that is free" ports
it "a port without a listener is ECONNRESET" nobody
it "a CID that nobody has is ENODEV" nowhere
it "an enclave that is well is dialled, probed, and echoes 256 KiB" well
it "ping tells times and errors" ping_it
