#!/usr/bin/env bash
# Examples that need no more than `local`, HAProxy and Prometheus, and the tutorial, released for real while clients count
# what fails. Each is the file of its folder; only its numbers are made small by `shrunk`: minutes are seconds, and a gate
# has seen enough sooner, or has more patience. Each has a HAProxy, a Prometheus and a state of its own.
source "$(dirname "$0")/lib.sh"
folder=$build/e2e/examples

# shrunk FILE EDIT…: the file with these edits by sed; each must find something, so that none outlives what it edits.
shrunk() {
  local text edited edit
  text=$(cat "$1")
  for edit in "${@:2}"; do
    edited=$(sed -E "$edit" <<<"$text")
    [[ $edited != "$text" ]] || die "$1: the edit $edit finds nothing"
    text=$edited
  done
  echo "$text"
}

# enter NAME: the example's folder, new, and what `stack.sh` offers.
enter() {
  rm -rf "${folder:?}/$1"
  mkdir -p "$folder/$1/run/bin"
  cd "$folder/$1"
  reports=$PWD/run
  ln -s run/bin bin
  : >rollout.toml
  source "$quickstart/stack.sh"
}

# sections PORT SERVICE…: a configuration of HAProxy with a section for each service, on ports from PORT on.
sections() {
  local port=$1 name
  sed '/^frontend/,$d' "$quickstart/haproxy.cfg"
  for name in "${@:2}"; do
    printf 'frontend %s\n    bind 127.0.0.1:%s\n    default_backend %s\n\n' "$name-in" $((port++)) "$name"
    sed -n '/^backend/,$p' "$quickstart/haproxy.cfg" | sed "s/^backend checkout/backend $name/"
    echo
  done
}

# stand PROMETHEUS_PORT PORT…: HAProxy and Prometheus as the folder configures them.
stand() {
  prometheus_url=http://127.0.0.1:$1
  stack_ports=$*
  trap stop_stack EXIT
  start_stack
}

rollout() { "$build/rollout" "$@"; }

# applied EXIT_CODE LOG WHAT ARGUMENT…
applied() {
  local code=0
  rollout apply "${@:4}" --yes >"run/$2.log" 2>&1 || code=$?
  ((code == $1)) || cat "run/$2.log"
  check "$3 (exit $code)" test $code -eq "$1"
}

# install FILE SERVICE=IMAGE…: what serves before a release, all at the same time. The file's inputs stand in `inputs`.
inputs=()
install() {
  local names=("${@:2}") given routed
  routed=$(grep -c '^  router *=' "$1") || true
  {
    printf 'import "./%s".{%s}\n\n' "$1" "$(IFS=,; echo "${names[*]%%=*}")"
    echo 'rollout install {'
    echo '  parallel {'
    for given in "${names[@]}"; do
      printf '    phase %s { %s.install("%s") ' "${given%=*}" "${given%=*}" "${given#*=}"
      if ((routed)); then printf ' %s.shift(0%%) ' "${given%=*}"; fi
      printf '}\n'
    done
    printf '  }\n}\n'
  } >install.rollout
  applied 0 install "what serves before is installed" install.rollout install "${inputs[@]}"
}

# serves PORT VERSION: each of sixteen answers.
serves() {
  local i
  for ((i = 0; i < 16; ++i)); do
    [[ $(curl -sf "http://127.0.0.1:$1/checkout") == "checkout, shop $2" ]] || return 1
  done
}

# load NAME PORT RATE: clients in the background, until `stop_loads`.
loads=()
load() {
  "$build/shop/shop-load" --url "http://127.0.0.1:$2/checkout" --rate "$3" --seconds 300 \
    --report "run/load-$1.json" >"run/load-$1.txt" &
  loads+=($!)
  stack_pids+=($!)
}
stop_loads() {
  kill -TERM "${loads[@]}"
  wait "${loads[@]}" || die "the load generator failed"
  loads=()
}

# examples/blue_green: a good version changes over; a bad one goes back while it has its small share.
blue_green() {
  enter blue_green
  sections 18501 checkout >haproxy.cfg
  cp "$quickstart/prometheus.yml" .
  stand 18591 18501
  local gate
  for gate in golden_signals sla; do
    shrunk "$root/stdlib/gate/$gate.rollout" 's/every 15s/every 1s/' >$gate.rollout
  done
  shrunk "$root/examples/blue_green/blue_green.rollout" 's/127.0.0.1:9090/127.0.0.1:18591/' \
    's|import std.gate.*|import "./golden_signals.rollout".{golden_signals}\nimport "./sla.rollout".{sla}|' \
    's/ports_from = 8100/ports_from = 18510/' 's/traffic = 2000/traffic = 300/' \
    's/trial: 10m/trial: 8s/' 's/worse: 0.3%/worse: 2%, slower: 20.0, least: 100/' \
    's/settle: 30m/settle: 8s, share: 20%/' >blue_green.rollout
  inputs=(--set image=shop/checkout:1.0)
  install blue_green.rollout checkout=shop/checkout:1.0

  load good 18501 300
  applied 0 good "blue/green: a good version has all of the traffic" \
    blue_green.rollout release --set image=shop/checkout:1.1
  stop_loads
  check "blue/green: which all clients see" serves 18501 1.1
  check "blue/green: and no request was lost" none_failed "$reports/load-good.json"

  load bad 18501 300
  applied 4 bad "blue/green: a bad version goes back" blue_green.rollout release --set image=shop/checkout:1.2
  stop_loads
  check "blue/green: in the phase in which it was compared" grep -q '  canary .*gate golden_signals.*: fail' run/bad.log
  check "blue/green: the old version serves" serves 18501 1.1
  check "blue/green: only pages of the bad version failed" \
    test "$(field failed bad)" -eq "$(answers 1.2 500 bad)"
}

services=(front mail shipping orders payment cart reviews search catalog accounts prices stock)

# begins ACTION SERVICE LOG: the number of the line of the timeline that says so.
begins() { grep -nE "^[0-9]+:[0-9]+ .* $1 $2( |\$)" "run/$3.log" | head -1 | cut -d: -f1; }
# one_after_another ACTION LOG SERVICE…: in this order.
one_after_another() {
  local line last=0 service
  for service in "${@:3}"; do
    line=$(begins "$1" "$service" "$2")
    ((line > last)) || { cat "run/$2.log" >&2; return 1; }
    last=$line
  done
}

# examples/twelve_services: eleven change, in the order of what they need; then two, of which the second fails.
twelve_services() {
  enter twelve_services
  sections 18601 "${services[@]}" >haproxy.cfg
  cp "$quickstart/prometheus.yml" .
  stand 18692 {18601..18612}
  shrunk "$root/examples/twelve_services/twelve_services.rollout" 's/127.0.0.1:9090/127.0.0.1:18692/' \
    's|directory = "run"|directory = "run/shop"|' 's/ports_from = 8/ports_from = 18/' \
    's/traffic( *)= 200/traffic\1= 40/' 's/every 30s/every 1s/' 's/minimum 500/minimum 20/' \
    's/harm \+1%/harm +45%/' 's/\+ 0.5% proven/+ 40% proven/' 's/\+ 1% /+ 45% /' \
    's/10%, 5m/40%, 3s/' 's/50%, 5m/60%, 2s/' 's/settle: 2m/settle: 3s/' \
    's/"(errors_total|requests_total)"/"shop_\1"/g' \
    's/^  (require|reject when s.error_rate).*/&\n  on no_data { hold 30s then fail }\n  on error { hold 30s then fail }/' \
    's/^  require.*/&\n  on undecided { hold 30s then fail }/' >twelve_services.rollout
  local i name image installed=() reports_of=()
  for ((i = 0; i < ${#services[@]}; ++i)); do
    name=${services[i]}
    image=$(sed -n "s|.*\"\(shop/$name:.*\)\".*|\1|p" twelve_services.rollout | head -1)
    ln -sf "$build/shop/shop-1.1" "run/bin/$name-${image#*:}"
    ln -sf "$build/shop/shop-1.0" "run/bin/$name-0.9"
    [[ $name == accounts ]] || image=shop/$name:0.9
    installed+=("$name=$image")
  done
  install twelve_services.rollout "${installed[@]}"

  for ((i = 0; i < ${#services[@]}; ++i)); do
    load "${services[i]}" $((18601 + i)) 40
    reports_of+=("$reports/load-${services[i]}.json")
  done
  applied 0 twelve "twelve services: all are released" twelve_services.rollout release
  stop_loads
  check "twelve services: no request of any was lost" none_failed "${reports_of[@]}"
  check "twelve services: what is needed came first" \
    one_after_another deploy twelve stock catalog search front
  check "twelve services: what ran already was left alone" test -z "$(begins deploy accounts twelve)"
  for ((i = 0; i < ${#services[@]}; ++i)); do
    check "twelve services: ${services[i]} has its version" serves $((18601 + i)) 1.1
  done

  ln -sf "$build/shop/shop-1.0" run/bin/stock-2.5
  ln -sf "$build/shop/shop-1.2" run/bin/front-13.0
  shrunk twelve_services.rollout 's/stock:2.4/stock:2.5/' 's/front:12.5/front:13.0/' >next.rollout
  load front-bad 18601 300
  load stock-bad 18612 50
  applied 4 next "twelve services: the front page fails last and takes all back" next.rollout release
  stop_loads
  check "twelve services: the front page first" \
    test "$(begins retire front next)" -lt "$(begins install stock next)"
  check "twelve services: both serve what they served" eval 'serves 18601 1.1 && serves 18612 1.1'
  check "twelve services: only pages of the bad one failed" \
    test "$(field failed front-bad)" -eq "$(answers 1.2 500 front-bad)"
  check "twelve services: nobody noticed the other" none_failed "$reports/load-stock-bad.json"
}

# One server a place, as its HAProxy and its Prometheus know them; the shops themselves are there already.
regions=(eu:stockholm:18710 eu:dublin:18711 eu:frankfurt:18712 us:ohio:18713 us:oregon:18714)
front() {
  local residency port=18701 region
  sed '/^frontend/,$d' "$quickstart/haproxy.cfg"
  for residency in eu us; do
    printf 'frontend %s\n    bind 127.0.0.1:%s\n    default_backend shop_%s\n\n' $residency $((port++)) $residency
    printf 'backend shop_%s\n    balance roundrobin\n    option httpchk GET /healthz\n' $residency
    for region in "${regions[@]}"; do
      [[ $region == $residency:* ]] || continue
      region=${region#*:}
      printf '    server %s 127.0.0.1:%s weight 100 check inter 500ms fall 2 rise 1\n' "${region%:*}" "${region#*:}"
    done
    echo
  done
}
scraped() {
  local region
  sed '/job_name/,$d' "$quickstart/prometheus.yml"
  printf '  - job_name: shop\n    static_configs:\n'
  for region in "${regions[@]}"; do
    region=${region#*:}
    printf '      - targets: ["127.0.0.1:%s"]\n' "${region#*:}"
    printf '        labels: {service: shop, place: %s, track: stable}\n' "${region%:*}"
  done
}

# idle PORT: whether the instance there gets no request for a second.
idle() {
  local before
  before=$(curl -sf "http://127.0.0.1:$1/metrics" | grep '^shop_requests_total')
  sleep 1
  [[ $(curl -sf "http://127.0.0.1:$1/metrics" | grep '^shop_requests_total') == "$before" ]]
}

# answered QUERY: whether Prometheus knows of such a series.
answered() { curl -sf -G "$prometheus_url/api/v1/query" --data-urlencode "query=$1" | grep -q '"value"'; }

# measured SELECTOR: whether Prometheus can tell a rate of such requests.
measured() { answered "rate(shop_requests_total{$1}[5s]) > 0"; }

# examples/regional_failover: Dublin is left and entered again, and nobody in Europe or America notices.
regional_failover() {
  local region
  enter regional_failover
  front >haproxy.cfg
  scraped >prometheus.yml
  stand 18791 {18701,18702} {18710..18714}
  for region in "${regions[@]}"; do
    "$build/shop/shop-1.0" --port "${region##*:}" 2>"run/${region##*:}.log" &
    stack_pids+=($!)
  done
  shrunk "$root/examples/regional_failover/failover.rollout" 's/127.0.0.1:9090/127.0.0.1:18791/' \
    's|run/front.sock|run/haproxy.sock|' 's/every 10s/every 1s/' 's/look: [12]m/look: 3s/' 's/hold [12]m/hold 3s/' \
    's/"(errors_total|requests_total|request_seconds|saturation_ratio)"/"shop_\1"/g' >failover.rollout
  await 10 "Europe is served" serves 18701 1.0
  load eu 18701 200
  load us 18702 100
  await 20 "Dublin is measured" eval 'measured "place=\"dublin\"" && measured "place=\"frankfurt\"" && ! idle 18711'
  applied 0 leave "failover: Dublin is left" failover.rollout leave --set leaving=dublin
  check "failover: nobody is sent there any more" idle 18711
  check "failover: the others are still there" eval '! idle 18710 && ! idle 18713'
  applied 0 back "failover: and it comes back" failover.rollout come_back --set leaving=dublin
  check "failover: clients are sent there again" eval '! idle 18711'
  stop_loads
  check "failover: no request was lost" none_failed "$reports/load-eu.json" "$reports/load-us.json"
}

# share COHORT PERCENT: whether the file of flags gives it to so many.
share() { grep "\"new-checkout-$1\":" run/flags.json | grep -qF "[\"on\", $2]"; }

# examples/flag_ramp: everybody has the new check-out, cohort by cohort; a bad one is taken from all who have it. The new
# check-out is a shop that fails one page in twenty, whose clients come and go with the flag.
flag_ramp() {
  enter flag_ramp
  local port instances
  {
    sed '/^frontend/,$d' "$quickstart/haproxy.cfg"
    printf 'frontend checkout\n    bind 127.0.0.1:18801\n    default_backend shop\n\nbackend shop\n'
    printf '    option httpchk GET /healthz\n'
    for port in {18810..18813}; do printf '    server i%s 127.0.0.1:%s check inter 500ms\n' "$port" "$port"; done
    printf '\nfrontend new\n    bind 127.0.0.1:18802\n    default_backend new\n\nbackend new\n'
    printf '    server one 127.0.0.1:18830 pool-max-conn 4\n'
  } >haproxy.cfg
  {
    cat "$quickstart/prometheus.yml"
    printf '    static_configs:\n      - targets: ["127.0.0.1:18830"]\n'
    printf '        labels: {service: checkout, track: stable}\n'
  } >prometheus.yml
  stand 18891 18801 18802 18830 {18810..18813}
  "$build/shop/shop-1.2" --port 18830 2>run/new.log &
  stack_pids+=($!)
  sed -n '/^{$/,/^}$/p' "$root/examples/flag_ramp/README.md" >run/flags.json
  shrunk "$root/stdlib/gate/sla.rollout" 's/every 15s/every 1s/' >sla.rollout
  shrunk "$root/examples/flag_ramp/flag_ramp.rollout" 's/127.0.0.1:9090/127.0.0.1:18891/' \
    's|import std.gate.*|import "./sla.rollout".{sla}|' 's/ports_from = 8100/ports_from = 18810/' \
    's/traffic = 2000/traffic = 200/' 's/hold 30m/hold 5s/' 's/10m\)/5s)/' 's/20m\)/8s)/g' \
    's/settle: 1h/settle: 5s/' >flag_ramp.rollout
  inputs=()
  install flag_ramp.rollout checkout=shop/checkout:1.0
  instances=$(cat run/shop/targets.json)

  await 10 "it is served" serves 18801 1.0
  load others 18801 200
  await 20 "it is measured" measured 'service="checkout"'
  applied 0 good "flag ramp: everybody has the new check-out" flag_ramp.rollout release
  check "flag ramp: so say the flags" eval 'share staff 100 && share customers 100'
  sed -i 's/\["on", 100\], \["off", 0\]/["on", 0], ["off", 100]/' run/flags.json

  applied 4 bad "flag ramp: a bad one goes back" flag_ramp.rollout release &
  local release=$!
  await 60 "a tenth of the customers have it" share customers 10
  load new 18802 100
  await 60 "nobody has it" eval 'share staff 0 && share customers 0'
  stop_loads
  wait $release || die "$(cat run/bad.log)"
  check "flag ramp: while a tenth of the customers had it" grep -q '  some .*gate sla.*: fail' run/bad.log
  check "flag ramp: from all who had it" eval 'share staff 0 && share customers 0'
  check "flag ramp: no instance was touched" test "$(cat run/shop/targets.json)" == "$instances"
  check "flag ramp: who did not have it noticed nothing" none_failed "$reports/load-others.json"
  check "flag ramp: who had it met its errors, no others" \
    test "$(field failed new)" -eq "$(answers 1.2 500 new)"
}

# Two sites behind a HAProxy, which also counts what probes ask of each.
sites() {
  local site
  sed '/^frontend/,$d' "$quickstart/haproxy.cfg"
  printf 'frontend users\n    bind 127.0.0.1:18901\n    default_backend shop\n\nbackend shop\n'
  printf '    option httpchk GET /healthz\n    default-server check inter 500ms fall 2 rise 1\n'
  printf '    server malmo 127.0.0.1:18911 weight 100\n    server turku 127.0.0.1:18912 weight 0\n\n'
  for site in malmo:1 turku:2; do
    printf 'frontend probe_%s\n    bind 127.0.0.1:1892%s\n' "${site%:*}" "${site#*:}"
    printf '    default_backend at_%s\n\nbackend at_%s\n    retries 0\n' "${site%:*}" "${site%:*}"
    printf '    option httpchk GET /healthz\n'
    printf '    server one 127.0.0.1:1891%s check inter 500ms fall 2 rise 1\n\n' "${site#*:}"
  done
  printf 'frontend counts\n    bind 127.0.0.1:18902\n    http-request use-service prometheus-exporter\n'
}

# probes LAG: what HAProxy counted, in the names of the example. How far the standby's database is behind is this number.
probes() {
  local site rule
  printf 'groups:\n  - name: probes\n    interval: 1s\n    rules:\n'
  for site in malmo turku; do
    for rule in "transactions_total=haproxy_frontend_http_requests_total{proxy=\"probe_$site\"}" \
      "transactions_failed_total=haproxy_frontend_http_responses_total{proxy=\"probe_$site\",code=\"5xx\"}" \
      "transaction_seconds_bucket=sum by (le) (shop_request_seconds_bucket{place=\"$site\"})" \
      "pg_replication_lag_seconds=vector($1)" 'orders_inconsistent_ratio=vector(0)'; do
      printf "      - record: %s\n        expr: '%s'\n" "${rule%%=*}" "${rule#*=}"
      printf '        labels: {service: shop, place: %s, track: stable}\n' $site
    done
  done
}

# weight SITE: of its server, as HAProxy counts it.
weight() {
  curl -sf http://127.0.0.1:18902/metrics | sed -n "s/^haproxy_server_weight{proxy=\"shop\",server=\"$1\"} //p"
}

# site NAME PORT: its shop.
site() {
  "$build/shop/shop-1.0" --port "$2" 2>"run/$1.log" &
  stack_pids+=($!)
}

# examples/disaster_recovery: a false alarm and a standby that lacks too much move nobody; then Malmö is gone, Turku
# serves, and the traffic comes home.
disaster_recovery() {
  enter disaster_recovery
  sites >haproxy.cfg
  {
    sed 's/^scrape_configs/rule_files: [probes.yml]\n&/; /job_name/,$d' "$quickstart/prometheus.yml"
    printf '  - job_name: haproxy\n    static_configs: [{targets: ["127.0.0.1:18902"]}]\n  - job_name: shop\n'
    printf '    static_configs:\n      - {targets: ["127.0.0.1:18911"], labels: {place: malmo}}\n'
    printf '      - {targets: ["127.0.0.1:18912"], labels: {place: turku}}\n'
  } >prometheus.yml
  probes 90 >probes.yml
  stand 18991 18901 18902 18911 18912 18921 18922
  local prometheus=${stack_pids[-1]} malmo
  site malmo 18911
  malmo=$!
  site turku 18912
  shrunk "$root/stdlib/gate/outage.rollout" 's/every 5s/every 1s/' 's/hold 15s then fail/hold 2s then fail/' \
    >outage.rollout
  local example="$root/examples/disaster_recovery"
  shrunk "$example/shop.rollout" 's/127.0.0.1:9090/127.0.0.1:18991/' 's|run/front.sock|run/haproxy.sock|' \
    's/every 5s/every 1s/' >shop.rollout
  shrunk "$example/recover.rollout" 's|import std.gate.*|import "./outage.rollout".{outage}|' \
    's/settle: 1m/settle: 5s/' >recover.rollout
  shrunk "$example/go_home.rollout" 's/hold 1m/hold 3s/' 's/hold 30s/hold 3s/' >go_home.rollout
  await 10 "users are served" serves 18901 1.0
  load malmo 18921 20
  load turku 18922 20
  load before 18901 200
  await 30 "both sites are probed" answered 'rate(transactions_failed_total{place="malmo"}[5s]) == 0'
  applied 6 lag "disaster recovery: a standby that lacks too much is left alone" recover.rollout recover
  check "disaster recovery: before anything was changed" test "$(begins admit 'open\[turku\]' lag)" == ''
  probes 2 >probes.yml
  kill -HUP "$prometheus"
  await 20 "the standby has caught up" answered 'pg_replication_lag_seconds{place="turku"} == 2'
  applied 4 false_alarm "disaster recovery: a false alarm moves nobody" recover.rollout recover
  check "disaster recovery: it was none" grep -q '  detect .*gate outage.*: fail' run/false_alarm.log

  stop_loads
  check "disaster recovery: up to here no request was lost" none_failed "$reports"/load-*.json
  load malmo 18921 20
  load turku 18922 20
  load during 18901 200
  sleep 1
  kill -KILL "$malmo"
  applied 0 recover "disaster recovery: Malmö is gone, and Turku takes over" recover.rollout recover
  stop_loads
  local refused underway
  refused=$(answers none 503 during)
  underway=$(field no_answer during)
  check "disaster recovery: in between HAProxy refused $refused requests, and $underway were underway" \
    eval '((refused > 0 && underway <= 32 && $(field failed during) == refused + underway))'
  load malmo 18921 20
  load turku 18922 20
  load after 18901 200
  await 10 "users are served" serves 18901 1.0
  check "disaster recovery: Malmö's entrance is closed" test "$(weight malmo)/$(weight turku)" == 0/100
  site again 18911
  await 30 "Malmö is well" answered 'rate(transactions_failed_total{place="malmo"}[5s]) == 0'
  applied 0 home "disaster recovery: and home again" go_home.rollout go_home
  check "disaster recovery: Malmö serves again" test "$(weight malmo)/$(weight turku)" == 100/0
  stop_loads
  check "disaster recovery: no request was lost at Turku, and none on the way home" \
    none_failed "$reports/load-after.json" "$reports/load-turku.json"
}

# started VERSION: how many instances of it ever were. no_fault: whether none is on record.
started() { cat run/shop/*.log | grep -c "^shop $1: serving on"; }
no_fault() { ! grep -q '"fault":' run/shop/checkout.json; }

# examples/under_chaos, `by_strategy`: one of the canary's instances is killed while it has traffic. One that comes back
# in time goes on; one whose program is gone by then does not. What needs the mesh, a
# plug-in, is taken out.
under_chaos() {
  enter under_chaos
  sections 19001 checkout >haproxy.cfg
  cp "$quickstart/prometheus.yml" .
  stand 19091 19001
  shrunk "$root/examples/under_chaos/under_chaos.rollout" 's/127.0.0.1:9090/127.0.0.1:19091/' \
    '/^backend mesh/,/^}/d; /sidecars/d; /^  phase slowed/,/^  }/d; /^test/,$d' \
    's/ports_from = 8100/ports_from = 19010/' 's/every 10s/every 1s/g' 's/traffic = 400/traffic = 300/' \
    '/SlowNetwork/d' 's/"(errors_total|requests_total|request_seconds)"/"shop_\1"/g' \
    's/"quarter", 25%, 2m/"quarter", 25%, 8s/' 's/recovery: 30s, settle: 2m/recovery: 10s, settle: 5s/' \
    's/^  (require s.canary.latency.*|reject when s.error_rate.*)/&\n  on no_data { hold 10s then fail }/' \
    's/^  require s.canary.latency.*/&\n  on undecided { hold 10s then fail }/' >under_chaos.rollout
  inputs=(--set image=shop/checkout:1.0)
  install under_chaos.rollout checkout=shop/checkout:1.0

  load survives 19001 300
  applied 0 survives "chaos: a version that comes back has all of the traffic" \
    under_chaos.rollout by_strategy --set image=shop/checkout:1.1
  stop_loads
  check "chaos: one instance was killed, and came back" \
    grep -q 'the canary of checkout recovered after ' run/survives.log
  check "chaos: five instances of four were started" test "$(started 1.1)" -eq 5
  check "chaos: the fault is lifted" no_fault
  check "chaos: all clients see it" serves 19001 1.1
  check "chaos: and no request was lost" none_failed "$reports/load-survives.json"

  ln -s "$build/shop/shop-1.0" run/bin/shop-2.0
  load perishes 19001 300
  applied 4 perishes "chaos: a version that does not come back goes back" \
    under_chaos.rollout by_strategy --set image=shop/checkout:2.0 &
  local release=$!
  await 60 "the new version has its share" grep -q '  quarter .*shift checkout to 25%: done' run/perishes.log
  rm run/bin/shop-2.0
  wait $release || die "$(cat run/perishes.log)"
  stop_loads
  check "chaos: for this reason" grep -q '  quarter_fault .*gate survives.*: fail' run/perishes.log
  check "chaos: the fault is lifted here, too" no_fault
  check "chaos: the old version serves" serves 19001 1.1
  check "chaos: and again no request was lost" none_failed "$reports/load-perishes.json"
}

# docs/language/tutorial.md: the file that a reader has written at its end, and every command.
tutorial() {
  enter tutorial
  cp "$quickstart"/{haproxy.cfg,prometheus.yml} .
  awk '/^## 2/ { on = 1 } /^```$/ { block = 0 } block { print } /^```rollout/ && on { block = 1; if (n++) print "" }' \
    "$root/docs/language/tutorial.md" >shop.rollout
  check "tutorial: the file checks" rollout check shop.rollout
  check "tutorial: it is laid out" rollout fmt --check shop.rollout
  check "tutorial: it can be planned" eval 'rollout plan shop.rollout release --set image=shop:1.1 --offline >plan.txt'
  check "tutorial: its test passes" rollout test shop.rollout
  stand 18490 18400
  applied 0 first "tutorial: the first version" shop.rollout install --set image=shop:1.0
  load users 18400 400
  applied 0 second "tutorial: the second one" shop.rollout release --set image=shop:1.1
  stop_loads
  check "tutorial: which serves" serves 18400 1.1
  check "tutorial: and no request was lost" none_failed "$reports/load-users.json"
  check "tutorial: its last command ends the instances" eval "$(awk '/^kill / { print }' "$root/docs/language/tutorial.md")"
  check "tutorial: and they are gone" gone
}

# gone: within ten seconds none of the processes that the folder of the target names is left.
gone() {
  local try pid left
  for ((try = 0; try < 100; ++try)); do
    left=''
    for pid in $(grep -ho '"pid":[0-9]*' run/shop/*.json | cut -d: -f2); do [[ -e /proc/$pid/exe ]] && left+=" $pid"; done
    [[ -n $left ]] || return 0
    sleep 0.1
  done
  return 1
}

# Two at a time: with more, two cores cannot answer HAProxy's own checks, and a router whose servers seem to be down is no
# evidence for a gate.
lanes=("twelve_services regional_failover under_chaos" "blue_green tutorial flag_ramp disaster_recovery")
mkdir -p "$folder"
pids=()
for lane in "${lanes[@]}"; do
  (for example in $lane; do ("$example"); done) >"$folder/lane-${lane%% *}.log" 2>&1 &
  pids+=($!)
done
failed=()
for ((i = 0; i < ${#lanes[@]}; ++i)); do
  wait "${pids[i]}" || failed+=("${lanes[i]}")
  cat "$folder/lane-${lanes[i]%% *}.log"
done
((${#failed[@]} == 0)) || die "${failed[*]}"
