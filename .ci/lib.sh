# What the steps of the gate share: results, the table of minutes, lanes. Sourced by .ci/run, which sets $scratch.
# Everything is written to files, because lanes run in processes of their own.

title()   { printf '\n== %s (after %s)\n' "$*" "$(minutes "$SECONDS")"; }
minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# --- Results --------------------------------------------------------------------------------------------------------

# count PASSED FAILED SKIPPED
count()   { echo "$*" >> "$scratch/counts"; counted=1; }
ok()      { count 1 0 0; echo "ok - $*"; }
not_ok()  { count 0 1 0; echo "not ok - $*"; }
skipped() { count 0 0 1; echo "ok - $1 # SKIP $2"; }

# check NAME COMMAND…: passes when the command succeeds; its output is shown either way.
check() {
  local name=$1
  shift
  if "$@"; then ok "$name"; else not_ok "$name"; fi
}

# silent NAME COMMAND…: passes when the command succeeds and says nothing.
silent() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1) && [[ -z $output ]]; then ok "$name"; else not_ok "$name: $output"; fi
}

# --- Steps and lanes ------------------------------------------------------------------------------------------------

# step NAME COMMAND…: runs it and keeps its minutes for the table at the end. One that counts nothing has proven nothing.
step() {
  local name=$1 started=$SECONDS
  shift
  title "$name"
  counted=
  "$@"
  [[ -n $counted ]] || not_ok "$name: the step counts anything"
  printf '%s\t%s\t%s\n' "$name" "$started" "$SECONDS" >> "$scratch/steps"
}

# lane NAME COMMAND…: runs it beside what follows, its output kept until `join NAME` shows it.
declare -A lanes=()
lane() {
  local name=$1
  shift
  "$@" > "$scratch/lane.$name" 2>&1 &
  lanes[$name]=$!
}

join() {
  wait "${lanes[$1]}" || not_ok "the lane $1 comes to its end"
  cat "$scratch/lane.$1"
}

table_of_minutes() {
  local name started ended
  printf '%7s  %7s  %s\n' start minutes step
  sort -t $'\t' -k 2,2n "$scratch/steps" | while IFS=$'\t' read -r name started ended; do
    printf '%7s  %7s  %s\n' "$(minutes "$started")" "$(minutes $((ended - started)))" "$name"
  done
  printf '%7s  %7s  %s\n' "" "$(minutes "$SECONDS")" "all"
}

# --- Starvation -----------------------------------------------------------------------------------------------------

# A failure is looked at again only when the machine was not given its processor during the step: see starvation.mjs.
watch_for_starvation() { node .ci/starvation.mjs "$scratch/starved" 2> /dev/null & watch=$!; }

# starved_since SECOND: of the epoch. Says what was measured.
starved_since() {
  local windows
  windows=$(awk -v since="$1" '$1 >= since' "$scratch/starved" 2> /dev/null)
  [[ -n $windows ]] || return 1
  echo "# the machine was starved of processor time for $(($(wc -l <<< "$windows") * 5)) s in this step: ${windows##*$'\n'}"
}
