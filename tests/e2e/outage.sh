#!/usr/bin/env bash
# The network between a worker and its state goes away while releases are underway: once connections are reset, once
# packets are lost without a word. For less than a claim, for longer while nobody else is there, and for longer while
# another worker still reaches the state. Every release ends well, each change of a flag is made once, the process that
# was away says so and goes on, and a command does not wait for ever.
# outage.sh BUILD
source "$(dirname "$0")/lib.sh"
source "$root/tests/e2e/ledger.sh"
source "$root/tests/e2e/postgres.sh"
home=$build/e2e/outage postgres_port=19903
claim=4 releases=6 changes_each=4 worker=() wire_pid= log_pid=

sql() { $postgres_bin/psql -qAt -h 127.0.0.1 -p "$postgres_port" -U shop postgres -c "$1"; }
succeeded() { sql "SELECT count(*) FROM rollout.runs WHERE outcome = 'succeeded'"; }
claimed() { sql "SELECT count(*) FROM rollout.claims WHERE until > now() AND holder <> ''"; }

begin() {  # begin FLAG: a release that waits for a worker
  sed "s/FLAG/$1/g" "$root/tests/e2e/crowd/flag.rollout" >"$1.rollout"
  printf '{"flags": {"%s": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"}}}\n' \
    "$1" >"flags/$1.json"
  "$build/rollout" apply "$1.rollout" ramp --set time=6s --yes --detach --quiet
}

start_worker() {  # start_worker NAME STATE
  "$build/rollout" worker --state "$2" --processes 1 --log "$PWD/run/$1.jsonl" >>"run/$1.log" 2>&1 &
  worker+=($!)
}
stop_workers() {
  local pid
  for pid in "${worker[@]}"; do kill -TERM "$pid" 2>/dev/null && wait "$pid"; done || true
  worker=()
}

network() {  # network SIGNAL WORD: and it is so
  : >run/wire.log
  kill "-$1" "$wire_pid"
  await 5 "the network $2" grep -q "^$2" run/wire.log
}

# A command meanwhile: it ends in its time, with the code of an environment that failed, and names the server.
asks() {
  local code=0 began=$SECONDS
  timeout 60 "$build/rollout" status --state "$away" >run/status.log 2>&1 || code=$?
  check "a command ends within half a minute" test $((SECONDS - began)) -le 30
  check "it says that the environment failed" test "$code" -eq 6
  check "it says what does not answer" grep -q "127.0.0.1:$wire_port" run/status.log
}

# outage NAME SIGNAL WORD SECONDS OTHERS: of so long, while so many other workers reach the state.
outage() {
  local name=$1 n before pid
  before=$(succeeded)
  start_worker "$name" "$away"
  for ((n = 0; n < releases; ++n)); do begin "$name$n"; done
  drives() { (($(claimed) >= releases)); }
  await 30 "a worker drives all of them" drives
  sleep 2
  network "$2" "$3"
  for ((n = 0; n < $5; ++n)); do start_worker "$name-beside$n" "$direct"; done
  if (($4 > claim)); then asks; fi
  sleep "$4"
  (($5 == 0)) ||:
  network HUP carries
  ended() { (($(succeeded) == before + releases)); }
  await 90 "every release ends well ($name)" ended
  pid=${worker[0]}
  check "the worker that was away goes on ($name)" kill -0 "$pid"
  begin "${name}after"
  ended() { (($(succeeded) == before + releases + 1)); }
  await 60 "releases begun afterwards end well ($name)" ended
  if (($4 > claim)); then
    check "it said what was away ($name)" grep -q "127.0.0.1:$wire_port" run/"$name".log run/"$name".jsonl
  fi
  if (($5 > 0)); then
    check "it leaves alone what others took meanwhile ($name)" grep -q "is another's" run/"$name".log
    check "they ended it ($name)" grep -q "is done, code 0" run/"$name"-beside0.log
  fi
  stop_workers
}

# Of all flags: each was changed as often as its release says, and stands at its end.
judge() {
  local doubled
  doubled=$(grep '\.json$' run/flags.log | sort | uniq -c | awk -v each=$changes_each '$1 != each' | tee run/odd.log | wc -l)
  [[ $doubled == 0 ]] || die "not changed $changes_each times: $(cat run/odd.log)"
  check "each flag was changed $changes_each times" test "$doubled" -eq 0
  check "each is on" test "$(grep -l '"on", 100' flags/*.json | wc -l)" -eq "$(ls flags/*.json | wc -l)"
  check "no change was missed by the log" test "$(count '^overflow' run/flags.log)" -eq 0
  "$build/rollout" audit --verify >run/verify.log || die "the record is not whole: $(tail -5 run/verify.log)"
}

rm -rf "$home" && mkdir -p "$home/run" "$home/flags" && cd "$home"
source "$quickstart/stack.sh"
trap 'stop_workers; kill $log_pid $wire_pid 2>/dev/null || true; remove_postgres' EXIT
make_postgres
"$build/tests/e2e/rollout_wire" "$postgres_port" >>run/wire.log & wire_pid=$!
await 5 "a network" test -s run/wire.log
wire_port=$(head -1 run/wire.log)
direct="postgresql://shop@127.0.0.1:$postgres_port/postgres?claim=$claim"
away="postgresql://shop@127.0.0.1:$wire_port/postgres?claim=$claim"
printf '[cli]\nstate = "%s"\n' "$direct" >rollout.toml
"$build/tests/e2e/rollout_flag_log" flags >run/flags.log & log_pid=$!
await 5 "the log of the flags is kept" test -s run/flags.log
begin first  # makes the tables
start_worker first "$direct"
ended() { (($(succeeded) == 1)); }
await 60 "the first release ends well" ended
stop_workers
# A statement is waited for 20 s; whoever hears of a reset knows at once.
for cut in "reset USR2 resets $((claim + 2))" "lost USR1 loses 22"; do
  read -r name signal word long <<<"$cut"
  outage "${name}short" "$signal" "$word" 2 0
  outage "${name}long" "$signal" "$word" "$long" 0
  outage "${name}beside" "$signal" "$word" "$long" 1
done
judge
