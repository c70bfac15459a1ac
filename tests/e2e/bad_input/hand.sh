# The hand on the wheel, in the middle of a long hold: 1.1 is in service, 1.0 the canary.
variant long 's/50%, 5s/50%, 100s/'

canary_serves() { curl -sf "$shop_url" | grep -q 'shop 1.0'; }
driver_says() { grep -qE -- "$1" "$out.run" "$out.run.err"; }
# The run that has not ended; empty: there is none.
unfinished() { "$rollout" status --format json | sed -nE 's/.*"run":"(r[0-9]+)"[^{}]*"outcome":null.*/\1/p'; }
routes() { haproxy_says "show servers state checkout" | awk '$4 ~ /^shop/ && $6 == 0 { print $5 ":" $19, "weight", $8 }' | sort; }

# drive ARGUMENT…: in the background; $driver is its process.
drive() {
  "$rollout" "$@" >"$out.run" 2>"$out.run.err" </dev/null &
  driver=$!
}
driver_ends() {
  local code=0
  wait "$driver" || code=$?
  cp "$out.run" "$out"
  cp "$out.run.err" "$out.err"
  judge_end $code "$1" "of the first terminal"
}

start_load hand
case="a second release while one runs"
drive apply long.rollout release --set image=shop:1.0 --yes
await 20 "the canary serves" canary_serves
await 20 "the hold is underway" driver_says 'held '
run=$(unfinished)
rollout_ends 7 apply shop.rollout release --set image=shop:1.0 --yes
says "being changed by .*process $driver"
((errors == 1)) || die "$case: not one message"
ok

case="HAProxy is reloaded in the middle of a hold"
old=$haproxy_pid
haproxy -db -f haproxy.cfg -sf "$old" >>run/haproxy.log 2>&1 &
haproxy_pid=$!
await 20 "the weights are set again" driver_says 'set again'
await 10 "the canary serves again" canary_serves
wait "$old" || true
ok

if [[ $mounted ]]; then
  case="the disk becomes full in the middle of a hold"
  head -c 8m /dev/zero >state/fill 2>run/fill.log || true
  await 20 "the trouble is said" driver_says 'the run waits.*disk is full'
  check "$case: the release waits" kill -0 "$driver"
  rm state/fill
fi

case="abort from a second terminal"
rollout_ends 0 abort "$run" --reason "wrong image"
driver_ends 4
says "rolled back, completely" "wrong image"
check "$case: the canary is gone" test "$(instances | wc -l)" -eq 2
check "$case: the traffic is back" test "$(curl -sf $shop_url)" == "checkout, shop 1.1"

case="abort and resume of a run that has ended, or was never there"
refused 7 "run $run has ended" -- abort "$run"
refused 7 "run $run has ended" -- apply --resume "$run" --yes
refused 2 "no run .r999." -- abort r999
refused 2 "no run .r999." -- apply --resume r999
refused 2 "no run .r999." -- status r999
refused 7 "no unfinished run" -- apply shop.rollout release --set image=shop:1.0 --resume --yes
ok

case="Ctrl-C once"
drive apply long.rollout release --set image=shop:1.0 --yes
await 20 "the canary serves" canary_serves
await 20 "the hold is underway" driver_says 'held '
before=$(routes)
kill -INT "$driver"
driver_ends 130
run=$(unfinished)
says "rollout apply --resume $run" "rollout abort $run" "traffic stays as it is"
check "$case: the traffic stays" test "$(routes)" == "$before"

case="an unfinished run comes first"
refused 7 "run $run .*has not ended" "rollout apply --resume $run" "rollout abort $run" \
  -- apply shop.rollout release --set image=shop:1.0 --yes
ok

case="Ctrl-C twice, while HAProxy does not answer"
drive apply --resume "$run" --yes
await 20 "the run goes on" driver_says 'resumed by'
kill -STOP "$haproxy_pid"
sleep 1.5
kill -INT "$driver"
sleep 0.3
kill -INT "$driver" 2>/dev/null || true
began=$SECONDS
driver_ends 130
kill -CONT "$haproxy_pid"
check "$case: it ends at once" test $((SECONDS - began)) -le 2

case="abort of a run that nobody drives"
rollout_ends 4 abort "$run"
says "nobody drives run $run" "rolled back, completely"
check "$case: the canary is gone" test "$(instances | wc -l)" -eq 2

case="Ctrl-C in the middle of an action"
program shop-7.3 "sleep 8; exec $project/run/bin/shop-1.0 \"\$@\""
all_ready() {
  local port
  for port in $(grep -o '"port":[0-9]*' run/shop/checkout.json | tr -dc '0-9\n'); do
    curl -sf "http://127.0.0.1:$port/healthz" || return 1
  done
}
drive apply long.rollout release --set image=shop:7.3 --yes
four_on_record() { (($(instance_pids | wc -l) == 4)); }
await 20 "four instances are on record" four_on_record
kill -INT "$driver"
driver_ends 130
says 'interrupted, no new effect starts; in flight: .deploy checkout shop:7.3.: ' 'a resume looks first and does nothing twice'
run=$(unfinished)
ok

case="Ctrl-C records an action that came to its end"
drive apply --resume "$run" --yes
await 20 "the run goes on" driver_says 'resumed by'
kill -STOP "$driver"
await 20 "the new instances are ready" all_ready
kill -INT "$driver"
kill -CONT "$driver"
driver_ends 130
says 'deploy checkout shop:7.3: was so already' 'interrupted, no new effect starts; nothing is in flight'
rollout_ends 4 abort "$run"
check "$case: the canary is gone" test "$(instances | wc -l)" -eq 2

case="Prometheus dies in the middle of a hold"
variant short 's/50%, 5s/50%, 6s/'
drive apply short.rollout release --set image=shop:1.0 --yes
await 20 "the canary serves" canary_serves
end "$prometheus_pid" KILL
driver_ends 5
says "no evidence" "parked: it needs a hand" "Everything this run had changed is restored" "$prometheus_url"
check "$case: the canary is gone" test "$(instances | wc -l)" -eq 2
start_prometheus
stop_load
