#!/usr/bin/env bash
# Machines that share a state on PostgreSQL: a release goes on elsewhere when its process dies, workers are killed, stopped
# for longer than their claims last and drained at random moments, and the server crashes: every release ends well, no
# instance is started twice or left behind, no request fails.
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
  printf '[cli]\nstate = "%s"\n' "$state" >"$1/rollout.toml"
}
on() { (cd "$1" && exec "$build/rollout" "${@:2}"); }  # on MACHINE COMMAND…
on_in_background() { (cd "$1" && exec "$build/rollout" "${@:3}" >>"../run/$2" 2>&1) & }

start_worker() {
  on_in_background "machine-$1" "worker-$1.log" worker
  worker[$1]=$!
}

# The processes of all workers that drive a run.
drivers() {
  local pid
  for pid in "${worker[@]}"; do cat "/proc/$pid/task/$pid/children" 2>/dev/null || true; done
}

outcome() { on desk status "$1" --format json | grep -o '"outcome":"[a-z_]*"' | cut -d'"' -f4; }
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
  trap 'stop_workers; stop_stack; remove_postgres' EXIT
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
  start_worker 1
  start_worker 2
  for ((n = lane; n < runs; n += lanes)); do release "1.$(((n / lanes + 1) % 2))"; done
  stop_load
  stop_workers
  local doubled lost
  doubled=$(started_twice | wc -l) lost=$((2 - $(living | wc -l)))
  on desk audit --verify >run/verify.log || die "the record is not whole: $(cat run/verify.log)"
  on desk backup ../state.backup >run/backup.log || die "no backup: $(cat run/backup.log)"
  mkdir -p moved && on moved restore ../state.backup >run/restore.log || die "no restore: $(cat run/restore.log)"
  on moved audit --verify >run/verify.log || die "the copy is not whole: $(cat run/verify.log)"
  echo "$met $doubled $lost $(field failed workers) $(field requests workers)" >"$home/$lane.result"
  trap - EXIT
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
