#!/usr/bin/env bash
# While no run is driven, two of four instances die and HAProxy is started anew. Installing the version that runs mends
# both; before, nothing says "no changes", and after, everything does. In between, a version that does not declare what runs
# is refused.
source "$(dirname "$0")/lib.sh"
cd "$quickstart"
source ./stack.sh
trap stop_stack EXIT

pid_of() { grep -o "\"id\":\"$1\"[^}]*" run/shop/checkout.json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p'; }
install() { "$build/rollout" apply shop.rollout install --set image=shop:1.0 --yes >"run/$1.log" 2>&1; }
preview() { "$build/rollout" plan shop.rollout install --set image=shop:1.0 --detailed-exitcode >"run/$1.log" 2>&1; }
gone() { [[ ! -e /proc/$1 ]]; }
serves() { curl -sf "$shop_url" >/dev/null; }

start_stack
install install || die "the first install ends with $?"
await 10 "the shop serves" serves
preview sound || die "a sound service has changes: $(cat run/sound.log)"
check "a sound service needs nothing" grep -q 'no changes' run/sound.log

# What only a look at what runs can find is replayed from a look at it, by the command that is printed.
sed 's|^  traffic = 400/s|&\n  compatible with >= 1.1|' shop.rollout >beside.rollout
code=0; "$build/rollout" plan beside.rollout release --set image=shop:1.2 >run/beside.log 2>&1 || code=$?
check "a version that declares less than what runs is refused (exit $code)" test $code -eq 1
check "and both are named" grep -q 'checkout 1.2. would run beside checkout 1.0, and it declares >= 1.1' run/beside.log
replay=$(sed -n 's/^ *replay: rollout //p' run/beside.log)
code=0; "$build/rollout" $replay >run/replayed.log 2>&1 || code=$?
rm beside.rollout
check "\`rollout $replay\` shows it (exit $code)" grep -q '^shown: checkout 1.2 runs beside checkout 1.0' run/replayed.log

first=$(pid_of checkout-g1-1) second=$(pid_of checkout-g1-2) third=$(pid_of checkout-g1-3)
kill -KILL "$first" "$second"
await 10 "the instances are gone" gone "$first"
await 10 "the instances are gone" gone "$second"
code=0; preview two_down || code=$?
check "the preview counts it as a change (exit $code)" test $code -eq 3
check "and says what is wrong" grep -q 'in trouble: checkout: 2 of 4 instances are ready; this plan mends it' run/two_down.log
install repair || die "the repair ends with $?: $(cat run/repair.log)"
check "both are started again" test "$(pid_of checkout-g1-1)" != "$first" -a "$(pid_of checkout-g1-2)" != "$second"
check "what lived is left alone" test "$(pid_of checkout-g1-3)" == "$third"

kill -TERM "${stack_pids[0]}"
wait "${stack_pids[0]}" || true
haproxy -db -f haproxy.cfg >run/haproxy2.log 2>&1 &
stack_pids[0]=$!
answers() { [[ $(curl -s -o /dev/null -w '%{http_code}' "$shop_url") != 000 ]]; }
await 20 "HAProxy answers" answers
check "a fresh HAProxy has no routes" eval '! serves'
code=0; preview no_routes || code=$?
check "the preview counts that, too (exit $code)" test $code -eq 3
check "and says what is wrong" grep -q 'in trouble: checkout: edge does not send it the traffic' run/no_routes.log
install routes || die "the repair of the routes ends with $?: $(cat run/routes.log)"
await 10 "the shop serves again" serves
preview after || die "there are changes left: $(cat run/after.log)"
trap - EXIT
stop_stack
check "nothing is left running: $(left_running)" test -z "$(left_running)"
