#!/usr/bin/env bash
# A person's hand while a real release runs: pause, kill -9, resume, an override of a stopped line, then a rollback after
# the release has succeeded; the version is held afterwards, no request fails, and the record of all of it is whole.
source "$(dirname "$0")/lib.sh"
cd "$quickstart"
source ./stack.sh
trap stop_stack EXIT

rollout() { "$build/rollout" "$@"; }
canary_serves() { curl -sf "$shop_url" | grep -q 1.1; }
# second_phase: whether the release has come to it.
second_phase() { rollout status r2 --format json | grep -c '"phase":"pilot"' || true; }
says() { grep -qF "$2" "$1" || { cat "$1"; die "$1 does not say: $2"; }; }

start_stack
rollout apply shop.rollout install --set image=shop:1.0 --yes >run/install.log
start_load hand
"$build/rollout" apply shop.rollout release --set image=shop:1.1 --yes --log run/release.jsonl >run/release.log 2>&1 &
driver=$!
await 60 "the canary serves" canary_serves
rollout metrics >run/metrics.log
says run/metrics.log 'rollout_run_driven{run="r2",rollout="release"} 1'
# Prometheus' own reader of OpenMetrics, which wants a time behind each sample here.
awk -v now="$(date +%s)" '/^#/ { print; next } { print $0, now }' run/metrics.log >run/metrics.timed
check "Prometheus reads the metrics" promtool tsdb create-blocks-from openmetrics run/metrics.timed run/blocks >run/blocks.log

rollout pause r2 --reason "an incident" >run/pause.log 2>&1 || { cat run/pause.log; die "the pause ends with $?"; }
says run/pause.log "run r2 is paused"
events=$(rollout audit r2 | grep -c 'step begins' || true)
check "the pause stands in the record, once" test "$events" -eq 1
kill -KILL $driver
wait $driver || true
rollout status r2 >run/killed.log
says run/killed.log "an incident"
"$build/rollout" apply --resume r2 >run/resumed.log 2>&1 &
driver=$!
sampled() { [[ $(grep -c 'held' run/resumed.log) -ge 4 ]]; }
await 60 "the gates look on while it is paused" sampled
says run/release.jsonl '"run":"r2","kind":"paused","text":"paused by '
check "a crash does not lift the pause" test "$(second_phase)" -eq 0
rollout stop-the-line --reason "the database is down" >run/stop.log 2>&1 || { cat run/stop.log; die "the line moves"; }
rollout resume r2 --reason "it is over" >run/lifted.log 2>&1 || { cat run/lifted.log; die "resume ends with $?"; }
says run/lifted.log "the pause of run r2 is lifted"
sleep 2
check "the stopped line keeps the run where it is" test "$(second_phase)" -eq 0
rollout override r2 --for 1h --reason "it mends the outage" >run/override.log 2>&1 ||
  { cat run/override.log; die "the override ends with $?"; }
says run/override.log "run r2 goes on until"
wait $driver || { cat run/resumed.log; die "the resumed release ends with $?"; }
rollout audit r2 >run/audit.log
says run/audit.log "it mends the outage"
rollout start-the-line --reason "the database is back" >run/start.log 2>&1 || { cat run/start.log; die "the line stands"; }
for ((i = 0; i < 8; ++i)); do
  check "1.1 serves everything" test "$(curl -sf "$shop_url")" == "checkout, shop 1.1"
done

code=0
rollout rollback r2 --reason "orders are lost" --kind logic --yes >run/rollback.log 2>&1 || code=$?
check "the rollback after the success ends with 4 ($code)" test "$code" -eq 4 || cat run/rollback.log
stop_load
check "none of it cost a request" none_failed "$reports/load-hand.json"
for ((i = 0; i < 8; ++i)); do
  check "1.0 serves everything" test "$(curl -sf "$shop_url")" == "checkout, shop 1.0"
done
code=0
rollout apply shop.rollout release --set image=shop:1.1 --yes >run/held.log 2>&1 || code=$?
check "the version is held ($code)" test "$code" -eq 7
says run/held.log "checkout shop:1.1, held since r2: taken back by "
says run/held.log "logic: orders are lost; a person may let it through by --accept-held"
rollout rollback r2 --reason "once more" --yes >run/twice.log 2>&1 && die "a run is taken back twice"
says run/twice.log "run r2 has gone back already"
rollout explain r2 >run/explain.log
says run/explain.log "run r2 of release: rolled back"
rollout history >run/history.log
says run/history.log "logic: orders are lost"
check "the record is whole" rollout audit --verify
trap - EXIT
stop_stack
check "nothing is left running: $(left_running)" test -z "$(left_running)"
