# kill -9 of rollout at random moments of good releases, each time resumed: nothing lost, nothing doubled, no request failed.
case="kill -9 at ${KILLS:=20} random moments"
RANDOM=${SEED:=$$}
echo "the seed is $SEED"
version=1.0 kills=0 releases=0
start_load crash
drive apply shop.rollout release --set image=shop:$version --yes
while true; do
  sleep 0.$((RANDOM % 7 + 1))$((RANDOM % 10))
  if ((kills < KILLS)) && kill -KILL "$driver" 2>/dev/null; then
    ((++kills))
    wait "$driver" 2>/dev/null || true
    [[ -z $(instances | uniq -d) ]] || { instances; die "$case: an instance runs twice after kill $kills, seed $SEED"; }
    run=$(unfinished)
    [[ -z $run ]] || last=$run
    # Killed before there was a run, or after its end.
    if [[ $run ]]; then drive apply --resume "$run" --yes
    else drive apply shop.rollout release --set image=shop:$version --yes; fi
    continue
  fi
  driver_ends 0
  ((++releases))
  check "$case: $version is what runs" test "$(curl -sf $shop_url)" == "checkout, shop $version"
  check "$case: two instances" test "$(instances | wc -l)" -eq 2
  check "$case: those on record" test "$(instance_pids | wc -l)" -eq 2
  ((kills < KILLS)) || break
  [[ $version == 1.0 ]] && version=1.1 || version=1.0
  drive apply shop.rollout release --set image=shop:$version --yes
done
stop_load
check "$case: no request of $(field requests crash) failed in $releases releases" test "$(field failed crash)" -eq 0
events=$("$rollout" status "$last" --events --format json | grep -o '"event":"step_done".*' | sed -E 's/"(run|wall)_ns":[0-9]+,//g; s/,"attempt".*//')
check "$case: the journal tells what was done" test "$(wc -l <<<"$events")" -ge 5
check "$case: nothing was done twice" test -z "$(sort <<<"$events" | uniq -d)"
starts=$(grep -c 'serving on' run/shop/*.log | grep -v ':[01]$' || true)
check "$case: every instance was started at most once $starts" test -z "$starts"
