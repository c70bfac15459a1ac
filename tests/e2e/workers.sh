#!/usr/bin/env bash
# Machines that share a state on PostgreSQL: a release goes on elsewhere when its process dies, workers are killed, stopped
# for longer than their claims last and drained at random moments, and the server crashes: every release and every
# promotion ends well, no instance is started twice or left behind, no request fails. One record is damaged: the other
# runs go on.
# workers.sh BUILD [RUNS [SEED [--json]]]; a long campaign is one with more runs.
source "$(dirname "$0")/lib.sh"
source "$root/tests/e2e/ledger.sh"
source "$root/tests/e2e/postgres.sh"
runs=${2-6} seed=${3-1} json=${4-}
lanes=2 faults_each=3
home=$build/e2e/workers

# machine NAME: a folder as another machine would have it, of the same servers.
machine() {
  mkdir -p "$1/run.own"
  ln -s ../run "$1/run"
  cp "$root/tests/e2e/workers/shop.rollout" "$1/"
  sed "s/19640/$((port + 40))/; s/19650/$((port + 50))/" "$root/tests/e2e/workers/ship.rollout" >"$1/ship.rollout"
  printf '[cli]\nstate = "%s"\n' "$state" >"$1/rollout.toml"
}
on() { (cd "$1" && exec "$build/rollout" "${@:2}"); }  # on MACHINE COMMAND…
on_in_background() { (cd "$1" && exec "$build/rollout" "${@:3}" >>"../run/$2" 2>&1) & }

start_worker() {
  on_in_background "machine-$1" "worker-$1.log" worker --log "$PWD/run/worker-$1.jsonl"
  worker[$1]=$!
}

# The processes of all workers that drive a run.
drivers() {
  local pid
  for pid in "${worker[@]}"; do cat "/proc/$pid/task/$pid/children" 2>/dev/null || true; done
}

outcome() { on desk status "$1" --format json | grep -o '"outcome":"[a-z_]*"' | head -1 | cut -d'"' -f4; }
has_ended() { [[ $(outcome "$1") =~ ^(succeeded|rolled_back|parked)$ ]]; }
is_driven() { [[ -n $(drivers) ]]; }
gone() { ! kill -0 "$1" 2>/dev/null; }
met() { met=$((met + 1)); }

# One of the processes that drive, picked by chance; empty when there is none.
some_driver() { local all; all=($(drivers)); ((${#all[@]})) && echo "${all[RANDOM % ${#all[@]}]}" || true; }

fault() {
  local victim one=$((1 + RANDOM % 2))
  case $((RANDOM % 5)) in
    0) victim=$(some_driver); [[ -n $victim ]] && kill -KILL "$victim" 2>/dev/null && met ;;
    1) kill -KILL "${worker[$one]}"; wait "${worker[$one]}" 2>/dev/null; start_worker "$one"; met ;;
    2) victim=$(some_driver)
      [[ -n $victim ]] && kill -STOP "$victim" 2>/dev/null && sleep 2.6 && kill -CONT "$victim" 2>/dev/null && met ;;
    3) crash_postgres; sleep 0.3; start_postgres; met ;;
    4) kill -TERM "${worker[$one]}"; wait "${worker[$one]}" 2>/dev/null; start_worker "$one"; met ;;
  esac || true
}

# release VERSION: left to the workers, with faults all along.
release() {
  local log=run/release.log
  on desk apply shop.rollout release --set "image=shop:$1" --set "base=$((port + 10))" --yes --detach >"$log" 2>&1 ||
    die "lane $lane, seed $seed: the release of $1 cannot begin: $(tail -3 "$log")"
  run=$(run_in "$log")
  for ((i = 0; i < faults_each; ++i)); do
    sleep "0.$((100 + RANDOM % 800))"
    fault
  done
  await 60 "run $run ends" has_ended "$run"
  [[ $(outcome "$run") == succeeded ]] ||
    die "lane $lane, seed $seed: run $run: $(on desk status "$run"; tail -qn 5 run/worker-*.log)"
}

# fronts DIGIT: the processes of one environment, 4 for dev and 5 for production, each with its version.
fronts() {
  local process
  for process in /proc/[0-9]*; do
    { tr '\0' ' ' <"$process/cmdline"; echo; } |
      sed -n "s|^[^ ]*shop-\([0-9.]*\) --port $((port / 10 + $1))[0-9] .*|${process#/proc/} \1|p"
  done 2>/dev/null || true
}
stop_fronts() { (fronts 4; fronts 5) | while read -r one _; do kill -TERM "$one" 2>/dev/null || true; done; }
fronts_twice() {
  local log
  for log in run/dev/*-g*.log run/production/*-g*.log; do (($(count 'serving on' "$log") < 2)) || echo "$log"; done
}
front_version() { fronts "$1" | cut -d' ' -f2; }
is_over() { [[ $(outcome "$1") =~ ^(succeeded|stopped|aborted|superseded|rolled_back)$ ]]; }

# promote NAME VERSION [OPTION…]: it is $promotion.
promote() {
  on desk apply ship.rollout "$1" --set "image=shop:$2" --yes "${@:3}" >run/ship.log 2>&1 ||
    die "lane $lane, seed $seed: the promotion of $2: $(tail -5 run/ship.log)"
  promotion=$(grep -o '\bpromotion p[0-9]*' run/ship.log | head -1 | cut -d' ' -f2)
}

# ended WHAT OUTCOME VERSION…: how the promotion ended, and what both environments run then.
ended_as() {
  await 90 "$promotion $1" is_over "$promotion"
  [[ $(outcome "$promotion") == "$2" && $(front_version 4) == "$3" && $(front_version 5) == "$3" ]] ||
    die "lane $lane, seed $seed: $promotion $1: $(on desk status "$promotion"; tail -qn 8 run/worker-*.log)"
}

# A run whose record was damaged is left to a person, who mends it; the worker goes on with the others.
sql() { psql -qAt -h 127.0.0.1 -p "$postgres_port" -U shop postgres -c "$1"; }
poisoned() {
  local log=run/poisoned.log bad
  on desk apply ship.rollout install --env dev --set image=shop:1.0 --yes --detach >$log 2>&1 ||
    die "lane $lane: $(cat $log)"
  bad=$(run_in $log)
  sql "UPDATE rollout.events SET hash = reverse(hash) WHERE run = '$bad' AND seq = 0"
  start_worker 1
  is_told() { grep -q "journal of run $bad is damaged" run/worker-1.log; }
  await 20 "the worker tells of the damaged record" is_told
  on desk metrics >run/metrics.log
  grep -q "rollout_run_damaged{run=\"$bad\"" run/metrics.log || die "the metrics do not tell of $bad"
  on desk apply shop.rollout release --set image=shop:1.1 --set "base=$((port + 10))" --yes --detach >$log 2>&1 ||
    die "lane $lane: $(cat $log)"
  run=$(run_in $log)
  await 30 "run $run beside the damaged one ends" has_ended "$run"
  [[ $(outcome "$run") == succeeded ]] || die "lane $lane: run $run: $(tail -n 5 run/worker-1.log)"
  sql "UPDATE rollout.events SET hash = reverse(hash) WHERE run = '$bad' AND seq = 0"
  on desk apply --resume "$bad" --detach >$log 2>&1 || die "lane $lane: $(cat $log)"
  await 30 "run $bad ends" has_ended "$bad"
  [[ $(outcome "$bad") == succeeded ]] || die "lane $lane: run $bad: $(tail -n 5 run/worker-1.log)"
}

# Left to the workers, with faults all along; then taken back as a whole, by a process that is killed in the middle:
# once the workers go on, once a person does.
promotions() {
  local taken
  promote first 1.0
  ended_as "ends" succeeded 1.0
  promote ship 1.1 --detach
  for ((i = 0; i < faults_each; ++i)); do
    sleep "0.$((100 + RANDOM % 800))"
    fault
  done
  ended_as "is left to the workers" succeeded 1.1
  # Each environment has one run of it, whoever died.
  [[ $(on desk status "$promotion" --format json | grep -o '"run":"r[0-9]*"' | sort -u | wc -l) == 2 ]] ||
    die "lane $lane, seed $seed: $(on desk status "$promotion")"
  killed_on_the_way_back
  ended_as "is taken back by a worker" rolled_back 1.0
  promote ship 1.1 --accept-held
  stop_workers
  killed_on_the_way_back
  nobody() { on desk apply --resume "$promotion" >run/again.log 2>&1 && code=0 || code=$?; ((code != 7)); }
  await 20 "the claims of the killed process end" nobody
  ((code == 4)) || die "lane $lane, seed $seed: the way back ends with $code: $(cat run/again.log)"
  ended_as "is taken back by hand" rolled_back 1.0
}

killed_on_the_way_back() {
  on_in_background desk back.log rollback "$promotion" --reason "orders are lost" --yes
  local process=$!
  goes_back() { grep -q "goes back" run/back.log 2>/dev/null; }
  await 20 "$promotion goes back" goes_back
  sleep "0.$((RANDOM % 500 + 100))"
  kill -KILL "$process" 2>/dev/null && met
  wait "$process" 2>/dev/null || true
  mv run/back.log "run/back-$promotion.log"
}

# By hand, before there are workers: begun here, killed, gone on with there, answered and taken back from the desk.
by_hand() {
  on_in_background machine-1 hand.log apply shop.rollout careful --set image=shop:1.1 --set "base=$((port + 10))" --yes
  local first=$!
  waits() { on desk status r2 2>/dev/null | grep -q 'approve r2'; }
  await 30 "r2 waits for approval" waits
  on machine-2 apply --resume r2 >run/refused.log 2>&1 && die "two drive one run" || code=$?
  check "a run that is driven is refused elsewhere" test $code -eq 7
  kill -KILL $first; wait $first 2>/dev/null || true
  resumed() { [[ $(on desk audit r2 | grep -c resumed) -ge 1 ]]; }
  free() { on desk status r2 | grep -q 'nobody'; }
  await 20 "the claim of the killed process ends" free
  on_in_background machine-2 hand2.log apply --resume r2
  local second=$!
  await 20 "another machine goes on" resumed
  # Stopped for longer than its claim lasts: somebody else takes the run back, and it wakes up to nothing.
  kill -STOP $second
  await 20 "the claim of the stopped process ends" free
  on desk approve r2 --as anna >run/approve.log 2>&1 || die "the approval: $(cat run/approve.log)"
  on desk abort r2 --reason "by hand" >run/abort.log 2>&1 && die "the abort succeeds" || code=$?
  ((code == 4)) || die "the abort ends with $code: $(cat run/abort.log)"
  check "a third machine takes the run back" test "$(outcome r2)" == rolled_back
  local events
  events=$(on desk audit r2 | wc -l)
  kill -CONT $second
  wait $second && code=0 || code=$?
  check "who had lost the run says so and ends" test $code -eq 7
  check "and has recorded nothing" test "$(on desk audit r2 | wc -l)" -eq "$events"
  on desk audit --verify >/dev/null || die "the record is not whole"
}

lane() {
  lane=$1 met=0
  RANDOM=$((seed * 100 + lane))
  port=$((19600 + lane * 100))
  mkdir -p "$home/$lane/run/shop" "$home/$lane/run/bin" && cd "$home/$lane"
  sed "s/127.0.0.1:18400/127.0.0.1:$port/" "$quickstart/haproxy.cfg" >haproxy.cfg
  source "$quickstart/stack.sh"
  worker=()
  shop_url=http://127.0.0.1:$port/checkout reports=$PWD/run postgres_port=$((port + 1))
  state="postgresql://shop@127.0.0.1:$postgres_port/postgres?claim=2"
  trap 'stop_workers; stop_fronts; stop_stack; remove_postgres' EXIT
  for version in 1.0 1.1; do ln -s "$build/shop/shop-$version" run/bin/; done
  haproxy -db -f haproxy.cfg >run/haproxy.log 2>&1 &
  stack_pids+=($!)
  make_postgres
  await 20 "HAProxy opens its socket" test -S run/haproxy.sock
  for name in desk machine-1 machine-2; do machine $name; done
  on desk apply shop.rollout install --set image=shop:1.0 --set "base=$((port + 10))" --yes >run/install.log 2>&1 ||
    die "lane $lane: $(cat run/install.log)"
  ((lane > 0)) || by_hand
  load_rate=100 load_seconds=3000
  start_load workers
  poisoned
  start_worker 2
  for ((n = lane; n < runs; n += lanes)); do release "1.$(((n / lanes) % 2))"; done
  stop_load
  promotions
  stop_workers
  local doubled lost
  doubled=$(($(started_twice | wc -l) + $(fronts_twice | wc -l)))
  lost=$((4 - $(living | wc -l) - $(fronts 4 | wc -l) - $(fronts 5 | wc -l)))
  [[ -z $(grep -hv '^{"v":1,.*}$' run/worker-*.jsonl) ]] || die "a line of the log is broken: $(cat run/worker-*.jsonl)"
  on desk audit --verify >run/verify.log || die "the record is not whole: $(cat run/verify.log)"
  on desk backup ../state.backup >run/backup.log || die "no backup: $(cat run/backup.log)"
  mkdir -p moved && on moved restore ../state.backup >run/restore.log || die "no restore: $(cat run/restore.log)"
  on moved audit --verify >run/verify.log || die "the copy is not whole: $(cat run/verify.log)"
  echo "$met $doubled $lost $(field failed workers) $(field requests workers)" >"$home/$lane.result"
  trap - EXIT
  stop_fronts
  stop_stack
  remove_postgres
}

stop_workers() {
  local pid
  for pid in "${worker[@]}"; do kill -TERM "$pid" 2>/dev/null && wait "$pid"; done || true
  worker=()
}

rm -rf "$home" && mkdir -p "$home"
in_lanes $((runs < lanes ? runs : lanes)) lane
met=$(sum 1) doubled=$(sum 2) lost=$(sum 3) failed=$(sum 4)
tell workers "$met" "$lost" "$doubled" "$failed"
check "workers and their server were killed and stopped again and again" test "$met" -ge "$runs"
check "no instance was started twice, none is missing" test "$doubled" -eq 0 -a "$lost" -eq 0
check "no fault cost any of $(sum 5) requests" none_failed "$home"/*/run/load-workers.json
