# What the quickstart runs around rollout: HAProxy, Prometheus and client load. Sourced, after `set -euo pipefail`,
# by the demo and by tests/e2e, in this folder and with $build set to the folder of the binaries.
# Everything is started here or recorded by rollout in run/, and `stop_stack` ends exactly that.

shop_url=http://127.0.0.1:18400/checkout
prometheus_url=http://127.0.0.1:18490
stack_pids=()
load_pid=''

fail() { echo "demo: $*" >&2; exit 1; }

# await SECONDS WHAT COMMAND…: until the command succeeds.
await() {
  local deadline=$((SECONDS + $1)) what=$2
  until "${@:3}" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "$what: not within $1 s; the logs are in $PWD/run"
    sleep 0.1
  done
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start_stack() {
  stop_instances  # of an earlier demo that was killed
  rm -rf run state
  mkdir -p run/shop run/bin
  local port version
  for port in ${stack_ports-18400 18490}; do
    ! port_is_taken $port || fail "port $port is in use; is another demo running?"
  done
  for version in 1.0 1.1 1.2; do ln -s "$build/shop/shop-$version" run/bin/; done
  haproxy -db -f haproxy.cfg >run/haproxy.log 2>&1 &
  stack_pids+=($!)
  prometheus --config.file=prometheus.yml --storage.tsdb.path=run/prometheus \
    --web.listen-address="${prometheus_url#http://}" --log.level=warn >run/prometheus.log 2>&1 &
  stack_pids+=($!)
  await 20 "HAProxy opens its socket" test -S run/haproxy.sock
  await 20 "Prometheus is ready" curl -sf "$prometheus_url/-/ready"
}

# start_load NAME: client load through HAProxy until stop_load; the report is run/load-NAME.json.
start_load() {
  "$build/shop/shop-load" --url "$shop_url" --rate "${load_rate-400}" --seconds "${load_seconds-300}" --report "run/load-$1.json" \
    >"run/load-$1.txt" &
  load_pid=$!
}

stop_load() {
  kill -TERM "$load_pid"
  wait "$load_pid" || fail "the load generator failed"
  load_pid=''
}

# Instances outlive rollout. Each is known by the process id and the start time that rollout recorded, so a
# stranger that got the same id later is never touched.
stop_instances() {
  local record running=() try
  for record in $(cat run/shop/*.json 2>/dev/null | grep -o '"pid":[0-9]*,"start_ticks":[0-9]*' | tr -dc '0-9,\n'); do
    is_running "$record" && kill -TERM "${record%,*}" && running+=("$record")
  done
  for record in "${running[@]}"; do
    for ((try = 0; try < 100; ++try)); do is_running "$record" || continue 2; sleep 0.1; done
    kill -KILL "${record%,*}"
  done
}

# is_running PID,START: the start time is field 22 of /proc/PID/stat, counted behind the name, which may hold spaces.
is_running() { [[ $(sed -n 's/.*) //p' "/proc/${1%,*}/stat" 2>/dev/null | cut -d' ' -f20) == "${1#*,}" ]]; }

stop_stack() {
  set +e  # ends all it can
  local pid
  stop_instances
  for pid in $load_pid "${stack_pids[@]}"; do kill -TERM "$pid"; done 2>/dev/null
  for pid in $load_pid "${stack_pids[@]}"; do wait "$pid"; done 2>/dev/null
  load_pid='' stack_pids=()
  set -e
}
