#!/usr/bin/env bash
# Many releases that are all alive at once, over three workers that share a PostgreSQL with its default settings; then a
# quarter as many in a file of this machine. Processes of the workers are killed, stopped beyond their claims and drained
# in the middle; every release ends well, and the log of the flag files has each change once. Before that, a server that
# takes each connection and never answers holds up its own release only; and what a release that waits costs of memory is
# measured.
# crowd.sh BUILD [RUNS [SEED [--json]]]
source "$(dirname "$0")/lib.sh"
source "$root/tests/e2e/ledger.sh"
source "$root/tests/e2e/postgres.sh"
runs=${2-150} seed=${3-1} json=${4-}
home=$build/e2e/crowd postgres_port=19901
# Long enough for all of them to begin before the first one ends.
hold=$((10 + runs / 15)) claim=$((runs < 1000 ? 5 : 30))
changes_each=4  # the generation, and three shares

sql() { psql -qAt -h 127.0.0.1 -p "$postgres_port" -U shop postgres -c "$1"; }
# metric NAME: its sum over all lines that match.
metric() { "$build/rollout" metrics | awk -v name="$1" 'index($0, name) == 1 {sum += $NF} END {print sum + 0}'; }
on_server() { [[ -s rollout.toml ]]; }
succeeded() {
  if on_server; then sql "SELECT count(*) FROM rollout.runs WHERE outcome = 'succeeded'"
  else metric rollout_runs_ended; fi
}
alive() {
  if on_server; then sql "SELECT count(*) FROM rollout.claims WHERE until > now() AND holder <> ''"
  else metric rollout_driver_runs; fi
}
connected() {
  if on_server; then sql "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"; else echo 0; fi
}
crews() { cat "/proc/$1/task/$1/children" 2>/dev/null || true; }  # crews WORKER
rss_mib() { (cd /proc && cat ${*/%//status}) | awk '/^VmRSS/ {kib += $2} END {print int(kib / 1024)}'; }
now_s() { date +%s.%N; }
since() { awk -v from="$1" -v to="$(now_s)" 'BEGIN {printf "%.1f", to - from}'; }

flag_off() {  # flag_off FLAG
  printf '{"flags": {"%s": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"}}}\n' \
    "$1" >"flags/$1.json"
}

# begin FLAG HOLD: a release that waits for a worker.
begin() {
  sed "s/FLAG/$1/g" "$root/tests/e2e/crowd/flag.rollout" >"$1.rollout"
  flag_off "$1"
  "$build/rollout" apply "$1.rollout" ramp --set "time=$2" --yes --detach --quiet || echo "$1 cannot begin"
}
export -f begin flag_off
export build root

# begin_all PREFIX COUNT HOLD
begin_all() {
  seq -f "$1%g" "$2" | xargs -P 4 -I{} bash -c "begin {} $3" >run/begin.log 2>&1
  [[ ! -s run/begin.log ]] || die "$(head -5 run/begin.log)"
}

start_worker() {  # start_worker NUMBER [OPTION…]
  "$build/rollout" worker --log "$PWD/run/worker-$1.jsonl" "${@:2}" >>"run/worker-$1.log" 2>&1 &
  worker[$1]=$!
}
stop_workers() {
  local pid
  for pid in "${worker[@]}"; do kill -TERM "$pid" 2>/dev/null && wait "$pid"; done || true
  worker=()
}

# Begun while its metrics answer, which is asked first; then they are silent.
begin_mute() {
  "$build/tests/e2e/rollout_mute" >run/mute.log & mute_pid=$!
  await 5 "a server that will be silent" test -s run/mute.log
  sed "s/PORT/$(head -1 run/mute.log)/" "$root/tests/e2e/crowd/mute.rollout" >mute.rollout
  flag_off mute
  "$build/rollout" apply mute.rollout ramp --yes --detach --quiet
  kill -USR1 "$mute_pid"
}

# The release with the silent server is alive for as long as it may wait; the others end beside it, in the same process.
hanging() {
  local others=20
  begin_mute
  start_worker 1 --processes 1
  waits() { (($(alive) == 2 && $(count '^waits' run/mute.log) > 0)); }  # its flag and its service
  await 20 "a worker drives the release that is not answered" waits
  begin_all beside "$others" 1s
  ended() { (($(succeeded) == others)); }
  await 20 "the others end beside it" ended
  check "a server that is silent holds up its own release only" waits
  back() { [[ $(sql "SELECT count(*) FROM rollout.runs WHERE outcome = 'rolled_back'") == 1 ]]; }
  await 60 "without evidence the release with the silent server goes back" back
  check "each request gave up in its time, and was made again" test "$(count '^waits' run/mute.log)" -ge 5
  check "its flag is off" grep -q '"on", 0\]' flags/mute.json
  kill "$mute_pid"
  stop_workers
}

pss_kib() { awk '/^Pss:/ {kib += $2} END {print kib}' "/proc/$1/smaps_rollup"; }

# What each of many releases that wait takes of the one process that drives them, in a project of its own. The first ones
# fill what is kept once: SQLite's pages, for one.
footprint() {
  local few=100 many=220 crew before each
  mkdir -p idle/flags idle/run && cd idle && : >rollout.toml
  begin_all a "$few" 10m
  start_worker 1 --processes 1
  all_wait() { (($(alive) >= $1)); }
  await 30 "a few releases wait" all_wait "$few"
  sleep 2
  crew=$(crews "${worker[1]}")
  before=$(pss_kib $crew)
  begin_all b $((many - few)) 10m
  await 60 "many releases wait" all_wait "$many"
  sleep 2
  each=$((($(pss_kib $crew) - before) / (many - few)))
  stop_workers
  cd ..
  echo "a release that waits takes $each KiB of its process"
  # One that was built to look at its memory takes more of it.
  grep -q __asan_init "$build/rollout" || check "64 KiB are enough for it" test "$each" -le 64
}

# What ends and stops processes while all are alive. Each names what it met.
faults() {
  local victim all
  all=($(crews "${worker[1]}")) victim=${all[RANDOM % ${#all[@]}]}
  kill -KILL "$victim" && met=$((met + 1))
  sleep 1
  all=($(crews "${worker[2]}"))
  kill -KILL "${worker[2]}" "${all[@]}" && met=$((met + 1))
  wait "${worker[2]}" 2>/dev/null || true
  start_worker 2 "${at_most[@]}"
  all=($(crews "${worker[3]}")) victim=${all[RANDOM % ${#all[@]}]}
  kill -STOP "$victim" && sleep $((claim + 2)) && kill -CONT "$victim" && met=$((met + 1))
  kill -TERM "${worker[1]}" && wait "${worker[1]}" && met=$((met + 1))
  start_worker 1 "${at_most[@]}"
}

# crowd PREFIX COUNT HOLD: so many at once, with all of the faults.
crowd() {
  local began peak=0 connections=0 n pids before count=$2
  before=$(succeeded) began=$(now_s)
  begin_all "$1" "$count" "$3s"
  echo "$count releases begun in $(since "$began") s"
  at_most=(--at-most $((count / 2 + 1)) --processes 2)
  began=$(now_s)
  for n in 1 2 3; do start_worker $n "${at_most[@]}"; done
  all_alive() {
    n=$(alive) && ((n <= peak)) || peak=$n
    n=$(connected) && ((n <= connections)) || connections=$n
    ((peak >= count))
  }
  await $((60 + $3)) "all of them are alive" all_alive
  pids=$(for n in 1 2 3; do echo "${worker[$n]}"; crews "${worker[$n]}"; done)
  echo "all $peak alive after $(since "$began") s: $connections connections, $(wc -w <<<"$pids") processes," \
    "$(rss_mib $pids) MiB"
  faults
  ended() { (($(succeeded) >= before + count)); }
  await $(($3 * 3 + claim * 4 + count / 10)) "every release ends well" ended
  echo "all ended well $(since "$began") s after the workers began"
  stop_workers
}

# Of the flags whose names begin so: how many were changed too often, and how many too seldom or not to the end.
changes() { grep "^$1[0-9]*\.json\$" run/flags.log | sort | uniq -c | awk -v each=$changes_each "\$1 $2 each" | wc -l; }
judge() {
  doubled=$((doubled + $(changes "$1" '>')))
  lost=$((lost + $(changes "$1" '<') + $2 - $(grep -l '"on", 100' flags/"$1"[0-9]*.json | wc -l)))
  "$build/rollout" audit --verify >run/verify.log || die "the record is not whole: $(tail -5 run/verify.log)"
}

rm -rf "$home" && mkdir -p "$home/run" "$home/flags" && cd "$home"
source "$quickstart/stack.sh"
worker=() mute_pid= met=0 lost=0 doubled=0
RANDOM=$seed
trap 'stop_workers; kill "$log_pid" $mute_pid 2>/dev/null || true; remove_postgres' EXIT
make_postgres
printf '[cli]\nstate = "postgresql://shop@127.0.0.1:%s/postgres?claim=%s"\n' "$postgres_port" "$claim" >rollout.toml
"$build/tests/e2e/rollout_flag_log" flags >run/flags.log & log_pid=$!
await 5 "the log of the flags is kept" test -s run/flags.log
hanging
crowd f "$runs" "$hold"
judge f "$runs"
check "PostgreSQL's default of 100 connections is enough" test "$(sql 'SHOW max_connections')" -eq 100
: >rollout.toml
footprint
crowd g $((runs / 4)) $((hold / 2))
judge g $((runs / 4))
check "no change of a flag was missed by its log" test "$(count '^overflow' run/flags.log)" -eq 0
[[ -z $(grep -hv '^{"v":1,.*}$' run/worker-*.jsonl) ]] || die "a line of the log is broken"
tell crowd "$met" "$lost" "$doubled" 0
check "workers were killed, stopped and drained while all were alive" test "$met" -eq 8
check "no change was lost, none was made twice" test "$lost" -eq 0 -a "$doubled" -eq 0
