#!/usr/bin/env bash
# kill -9 of rollout at random moments of releases, several times each, on local processes, HAProxy and Prometheus:
# every release ends well, no instance is started twice or left behind, no request fails. Lanes run side by side.
# kills.sh BUILD [RUNS [SEED [--json]]]; a long campaign is one with more runs.
source "$(dirname "$0")/lib.sh"
source "$root/tests/e2e/ledger.sh"
runs=${2-16} seed=${3-1} json=${4-}
lanes=4 kills_each=8
home=$build/e2e/kills

# attempt KILL_MS: drives the release, from its beginning or from where it is; 0 ms: to its end. Sets `ended`.
attempt() {
  local arguments=(shop.rollout release --set "image=shop:$version" "${settings[@]}" --yes) driver
  [[ -z $run ]] || arguments=(--resume "$run")
  "$build/rollout" apply "${arguments[@]}" >run/attempt.log 2>&1 &
  driver=$!
  ended=''
  if (($1)); then
    sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"
    kill -KILL $driver 2>/dev/null || true
  fi
  local code=0
  wait $driver 2>/dev/null || code=$?
  cat run/attempt.log >>run/release.log
  [[ -n $run ]] || run=$(run_in run/attempt.log)
  ((code == 137)) && killed=$((killed + 1)) || ended=$code
}

# release VERSION: killed again and again, then left alone.
release() {
  version=$1 run='' ended=''
  for ((i = 0; i < kills_each; ++i)); do
    attempt $((20 + RANDOM % 1200))
    [[ -z $ended || $ended == 7 ]] || break
  done
  for ((i = 0; i < 3; ++i)); do [[ $ended == 0 ]] || attempt 0; done
  [[ $ended == 0 ]] || die "lane $lane, seed $seed: the release of $1 ends with $ended: $(tail -5 run/attempt.log)"
}

lane() {
  lane=$1 killed=0
  RANDOM=$((seed * 100 + lane))
  local port=$((19000 + lane * 100))
  mkdir -p "$home/$lane" && cd "$home/$lane"
  cp "$root/tests/e2e/kills/shop.rollout" "$quickstart/prometheus.yml" .
  sed "s/127.0.0.1:18400/127.0.0.1:$port/" "$quickstart/haproxy.cfg" >haproxy.cfg
  source "$quickstart/stack.sh"
  shop_url=http://127.0.0.1:$port/checkout prometheus_url=http://127.0.0.1:$((port + 1))
  stack_ports="$port $((port + 1))"
  settings=(--set "base=$((port + 10))" --set "prometheus_url=$prometheus_url")
  reports=$PWD/run
  trap stop_stack EXIT
  start_stack
  "$build/rollout" apply shop.rollout install --set image=shop:1.0 "${settings[@]}" --yes >run/install.log 2>&1 ||
    die "lane $lane: $(cat run/install.log)"
  load_rate=100 load_seconds=3000
  start_load kills
  for ((n = lane; n < runs; n += lanes)); do release "1.$(((n / lanes + 1) % 2))"; done
  stop_load
  local doubled lost
  doubled=$(started_twice | wc -l) lost=$((2 - $(living | wc -l)))
  echo "$killed $doubled $lost $(field failed kills) $(field requests kills)" >"$home/$lane.result"
  trap - EXIT
  stop_stack
}

rm -rf "$home" && mkdir -p "$home"
in_lanes $((runs < lanes ? runs : lanes)) lane
killed=$(sum 1) doubled=$(sum 2) lost=$(sum 3) failed=$(sum 4)
tell kills "$killed" "$lost" "$doubled" "$failed"
check "rollout was killed again and again" test "$killed" -ge $((runs * 4))
check "no instance was started twice, none is missing" test "$doubled" -eq 0 -a "$lost" -eq 0
check "no kill cost any of $(sum 5) requests" none_failed "$home"/*/run/load-kills.json
