# shellcheck shell=bash disable=SC2034
# Sourced by the scripts of tests/ and .ci/: where things are, how Debian packages come by, how results are counted.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
export PATH="$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin:/usr/sbin:/sbin"
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR
release="$CARGO_TARGET_DIR/release"
shared=$(cd .. && pwd)/shared
passed=0 failed=0 skipped=0

heading() { printf '\n== %s\n' "$*"; }
is_root() { [ "$(id -u)" = 0 ]; }

# lacking PACKAGE=FILE…: the packages whose FILE (a command, or an absolute path) is not on this machine.
lacking() {
  local pair
  for pair in "$@"; do
    case ${pair#*=} in
      /*) [ -e "${pair#*=}" ] || echo "${pair%%=*}" ;;
      *) command -v "${pair#*=}" >/dev/null || echo "${pair%%=*}" ;;
    esac
  done | sort -u
}

# provide PACKAGE=FILE…: installs what is lacking if this is root on a machine with apt; false if something still lacks.
# No service of a new package is started: a machine that runs the tests does not become a DHCP relay by it.
provide() {
  local missing policy=/usr/sbin/policy-rc.d mine=
  missing=$(lacking "$@")
  [ -n "$missing" ] || return 0
  if is_root && command -v apt-get >/dev/null; then
    echo "installing: "$missing
    if [ ! -e $policy ]; then mine=yes; printf '#!/bin/sh\nexit 101\n' >$policy; chmod 755 $policy; fi
    if [ -z "${apt_updated:-}" ]; then apt-get -qq update && apt_updated=yes || true; fi
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null || true
    [ -z "$mine" ] || rm -f $policy
  fi
  [ -z "$(lacking "$@")" ]
}

# cargo_tests ARGS…: `cargo test ARGS…`, adding its results to passed and failed; what is ignored is the caller's to count.
cargo_tests() {
  local log status=0 before=$failed
  log=$(mktemp)
  cargo test --locked --no-fail-fast "$@" 2>&1 | tee "$log" || status=$?
  local counts
  counts=$(awk '/^test result:/ { passed += $4; failed += $6 } END { print passed + 0, failed + 0 }' "$log")
  rm -f "$log"
  passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
  # a build that fails or a test program that dies has no result line
  if [ "$status" != 0 ] && [ "$failed" = "$before" ]; then failed=$((failed + 1)); fi
}

# step NAME COMMAND…: one check that passes or fails as a whole.
step() {
  local name=$1
  shift
  heading "$name"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $name"; fi
}

# add_closing LOG: adds the counts of the last closing line in LOG; a script that died before it counts as a failure.
add_closing() {
  local line p f s
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$1" | tail -n 1 || true)
  if [ -z "$line" ]; then failed=$((failed + 1)); echo "FAILED: it ended early"; return; fi
  read -r p _ f _ s _ <<<"$line"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# closing: the last line, and the exit code that says the same.
closing() {
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" = 0 ]
}
