#!/usr/bin/env bash
# The README's demo: 1.1 goes out without one failed request; 1.2 is rolled back, and only its own pages failed.
source "$(dirname "$0")/lib.sh"

check "the demo ends well, with exit codes 0 and 4" "$quickstart/demo" "$build"

check "clients were served during the good release" test "$(field requests good)" -gt 1000
check "the good release cost no request" none_failed "$reports/load-good.json"
check "1.1 was reached" test "$(answers 1.1 200 good)" -gt 0

errors=$(answers 1.2 500 bad)
check "1.2 showed its errors" test "$errors" -gt 0
check "the bad release failed nothing but pages of 1.2" test "$(field failed bad)" -eq "$errors"
check "most clients never met 1.2" test "$(answers 1.1 200 bad)" -gt $((2 * $(answers 1.2 200 bad)))
check "nothing is left running: $(left_running)" test -z "$(left_running)"
