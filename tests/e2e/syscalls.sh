#!/usr/bin/env bash
# rollout ends, or fails to write, at the N-th of its system calls, by strace: every release is finished by the next
# process, and no instance is started twice or lost. syscalls.sh BUILD [RUNS [SEED [--json]]]
source "$(dirname "$0")/lib.sh"
source "$root/tests/e2e/ledger.sh"
runs=${2-100} seed=${3-1} json=${4-}
lanes=4
home=$build/e2e/syscalls
# Calls that change something, or that such a change hangs on.
calls=(pwrite64 fsync fdatasync rename ftruncate unlink sendto openat flock fcntl mkdir)
faults=(signal=KILL signal=KILL error=ENOSPC error=EIO)

# count_calls COMMAND…: fills `counted` with what an undisturbed release makes of each call, as `fsync:24`; run/calls, too.
count_calls() {
  local call count
  strace -qq -o run/counted.log -e "trace=$(IFS=,; echo "${calls[*]}")" "$@" >run/attempt.log 2>&1 ||
    die "lane $lane: $(cat run/attempt.log)"
  counted=()
  : >run/calls
  for call in "${calls[@]}"; do
    count=$(grep -c "^$call(" run/counted.log || true)
    ((count == 0)) || { echo "$call $count" >>run/calls; counted+=("$call:$count"); }
  done
}

# injected N: a fault for the N-th of `runs`: of each call as many as of the others, spread over all that a release makes;
# as strace is told of it.
injected() {
  local kinds=${#counted[@]} fault=${faults[($1 + $1 / lanes) % ${#faults[@]}]}
  local call=${counted[$1 % kinds]%:*} count=${counted[$1 % kinds]#*:}
  local at=$((1 + ($1 / kinds * count / (runs / kinds + 1) + seed - 1) % count))
  echo "$call:$at" >>run/tried
  [[ $call == pwrite64 || $call == f*sync ]] || fault=signal=KILL
  [[ $fault == signal=* ]] || at=$at..$((at + 3))
  echo "$call:$fault:when=$at"
}

# apply ARGUMENTS…: sets `code`.
apply() {
  code=0
  "$@" >run/attempt.log 2>&1 || code=$?
  cat run/attempt.log >>run/all.log
}

lane() {
  lane=$1
  local met=0 violations=0 injection version before run
  mkdir -p "$home/$lane" && cd "$home/$lane"
  cp "$root/tests/e2e/syscalls/shop.rollout" .
  source "$quickstart/stack.sh"
  trap stop_instances EXIT
  mkdir -p run/bin
  for version in 1.0 1.1; do ln -s "$build/shop/shop-$version" run/bin/; done
  settings=(--set "base=$((19500 + lane * 20))" --yes)
  apply "$build/rollout" apply shop.rollout install --set image=shop:1.0 "${settings[@]}"
  ((code == 0)) || die "lane $lane: $(cat run/attempt.log)"
  count_calls "$build/rollout" apply shop.rollout release --set image=shop:1.1 "${settings[@]}"
  : >run/tried
  for ((n = lane; n < runs; n += lanes)); do
    before=$(stable)
    [[ $before == 1.0 ]] && version=1.1 || version=1.0
    injection=$(injected $n)
    apply strace -qq -o run/strace.log -e "inject=$injection" "$build/rollout" apply shop.rollout release \
      --set "image=shop:$version" "${settings[@]}"
    grep -q 'INJECTED\|killed by SIGKILL' run/strace.log && met=$((met + 1))
    run=$(run_in run/attempt.log)
    # By whoever comes next, where the release has not ended: from its run, or from its beginning.
    for ((i = 0; i < 3 && code != 0 && code != 4; ++i)); do
      if [[ -n $run ]]; then apply "$build/rollout" apply --resume "$run" --yes
      else apply "$build/rollout" apply shop.rollout release --set "image=shop:$version" "${settings[@]}"; fi
      [[ -n $run ]] || run=$(run_in run/attempt.log)
      ! grep -q "run $run has ended" run/attempt.log || break
    done
    # What could not be written may have taken the release back, and then completely.
    ((code == 0 || code == 7)) && [[ $(stable) == "$version" ]] || { ((code == 4 || code == 7)) && [[ $(stable) == "$before" ]]; } ||
      { violations=$((violations + 1)); echo "seed $seed, lane $lane, run $n: $injection: code $code, stable $(stable)"; cat run/attempt.log; }
  done
  echo "$met $(started_twice | wc -l) $((1 - $(living | wc -l))) $violations" >"$home/$lane.result"
  cp run/calls "$home/$lane.calls"
  cp run/tried "$home/$lane.tried"
  trap - EXIT
  stop_instances
}

rm -rf "$home" && mkdir -p "$home"
in_lanes $lanes lane
tell syscalls "$(sum 1)" "$(sum 3)" "$(sum 2)" "$(sum 4)"
[[ $json == --json ]] || echo "a release makes $(awk '{ all += $2; by = by (NR > 1 ? ", " : "") $2 " " $1 } END { print all " such calls (" by ")" }' \
  "$home/0.calls"); $(sort -u "$home"/*.tried | wc -l) of them were tried"
check "most of the faults were met" test "$(sum 1)" -ge $((runs / 2))
check "no instance was started twice, none is missing" test "$(sum 2)" -eq 0 -a "$(sum 3)" -eq 0
check "every release came to its end" test "$(sum 4)" -eq 0 || { cat "$home"/*.out; exit 1; }
