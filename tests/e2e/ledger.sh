# For campaigns that end rollout again and again: what the instances themselves say. Sourced beside stack.sh, in the
# folder of a project whose only service is checkout.

count() { cat "${@:2}" 2>/dev/null | grep -c "$1" || true; }  # count PATTERN FILE…

# The logs of instances that were started more than once.
started_twice() {
  local log
  for log in run/shop/*-g*.log; do (($(count 'serving on' "$log") < 2)) || echo "$log"; done
}

# The instances on record that live.
living() {
  local record
  for record in $(grep -oh '"pid":[0-9]*,"start_ticks":[0-9]*' run/shop/checkout.json | tr -dc '0-9,\n'); do
    is_running "$record" && echo "$record"
  done
}

# The run that a log speaks of: begun, or in the way of another one.
run_in() { (grep -o '\brun r[0-9]*' "$1" || true) | head -1 | cut -d' ' -f2; }

# The version of the stable instances, once for each.
stable() { (grep -o '"track":"stable","version":"[0-9.]*"' run/shop/targets.json || true) | grep -o '[0-9.]*"$' | tr -d '"'; }

# in_lanes COUNT FUNCTION: side by side, each with its number; all must end well. Their output is $home/LANE.out.
in_lanes() {
  local lane pid code=0 pids=()
  for ((lane = 0; lane < $1; ++lane)); do
    ("$2" $lane) >"$home/$lane.out" 2>&1 &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || code=1; done
  ((code == 0)) || die "$(cat "$home"/*.out)"
}

# sum COLUMN: over the result lines of all lanes.
sum() { awk -v column="$1" '{total += $column} END {print total + 0}' "$home"/*.result; }

# tell NAME INJECTED LOST DOUBLED VIOLATIONS: the result of the campaign, as --json asks or for people.
tell() {
  if [[ -n $json ]]; then
    printf '{"version":1,"campaign":"%s","seed":%d,"runs":%d,"faults_injected":%d,"faults_witnessed":%d,' \
      "$1" "$seed" "$runs" "$2" "$2"
    printf '"lost":%d,"doubled":%d,"violations":%d}\n' "$3" "$4" "$5"
    exec 1>&2
  else
    echo "$1: $runs runs from seed $seed, $2 faults met, $3 lost, $4 doubled, $5 violations"
  fi
}
