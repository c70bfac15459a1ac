#!/usr/bin/env bash
# The wall clock jumps by an hour, forward and back, in the middle of a hold and while nobody drives the run: a hold lasts as
# long as it says, no shorter and not much longer. By libfaketime, which leaves the monotonic clock alone.
source "$(dirname "$0")/lib.sh"
source "$root/tests/e2e/ledger.sh"
home=$build/e2e/clock
hold_ms=4000 slack_ms=6000  # a busy machine
rm -rf "$home" && mkdir -p "$home/run/bin" && cd "$home"
cp "$root/tests/e2e/clock/shop.rollout" .
for version in 1.0 1.1; do ln -s "$build/shop/shop-$version" run/bin/; done
source "$quickstart/stack.sh"
trap stop_instances EXIT
library=$(find /usr/lib -name libfaketime.so.1 | head -1)

set_clock() { echo "$1" >run/clock.new && mv run/clock.new run/clock; }
# apply ARGUMENTS…: in the background, by the clock of run/clock; sets `driver`.
apply() {
  LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$home/run/clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
    "$build/rollout" apply "$@" --yes >run/apply.log 2>&1 &
  driver=$!
}
now_ms() { date +%s%3N; }
finish() { wait $driver || die "the release ends with $?: $(cat run/apply.log)"; }
holds() { grep -q 'hold 4s' run/apply.log; }
# within LEAST MOST WHAT: how long ago `began` was.
within() {
  local took=$(($(now_ms) - began))
  check "$3 lasts $took ms" test "$took" -ge "$1" -a "$took" -le "$2"
}

set_clock +0
apply shop.rollout install --set image=shop:1.0
finish
next=1.1
for jump in +3600 -3600; do
  set_clock +0
  apply shop.rollout release --set image=shop:$next
  await 30 "the hold begins" holds
  began=$(now_ms)
  set_clock $jump
  finish
  within $((hold_ms - 500)) $((hold_ms + slack_ms)) "a hold in which the clock jumps by $jump s"
  [[ $next == 1.1 ]] && next=1.0 || next=1.1
done

# Half of the hold, kill -9, and the other half an hour later by the clock.
set_clock +0
apply shop.rollout release --set image=shop:1.1
await 30 "the hold begins" holds
sleep 2
kill -KILL $driver
wait $driver 2>/dev/null || true
run=$(run_in run/apply.log)
set_clock +3600
began=$(now_ms)
apply --resume "$run"
finish
within 1000 $((hold_ms + slack_ms)) "what is left of the hold after a kill and a jump"
check "1.1 has taken over" test "$(stable)" == 1.1
check "nothing was started twice" test "$(started_twice | wc -l)" -eq 0
