#!/usr/bin/env bash
# A bug of ours that ends a process of a worker, each time it drives the same release: a signal stands for it, since there
# is no such bug that could be called up. The third time the release is set apart, other releases go on, and a person goes
# on with it. crew_bug.sh BUILD
source "$(dirname "$0")/lib.sh"
home=$build/e2e/crew_bug

crew() { tr ' ' '\n' <"/proc/$worker/task/$worker/children" | head -1; }
driver() { "$build/rollout" status "$1" | sed -n 's/^  driven by .*, process \([0-9]*\)$/\1/p'; }
state() { "$build/rollout" metrics | sed -n "s/^rollout_run_open{run=\"$1\".*state=\"\([a-z_]*\)\"} 1\$/\1/p"; }

begin() {  # begin FLAG HOLD
  sed "s/FLAG/$1/g" "$root/tests/e2e/crowd/flag.rollout" >"$1.rollout"
  printf '{"flags": {"%s": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"}}}\n' \
    "$1" >"flags/$1.json"
  "$build/rollout" apply "$1.rollout" ramp --set "time=$2" --yes --detach --quiet || die "$1 cannot begin"
}

rm -rf "$home" && mkdir -p "$home/run" "$home/flags" && cd "$home"
trap 'kill -TERM "${worker-0}" 2>/dev/null || true' EXIT
"$build/rollout" worker --processes 1 --log "$PWD/run/worker.jsonl" >run/worker.log 2>&1 & worker=$!
source "$quickstart/stack.sh"  # await
begin bad 30s
for n in 1 2 3; do
  is_driven() { [[ -n $(driver r1) && $(driver r1) == "$(crew)" ]]; }
  await 30 "a crew drives it, $n" is_driven
  kill -SEGV "$(crew)"
  is_counted() { grep -q "run r1 was driven when a bug ended process [0-9]*, $n of 3" run/worker.log; }
  await 10 "the worker says which release it was, $n" is_counted
done
is_apart() { [[ $(state r1) == parked ]]; }
await 20 "the release is set apart" is_apart
check "the log says so" grep -q 'is set apart: 3 processes of a worker' run/worker.jsonl
"$build/rollout" status r1 >run/status.log
check "the status says why, and what to do" grep -q 'rollout-bug-' run/status.log
begin good 1s
has_ended() { "$build/rollout" metrics | grep -q 'rollout_runs_ended.*succeeded"} 1'; }
await 40 "another release goes on" has_ended
check "nobody but a person takes it again" test -z "$(driver r1)"
check "a person goes on with it" "$build/rollout" resume r1 --quiet
check "and it ends well" grep -q '"on", *100' flags/bad.json
check "the record is whole" "$build/rollout" audit --verify >run/verify.log
rm -f rollout-bug-*.txt
kill -TERM "$worker" && wait "$worker"
