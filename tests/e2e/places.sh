#!/usr/bin/env bash
# One service at two places on one machine: a bad release is taken back where it was made and is not noticed at the
# other place; two runs release both places at the same time; nothing of the two is mixed up.
source "$(dirname "$0")/lib.sh"
folder=$build/e2e/places
mkdir -p "$folder"
cp "$root/tests/e2e/places/shop.rollout" "$quickstart/prometheus.yml" "$folder"
# One frontend and one backend for each place instead of the quickstart's.
{
  sed '/^frontend/,$d' "$quickstart/haproxy.cfg"
  for place in eu=18401 us=18402; do
    printf 'frontend %s\n    bind 127.0.0.1:%s\n    default_backend checkout-%s\n\n' \
      "${place%=*}" "${place#*=}" "${place%=*}"
    sed -n '/^backend/,$p' "$quickstart/haproxy.cfg" | sed "s/^backend checkout/backend checkout-${place%=*}/"
    echo
  done
} >"$folder/haproxy.cfg"
cd "$folder"
source "$quickstart/stack.sh"
reports=$folder/run
trap stop_stack EXIT

url_of() { echo "http://127.0.0.1:$1/checkout"; }
version_at() { curl -sf "$(url_of "$1")" | grep -o '1\.[0-9]' | head -1; }
serves() { [[ $(version_at "$1") == "$2" ]]; }
# target PLACE TRACK VERSION: how many such instances Prometheus is told of.
target() { grep -o "\"service\":\"checkout\",\"place\":\"$1\",\"track\":\"$2\",\"version\":\"$3\"" run/shop/targets.json | wc -l; }
release() { "$build/rollout" apply shop.rollout release --set "image=shop:$2" --set "region=$1" --yes >"run/$3.log" 2>&1; }
# load PLACE PORT NAME: client load in the background; its process id goes into `loads`.
loads=()
load() {
  "$build/shop/shop-load" --url "$(url_of "$2")" --rate 300 --seconds 300 --report "run/load-$3.json" >"run/load-$3.txt" &
  loads+=($!)
  stack_pids+=($!)
}
stop_loads() { kill -TERM "${loads[@]}"; wait "${loads[@]}" || die "the load generator failed"; loads=(); }

start_stack
"$build/rollout" apply shop.rollout install --set image=shop:1.0 --yes >run/install.log 2>&1 ||
  { cat run/install.log; die "the install ends with $?"; }
await 10 "the shop serves at both places" eval 'serves 18401 1.0 && serves 18402 1.0'
check "each place has its instances" test "$(target eu stable 1.0)" -eq 2 -a "$(target us stable 1.0)" -eq 2
check "no two instances have one port" test "$(grep -o '127.0.0.1:[0-9]*' run/shop/targets.json | sort -u | wc -l)" -eq 4

load eu 18401 bad-eu
load us 18402 bad-us
code=0; release us 1.2 bad || code=$?
check "a bad version in us is rolled back (exit $code)" test $code -eq 4
check "and the timeline names the place" grep -q 'checkout\[us\]' run/bad.log
check "us runs what it ran" serves 18402 1.0
check "no instance of it is left" test "$(target us canary 1.2)" -eq 0
stop_loads
check "only pages of 1.2 failed in us" test "$(field failed bad-us)" -eq "$(answers 1.2 500 bad-us)"
check "nobody in eu noticed" test "$(field failed bad-eu)" -eq 0 -a "$(answers 1.2 200 bad-eu)" -eq 0

load eu 18401 good-eu
load us 18402 good-us
release eu 1.1 good-eu & first=$!
code=0; release us 1.1 good-us || code=$?
check "two places are released at the same time: us (exit $code)" test $code -eq 0 || cat run/good-us.log
code=0; wait $first || code=$?
check "and eu (exit $code)" test $code -eq 0
stop_loads
check "both serve 1.1" eval 'serves 18401 1.1 && serves 18402 1.1'
check "no release cost a request" test "$(field failed good-eu)" -eq 0 -a "$(field failed good-us)" -eq 0
"$build/rollout" status >run/status.txt 2>&1 || die "status: $(cat run/status.txt)"
check "status tells the places apart" eval 'grep -q "checkout\[eu\]" run/status.txt && grep -q "checkout\[us\]" run/status.txt'

release eu 1.0 holder & first=$!
await 20 "the run in eu has begun" grep -q 'checkout\[eu\]' run/holder.log
code=0; release eu 1.0 second || code=$?
check "a second run in eu is refused (exit $code)" test $code -eq 7
check "by the name of the place" grep -q 'checkout\[eu\]' run/second.log
kill -INT $first
wait $first || true
trap - EXIT
stop_stack
check "nothing is left running: $(left_running)" test -z "$(left_running)"
