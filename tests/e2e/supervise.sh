#!/usr/bin/env bash
# kill -9 of instances in the middle of a release, while rollout drives it and while rollout is dead itself: what died
# is started again, no request fails, and the release ends well.
source "$(dirname "$0")/lib.sh"
cd "$quickstart"
source ./stack.sh
trap stop_stack EXIT

canary_serves() { curl -sf "$shop_url" | grep -q 1.1; }
# pid_of INSTANCE: as rollout recorded it.
pid_of() { grep -o "\"id\":\"$1\"[^}]*" run/shop/checkout.json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p'; }
# is_new INSTANCE PID: another process has taken its place, and the new one is ready.
is_new() { [[ $(pid_of "$1") != "$2" ]] && grep -o "\"id\":\"$1\"[^}]*" run/shop/checkout.json | grep -q '"down":false'; }

start_stack
"$build/rollout" apply shop.rollout install --set image=shop:1.0 --yes >run/install.log
start_load supervised
"$build/rollout" apply shop.rollout release --set image=shop:1.1 --yes >run/release.log 2>&1 &
rollout=$!
await 60 "the canary serves" canary_serves
canary=$(pid_of checkout-g2-1) stable=$(pid_of checkout-g1-2)
kill -KILL "$canary"
await 10 "the canary that was killed is started again" is_new checkout-g2-1 "$canary"
check "and rollout says so" grep -q 'checkout-g2-1 was killed by signal 9\|checkout-g2-1 is not running' run/release.log

kill -KILL $rollout
wait $rollout || true
other=$(pid_of checkout-g2-2)
kill -KILL "$stable"
sleep 3
check "nobody starts an instance again while no run is driven" test "$(pid_of checkout-g1-2)" == "$stable"
"$build/rollout" apply shop.rollout release --set image=shop:1.1 --yes --resume >run/resume.log 2>&1 ||
  { cat run/release.log run/resume.log; die "the resumed release ends with $?"; }
check "the resumed run starts it again" grep -q 'checkout-g1-2 .*it is started again' run/resume.log
check "what lived was adopted" test "$(pid_of checkout-g2-2)" == "$other"
stop_load
check "no death cost a request" none_failed "$reports/load-supervised.json"
trap - EXIT
stop_stack
check "nothing is left running: $(left_running)" test -z "$(left_running)"
