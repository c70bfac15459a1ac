#!/usr/bin/env bash
# Ctrl-C in the middle of a release: the demo ends, and nothing is left running.
source "$(dirname "$0")/lib.sh"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

release_is_underway() { curl -sf http://127.0.0.1:18400/checkout | grep -q 1.1; }

set -m  # its own process group, as at a terminal
"$quickstart/demo" "$build" >"$log" 2>&1 &
demo=$!
set +m
for ((try = 0; try < 600; ++try)); do
  kill -0 $demo 2>/dev/null || { cat "$log"; die "the demo ended before it could be interrupted"; }
  ! release_is_underway || break
  sleep 0.1
done
kill -INT -- -$demo
code=0
wait $demo || code=$?
cat "$log"
check "the demo ends with the code of an interrupt, $code" test $code -eq 130
check "nothing is left running: $(left_running)" test -z "$(left_running)"
