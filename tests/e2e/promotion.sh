#!/usr/bin/env bash
# A promotion through two environments of real processes, killed (-9) in the first run, in the soak and in the second
# run: the same command goes on each time, and each environment is released once.
source "$(dirname "$0")/lib.sh"
folder=$(mktemp -d)
cp -r "$root/tests/e2e/promotion/." "$folder"
cd "$folder"
ln -s "$build/shop" bin

stop_all() {
  local process
  for process in $(instances); do kill -TERM "$process" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap stop_all EXIT

# instances: the processes of both environments, by the folder they were started in.
instances() {
  local process
  for process in /proc/[0-9]*; do
    [[ $(readlink "$process/cwd") == "$folder"* && $(readlink "$process/exe") == "$build"/shop/* ]] || continue
    echo "${process#/proc/}"
  done 2>/dev/null
}
dev=http://127.0.0.1:19510 production=http://127.0.0.1:19520
version() { curl -sf "$1/checkout" | grep -o "shop [0-9.]*" | sed "s/shop //"; }
await() {
  local deadline=$((SECONDS + $1))
  until "${@:3}"; do
    ((SECONDS < deadline)) || { cat ./*.log; die "$2 did not happen within $1 s"; }
    read -rt 0.1 <> <(:) || true
  done
}
ship() { "$build/rollout" apply shop.rollout ship --set "image=shop:$1" --yes; }
says() { grep -q "$1" "$2" 2>/dev/null; }

# killed WHEN…: the promotion is started and killed as soon as WHEN holds.
killed() {
  "$build/rollout" apply shop.rollout ship --set image=shop:1.0 --yes >"$1.log" 2>&1 &
  local rollout=$!
  await 60 "$1" "${@:2}"
  kill -KILL $rollout
  wait $rollout || true
}

killed "the first run" says "run r1 in dev" "the first run.log"
killed "the soak" says "dev is left alone" "the soak.log"
check "dev has the version" test "$(version $dev)" == 1.0
"$build/rollout" status p1 >status.log
check "status says where it stands" says "production      not entered" status.log
killed "the second run" says "run r2 in production" "the second run.log"
ship 1.0 >end.log 2>&1 || { cat ./*.log; die "the promotion ends with $?"; }
check "production has the version" test "$(version $production)" == 1.0
check "it is one promotion" says "promotion p1 of ship.*done in every environment" end.log
"$build/rollout" status --format json >runs.json
check "each environment was released once" test "$(grep -o '"run":"r[0-9]*","rollout"' runs.json | wc -l)" -eq 2

# What it has brought is taken back, production first: nothing ran there before.
code=0
"$build/rollout" rollback p1 --reason "orders are lost" --yes >back.log 2>&1 || code=$?
check "the promotion is taken back, code $code" test $code -eq 4
check "production goes back first" test "$(grep -o '^[a-z]* goes back' back.log | tr '\n' ' ')" == "production goes back dev goes back "
check "nothing is left running in either" test -z "$(instances)"
"$build/rollout" status p1 >status.log
check "status says so" says "taken back everywhere" status.log
