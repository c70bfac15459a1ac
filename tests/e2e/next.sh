#!/usr/bin/env bash
# The command that `rollout explain` names in each state a run comes to is carried out there, and is not refused.
# next.sh BUILD
source "$(dirname "$0")/lib.sh"
home=$build/e2e/next
rm -rf "$home" && mkdir -p "$home" && cd "$home"
source "$quickstart/stack.sh"  # await
cat >shop.rollout <<'END'
import std.backend.{local}

input image: Image example "shop:1"
team sre { members = ["anna"] }
target here: local { directory = "run" }
service shop {
  workload = here {
    command  = ["sh", "-c", "exec sleep infinity", "shop-${version}", "${port}"]
    ready    = running()
    replicas = 1
  }
}
gate steady(s: Service) { sample every 1s  require s.unhealthy < 1% }
rollout install { shop.install(image) }
rollout release {
  shop.deploy(image)
  phase beside { hold 3s judged by steady(shop) }
  shop.promote()
}
rollout asks {
  shop.deploy(image)
  phase asked { approve by sre { timeout 1h  on timeout park } }
  shop.promote()
}
END
: >rollout.toml

cleanup() {
  [[ -z ${driver-} ]] || kill -KILL "$driver" 2>/dev/null || true
  local process
  for process in $(pgrep -x sleep); do
    [[ $(readlink "/proc/$process/cwd") != "$home" ]] || kill "$process"
  done
}
trap cleanup EXIT

# begin ROLLOUT VERSION: in the background, until what it deploys is there; its number is the next one.
run=0
begin() {
  driver= began=$((++run))
  "$build/rollout" apply shop.rollout "$1" --set "image=shop:$2" --yes --quiet >"r$run.log" 2>&1 &
  driver=$!
  await 20 "r$run deploys" deployed
}
deployed() { "$build/rollout" audit "r$began" 2>/dev/null | grep -q 'deploy shop .*done'; }
wait_driver() { local code=0; wait "$driver" || code=$?; driver=; return $code; }
state_of() { "$build/rollout" explain "$1" --format json | sed 's/.*"state":"\([^"]*\)".*/\1/'; }

# next_of RUN: as a person would type it; each word that stands for something is replaced.
next_of() {
  "$build/rollout" explain "$1" --format json | sed 's/.*"next":"\([^"]*\)".*/\1/; s/TEXT/why/; s/NAME/anna/'
}

# follow RUN CODE COMMAND…: that is what it names, and it ends so.
follow() {
  local next code=0 words
  next=$(next_of "$1")
  check "$1 is $(state_of "$1"): $next" test "$next" == "${*:3}"
  read -ra words <<<"$next"
  [[ ${words[0]} != rollout ]] || words[0]=$build/rollout
  [[ ${words[1]} != rollback ]] || words+=(--yes)
  timeout 60 "${words[@]}" >followed.log 2>&1 || code=$?
  [[ $code == "$2" ]] || { cat followed.log; die "\`$next\` ends with $code"; }
}

"$build/rollout" apply shop.rollout install --set image=shop:1 --yes --quiet && run=1
begin release 2
follow r2 0 rollout status r2 --watch
wait_driver || die "r2: $(cat r2.log)"
follow r1 0 rollout status r1
follow r2 4 rollout rollback r2 --reason why
follow r2 0 rollout audit r2
follow r1 0 rollout status r1

begin release 3
"$build/rollout" pause r3 --reason "an incident" >/dev/null
follow r3 0 rollout resume r3
wait_driver || die "r3: $(cat r3.log)"

begin release 4
kill -KILL "$driver"
wait_driver || true
follow r4 0 rollout resume r4

begin release 5
kill -KILL "$driver"
wait_driver || true
"$build/rollout" stop-the-line --reason "an incident" >/dev/null
follow r5 0 rollout start-the-line --reason why
follow r5 0 rollout resume r5

begin release 6
kill -STOP "$driver"
follow r6 0 kill -CONT "$driver"
wait_driver || die "r6: $(cat r6.log)"

begin asks 7
asked() { "$build/rollout" explain "r$run" --format json | grep -q 'waits for'; }
await 20 "r7 asks" asked
follow r7 0 rollout approve r7 --as anna
wait_driver || die "r7: $(cat r7.log)"

begin asks 8
await 20 "r8 asks" asked
kill -KILL "$driver"
wait_driver || true
follow r8 0 rollout approve r8 --as anna
follow r8 0 rollout resume r8

begin asks 9
await 20 "r9 asks" asked
kill -KILL "$driver"
wait_driver || true
"$build/rollout" reject r9 --as anna --reason "no" >/dev/null
follow r9 5 rollout resume r9
follow r9 0 rollout audit r9
