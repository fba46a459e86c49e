# The tests of the vsock library that need AF_VSOCK, where CID 1 can be bound: one result for each. The others pass on
# any machine, and under emulation they would only take time.
source /out/settings
source "$REPO/tests/vm/guest/lib.sh"

assembly=$REPO/tests/ParentProxy.Vsock.Tests/bin/$CONFIGURATION/net10.0/ParentProxy.Vsock.Tests.dll
trx=$work/vsock.trx
cd "$work" || exit 1
# The assembly runs its tests itself: `dotnet test` would start two more programs, each of them slow to come up here.
timeout 500 "$DOTNET_ROOT/dotnet" "$assembly" -noColor -noLogo -maxThreads 2 -namespace "ParentProxy.Vsock.Tests.Live" -trx "$trx"
status=$?

[[ -s $trx ]] || { not_ok "runs" "no results, exit status $status, see logs/$SUITE.log"; exit 0; }
awk -f "$REPO/tests/harness/trx.awk" "$trx" > "$work/tests" && [[ -s $work/tests ]] || not_ok "runs any test" "none in the results"
failures=0
while IFS=$'\t' read -r outcome name message; do
  case $outcome in
    Passed) ok "$name" ;;
    NotExecuted) skip "$name" "${message:-no reason given}" ;;
    *) not_ok "$name" "$outcome: $message"; failures=$((failures + 1)) ;;
  esac
done < "$work/tests"
# A runner that crashed between two tests has no failed test to show.
((status == 0 || failures > 0)) || not_ok "runs to its end" "exit status $status"
