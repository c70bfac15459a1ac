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
for run in $("$rollout" status --format json --verbose | grep -o '"run":"r[0-9]*"' | cut -d'"' -f4); do
  twice=$("$rollout" status "$run" --events --format json | grep -o '"type":"step_done","step":[^,]*,[^,]*' | sort | uniq -d)
  check "$case: run $run did nothing twice $twice" test -z "$twice"
done
