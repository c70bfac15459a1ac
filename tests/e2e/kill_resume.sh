#!/usr/bin/env bash
# kill -9 of rollout in the middle of a release, then resume: no request fails, and the release ends.
source "$(dirname "$0")/lib.sh"
cd "$quickstart"
source ./stack.sh
trap stop_stack EXIT

canary_serves() { curl -sf "$shop_url" | grep -q 1.1; }

start_stack
"$build/rollout" apply shop.rollout install --set image=shop:1.0 --yes >run/install.log
start_load killed
"$build/rollout" apply shop.rollout release --set image=shop:1.1 --yes >run/release.log 2>&1 &
rollout=$!
await 60 "the canary serves" canary_serves
kill -KILL $rollout
wait $rollout || true
check "the shop serves without rollout" curl -sf -o run/page "$shop_url"

"$build/rollout" apply shop.rollout release --set image=shop:1.1 --yes --resume >run/resume.log 2>&1 ||
  { cat run/release.log run/resume.log; die "the resumed release ends with $?"; }
echo "ok: the resumed release ends well"
stop_load
check "neither the kill nor the resume cost a request" none_failed "$reports/load-killed.json"
for ((i = 0; i < 8; ++i)); do
  check "1.1 serves everything" test "$(curl -sf "$shop_url")" == "checkout, shop 1.1"
done
trap - EXIT
stop_stack
check "nothing is left running: $(left_running)" test -z "$(left_running)"
