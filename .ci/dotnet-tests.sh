# The command of the README, as it stands there. Sourced by .ci/run.

# The environment adds result files to it, and has it test what was built before (the default would build all in Debug).
dotnet_tests() {
  VSTestLogger=trx VSTestResultsDirectory=$scratch/results Configuration=Release dotnet test | tee "$scratch/dotnet"
}

# Those with these names, "|" between them. Theories are run with all their arguments.
dotnet_tests_again() {
  VSTestLogger=trx VSTestResultsDirectory=$scratch/results.again Configuration=Release \
    dotnet test --no-build --filter "$(sed 's/|/|FullyQualifiedName=/g; s/^/FullyQualifiedName=/' <<< "$1")"
}

# table FOLDER: one line for each test in it: outcome, name, message.
table() { local file; for file in "$1"/*.trx; do [[ ! -f $file ]] || awk -f tests/harness/trx.awk "$file"; done; }

failed_dotnet_tests() { awk -F '\t' '$1 != "Passed" && $1 != "NotExecuted" { print $2 }' "$scratch/tests"; }

# repeat_dotnet_tests SINCE: many failures are no accident, and a test host that crashed has not told of all.
repeat_dotnet_tests() {
  local names name count
  count=$(failed_dotnet_tests | wc -l)
  ((count > 0 && count <= 10)) && ! grep -qiE 'Test Run Aborted|Catastrophic failure' "$scratch/dotnet" && starved_since "$1" || return 0
  names=$(failed_dotnet_tests | sed 's/(.*//' | sort -u | paste -s -d '|')
  echo "# once more: ${names//|/ }"
  dotnet_tests_again "$names"
  table "$scratch/results.again" > "$scratch/tests.again"
  while IFS= read -r name; do
    grep -qF "Passed"$'\t'"$name"$'\t' "$scratch/tests.again" || continue
    name=$name awk -F '\t' '$1 != "Passed" && $2 == ENVIRON["name"] { print $2 ": " $3; exit }' "$scratch/tests" >> "$scratch/again"
    name=$name awk -F '\t' '$2 == ENVIRON["name"] { $0 = "Passed\t" $2 "\t" } { print }' \
      "$scratch/tests" > "$scratch/tests.new" && mv "$scratch/tests.new" "$scratch/tests"
  done < <(failed_dotnet_tests)
}

# A project whose host crashed has left no results, whatever the exit status was explained by.
every_project_has_results() {
  local results=("$scratch"/results/*.trx) projects=(tests/*.Tests)
  ((${#results[@]} == ${#projects[@]}))
}

# Certificates are valid in UTC, and libraries like to ask this machine which time it is.
attestation_tests_in_tokyo() {
  [[ -e /usr/share/zoneinfo/Asia/Tokyo ]] && TZ=Asia/Tokyo dotnet test tests/ParentProxy.Attestation.Tests -c Release --no-build
}

run_dotnet_tests() {
  local since=$EPOCHSECONDS status outcome name message p=0 f=0 s=0
  dotnet_tests
  status=$?
  table "$scratch/results" > "$scratch/tests"
  repeat_dotnet_tests "$since"
  while IFS=$'\t' read -r outcome name message; do
    case $outcome in
      Passed) p=$((p + 1)) ;;
      NotExecuted) s=$((s + 1)); echo "skipped: $name: ${message:-no reason given}" ;;
      *) f=$((f + 1)); echo "not ok - $name: $message" ;;
    esac
  done < "$scratch/tests"
  count "$p" "$f" "$s"
  echo "dotnet test: $p passed, $f failed, $s skipped"
  check "attestation documents are judged alike in another time zone" attestation_tests_in_tokyo
  check "every test project has results" every_project_has_results
  ((p + f + s > 0)) || not_ok "dotnet test runs any test"
  # A test project that does not build, or crashes, has no failed test to show.
  ((f > 0)) || [[ -s $scratch/again ]] || check "dotnet test ends with exit status 0" test "$status" -eq 0
}
