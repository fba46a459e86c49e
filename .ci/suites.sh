# The suites beside `dotnet test`: each has a runner that says in its last line what came of it. Sourced by .ci/run.

# sum_of KIND FILE: from the runner's last line, "KIND: N passed, N failed, N skipped".
sum_of() { sed -n "s/^$1: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped\$/\1 \2 \3/p" "$2"; }

# failed_suites KIND FILE: their names, as the lines of failed checks begin with them.
failed_suites() { sed -n "s/^not ok - \($1: \)\?\([a-z0-9-]*\).*/\2/p" "$2" | sort -u; }

# run_suites KIND [OPTION…]: runs tests/KIND, and once more the suites of it that failed on a machine that was starved.
run_suites() {
  local kind=$1 runner=tests/$1/run file=$scratch/$1 since=$EPOCHSECONDS status suites p f s p2 f2 s2
  shift
  "$runner" "$@" | tee "$file"
  status=$?
  read -r p f s < <(sum_of "$kind" "$file") || { not_ok "$runner comes to its end"; return; }
  # A runner that failed has something to show, and one that passed has run something.
  ((f > 0 || (status == 0 && p > 0))) || not_ok "$runner passes: exit status $status, $p passed"
  if ((f > 0)) && starved_since "$since"; then
    suites=$(failed_suites "$kind" "$file")
    echo "# once more:" $suites
    case $kind in
      browser) "$runner" ;;   # is one suite
      scenarios) "$runner" "$@" --only "${suites//$'\n'/,}" ;;
      *) "$runner" $suites ;;
    esac | tee "$file.again"
    local all=$((p + f + s)) first
    first=$(grep -cE "^ok - ($kind: )?(${suites//$'\n'/|})\\b.* # SKIP " "$file")
    # Only one that ran whole and passed takes the place of the first.
    if read -r p2 f2 s2 < <(sum_of "$kind" "$file.again") && ((f2 == 0 && p2 >= f)); then
      sed -n 's/^not ok - //p' "$file" >> "$scratch/again"
      f=0 s=$((s - first + s2)) p=$((all - s))
      cat "$file.again" >> "$file"
    fi
  fi
  count "$p" "$f" "$s"
}

# What was skipped by `dotnet test` because this machine has no AF_VSOCK must have passed in the VM. (A skipped theory has
# no arguments in its name, one that ran has.)
skipped_ran_in_vm() {
  local outcome name message count=0 missing=0
  while IFS=$'\t' read -r outcome name message; do
    [[ $outcome == NotExecuted && $name == ParentProxy.Vsock.Tests.* ]] || continue
    count=$((count + 1))
    grep -F "ok - vsock-library: $name" "$scratch/vm" | grep -v -e '^not ok' -e '# SKIP' |
      awk -v name="ok - vsock-library: $name" '$0 == name || index($0, name "(") == 1 { found = 1 } END { exit !found }' ||
      { echo "passed nowhere: $name"; missing=$((missing + 1)); }
  done < "$scratch/tests"
  echo "$((count - missing)) of the $count vsock tests that were skipped on this machine passed in the VM"
  ((missing == 0))
}
