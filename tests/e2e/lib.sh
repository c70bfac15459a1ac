# For the end-to-end tests. Sourced with BUILD_DIR as first argument; sets $root, $build and $quickstart.
set -euo pipefail
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
build=$(realpath "$1")
quickstart=$root/examples/quickstart
reports=$quickstart/run

die() { echo "FAILED: $*" >&2; exit 1; }

# check WHAT COMMAND…: the command must succeed.
check() { "${@:2}" || die "$1"; echo "ok: $1"; }

# field NAME REPORT: a number of a load report; they stand one a line.
field() { sed -n "s/^\"$1\": \([0-9]*\),\$/\1/p" "$reports/load-$2.json"; }

# none_failed REPORT_FILE…: no request of those load reports; otherwise it shows when each failed, and how.
none_failed() { cat "$@" >/dev/null && ! sed -sn '/^"failures": \[$/,/^\]$/p' "$@" | grep . >&2; }

# answers VERSION STATUS REPORT: how often that version answered with that status.
answers() {
  local count
  count=$(sed -n "s/^\"$1\": {.*\"$2\": \([0-9]*\).*/\1/p" "$reports/load-$3.json")
  echo "${count:-0}"
}

# Every program of the quickstart that still runs; empty is what must be.
left_running() {
  local process program
  for process in /proc/[0-9]*; do
    program=$(readlink "$process/exe") || continue
    case $program in
      "$build"/shop/* | "$build"/rollout) ;;
      */haproxy | */prometheus) [[ $(readlink "$process/cwd") == "$quickstart" ]] || continue ;;
      *) continue ;;
    esac
    echo "${process#/proc/} $(tr '\0' ' ' <"$process/cmdline")"
  done 2>/dev/null
}
