# Sourced by every suite that is started from a shell, and by tests/harness/start: finds the programs under test.
#
# PARENT_PROXY and SIMULATOR name executables: a build's app host or a Native AOT file. Unset, the Release build is taken,
# else the Debug build. tests/README.md tells the whole convention.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Debian keeps daemons where only root's search path leads.
[[ :$PATH: == *:/usr/sbin:* ]] || export PATH=$PATH:/usr/sbin:/sbin

die() { echo "$0: $*" >&2; exit 2; }

# need COMMAND…: ends the suite when one of them is not installed.
need() {
  local command
  for command in "$@"; do
    command -v "$command" > /dev/null || die "$command is missing"
  done
}

# built FOLDER FILE: where a build of the project in FOLDER has put FILE; nothing when there is no build.
built() {
  local configuration file
  for configuration in Release Debug; do
    file=$repo/$1/bin/$configuration/net10.0/$2
    if [[ -f $file ]]; then echo "$file"; return; fi
  done
}

# need_programs NAME…: ends the suite when one of them, PARENT_PROXY or SIMULATOR, is not there.
need_programs() {
  local name
  for name in "$@"; do
    [[ -n ${!name} ]] || die "no build: dotnet build -c Release"
    [[ -f ${!name} && -x ${!name} ]] || die "$name: ${!name} is not an executable file"
  done
}

# An app host looks for the runtime in the usual places only. A native file has no use for it.
if [[ -z ${DOTNET_ROOT:-} ]] && dotnet=$(readlink -f "$(command -v dotnet)") && [[ -d ${dotnet%/*}/host/fxr ]]; then
  export DOTNET_ROOT=${dotnet%/*}
fi
PARENT_PROXY=${PARENT_PROXY:-$(built src/ParentProxy parent-proxy)}
SIMULATOR=${SIMULATOR:-$(built src/ParentProxy.Simulator ParentProxy.Simulator)}
# Programs are started in other folders.
[[ -z $PARENT_PROXY || $PARENT_PROXY == /* ]] || PARENT_PROXY=$PWD/$PARENT_PROXY
[[ -z $SIMULATOR || $SIMULATOR == /* ]] || SIMULATOR=$PWD/$SIMULATOR
export PARENT_PROXY SIMULATOR
