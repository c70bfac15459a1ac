# For bad_input.sh: its own copy of the quickstart in a temporary folder, on ports from 18600 on, with shorter holds, and
# the checks that every case ends with. Sourced after lib.sh; whatever it starts is ended by `clean_up`.
shop_url=http://127.0.0.1:18600/checkout
prometheus_url=http://127.0.0.1:18690
rollout=$build/rollout
pids=()
prometheus_pid='' haproxy_pid='' load_pid='' mounted=''

# edit FILE SED…: every expression must change something.
edit() {
  local file=$1 before expression
  for expression in "${@:2}"; do
    before=$(cat "$file")
    sed -i -E "$expression" "$file"
    [[ $before != "$(cat "$file")" ]] || die "the quickstart has changed: $expression changes nothing in $file"
  done
}

# variant NAME SED…: shop.rollout with changes, as NAME.rollout.
variant() {
  cp shop.rollout "$1.rollout"
  edit "$1.rollout" "${@:2}"
}

# await SECONDS WHAT COMMAND…
await() {
  local deadline=$((SECONDS + $1))
  until "${@:3}" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || { show_out; die "$2: not within $1 s"; exit 1; }
    sleep 0.1
  done
}

show_out() { tail -n 40 "$out" >&2; }

# The waits for evidence stay as they are: Prometheus takes up to 11 s to see a change of targets.json (its discovery and its
# scraping each look every 5 s).
make_project() {
  project=$(mktemp -d)
  out=$project/out
  : >"$out"
  cp "$quickstart"/{shop.rollout,haproxy.cfg,prometheus.yml} "$project"
  cd "$project"
  mkdir -p run/shop run/bin state
  local version
  for version in 1.0 1.1 1.2; do ln -s "$build/shop/shop-$version" run/bin/; done
  edit shop.rollout 's/18490/18690/' 's/18410/18610/' 's/replicas   = 4/replicas   = 2/' 's/"canary", 10%, 12s/"canary", 50%, 5s/' \
    's/, Step\("pilot", 50%, 8s\)//' 's/settle: 8s/settle: 4s/' 's/minimum 200/minimum 50/'
  edit haproxy.cfg 's/18400/18600/' 's/shop 16/shop 6/'
}

# program NAME TEXT: a version of the shop that is a shell script.
program() {
  printf '#!/bin/sh\n%s\n' "$2" >"run/bin/$1"
  chmod +x "run/bin/$1"
}

start_haproxy() {
  haproxy -db -f haproxy.cfg >>run/haproxy.log 2>&1 &
  haproxy_pid=$!
  await 20 "HAProxy opens its socket" haproxy_says "show info"
}

start_prometheus() {
  prometheus --config.file=prometheus.yml --storage.tsdb.path=run/prometheus \
    --web.listen-address="${prometheus_url#http://}" --log.level=warn >>run/prometheus.log 2>&1 &
  prometheus_pid=$!
  await 20 "Prometheus is ready" curl -sf "$prometheus_url/-/ready"
}

end() {
  kill "-${2:-TERM}" "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# start_load NAME, stop_load: as in the quickstart; the report is run/load-NAME.json.
start_load() {
  "$build/shop/shop-load" --url "$shop_url" --rate 300 --seconds 300 --report "run/load-$1.json" >"run/load-$1.txt" &
  load_pid=$!
}

stop_load() {
  kill -TERM "$load_pid"
  wait "$load_pid" || die "the load generator failed"
  load_pid=''
}

instance_pids() { cat run/*/*.json 2>/dev/null | grep -o '"pid":[0-9]*' | tr -dc '0-9\n'; }

# Every instance that runs, by the marker that rollout gives it, in this project only.
instances() {
  grep -hazo "^ROLLOUT_INSTANCE=$project/run/shop/.*" /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n' | sed 's|.*/||' | sort || true
}

clean_up() {
  local code=$? pid
  set +e
  for pid in $(grep -lz "^ROLLOUT_INSTANCE=$project/" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\n'); do kill -KILL "$pid"; done
  for pid in $load_pid $haproxy_pid $prometheus_pid "${pids[@]}"; do end "$pid" KILL; done
  cd /
  [[ -z $mounted ]] || umount "$mounted"
  if ((code == 0)); then rm -rf "$project"; else echo "everything is kept in $project" >&2; fi
  exit $code
}

# haproxy_says COMMAND: asks the runtime API.
haproxy_says() {
  perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => "run/haproxy.sock") or exit 1;
    print $s "$ARGV[0]\n"; print while <$s>' "$1"
}

# Everything that a release can change: instances, routes, runs.
world() {
  instances
  haproxy_says "show servers state checkout" | awk '$4 ~ /^shop/ { print $4, $5, $6, $7, $8, $19 }' || true
  "$rollout" status --format json 2>/dev/null || true
}

# rollout_ends CODE ARGUMENT…: runs it without a terminal; all it says is in $out.
rollout_ends() {
  local code=0 wanted=$1
  "$rollout" "${@:2}" >"$out" 2>"$out.err" </dev/null || code=$?
  judge_end "$code" "$wanted" "${*:2}"
}

# judge_end CODE WANTED WHAT: after a rollout whose standard output and error are in $out and $out.err.
judge_end() {
  errors=$(grep -c '^rollout: ' "$out.err" || true)
  cat "$out.err" >>"$out"
  if ((${verbose:-0})); then echo "── rollout $3 → $1"; cat "$out"; fi
  (($1 == $2)) || { show_out; die "$case: exit code $1 from \`rollout $3\`, not $2"; }
}

# says TEXT…: extended expressions, each in the output; and no sign of a bug of ours.
says() {
  local text
  for text in "$@"; do grep -qE -- "$text" "$out" || { show_out; die "$case: nothing says \"$text\""; }; done
  ! grep -qE 'CHECK|terminate called|Assertion' "$out" || { show_out; die "$case: a bug shows"; }
}

# refused CODE TEXT… -- ARGUMENT…: one message, this exit code, and nothing is changed.
refused() {
  local code=$1 texts=() before
  shift
  while [[ $1 != -- ]]; do texts+=("$1"); shift; done
  before=$(world)
  rollout_ends "$code" "${@:2}"
  ((errors == 1)) || { show_out; die "$case: $errors messages, not one"; }
  says "${texts[@]}"
  [[ $before == "$(world)" ]] || { diff <(echo "$before") <(world) >&2 || true; die "$case: something was changed"; }
}

ok() { echo "ok: $case"; }

# KEEP_GOING=1: to see every failure in one run.
failures=0
die() {
  echo "FAILED: $*" >&2
  [[ ${KEEP_GOING:-} ]] || exit 1
  ((++failures))
}
