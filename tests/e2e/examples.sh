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
  local names=("${@:2}") given
  {
    printf 'import "./%s".{%s}\n\n' "$1" "$(IFS=,; echo "${names[*]%%=*}")"
    echo 'rollout install {'
    echo '  parallel {'
    for given in "${names[@]}"; do
      printf '    phase %s { %s.install("%s")  %s.shift(0%%) }\n' \
        "${given%=*}" "${given%=*}" "${given#*=}" "${given%=*}"
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
    's/trial: 10m/trial: 8s/' 's/worse: 0.3%/worse: 2%, least: 100/' \
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

# measured PLACE: whether Prometheus can tell a rate of it.
measured() {
  curl -sf -G "$prometheus_url/api/v1/query" --data-urlencode "query=rate(shop_requests_total{place=\"$1\"}[5s]) > 0" |
    grep -q '"value"'
}

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
  await 20 "Dublin is measured" eval 'measured dublin && measured frankfurt && ! idle 18711'
  applied 0 leave "failover: Dublin is left" failover.rollout leave --set leaving=dublin
  check "failover: nobody is sent there any more" idle 18711
  check "failover: the others are still there" eval '! idle 18710 && ! idle 18713'
  applied 0 back "failover: and it comes back" failover.rollout come_back --set leaving=dublin
  check "failover: clients are sent there again" eval '! idle 18711'
  stop_loads
  check "failover: no request was lost" none_failed "$reports/load-eu.json" "$reports/load-us.json"
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
}

# In lanes of about the same length, so that two cores are enough.
lanes=("twelve_services" "regional_failover blue_green" "tutorial")
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
