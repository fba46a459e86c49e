# Sourced by the suites that are written for node, after programs.sh.

# npm_packages FOLDER: installs what the lock file there names, unless it is there already.
npm_packages() {
  # npm leaves a copy of the lock file behind; it is older than ours when packages changed.
  [[ $1/node_modules/.package-lock.json -nt $1/package-lock.json ]] ||
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || die "npm ci failed"
}

# run_node FILE [ARGUMENT]…: temporary files go where they go away with the suite.
run_node() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  TMPDIR=$scratch node "$@"
}
