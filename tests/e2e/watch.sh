#!/usr/bin/env bash
# `status RUN --watch` on a real terminal, over a PostgreSQL that is away for some seconds: the picture fits its window,
# clears nothing that stood there before, and does not say that nobody drives a run whose state cannot be read.
# watch.sh BUILD
source "$(dirname "$0")/lib.sh"
source "$root/tests/e2e/postgres.sh"
home=$build/e2e/watch postgres_port=19961

rm -rf "$home" && mkdir -p "$home/run" && cd "$home"
source "$quickstart/stack.sh"  # await
trap 'kill -TERM "${driver-0}" "${screen-0}" 2>/dev/null || true; remove_postgres' EXIT
make_postgres
printf '[cli]\nstate = "postgresql://shop@127.0.0.1:%s/postgres?claim=3"\n' "$postgres_port" >rollout.toml
cat >flags.json <<'END'
{"flags": {"banner": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"}}}
END
cat >release.rollout <<'END'
import std.backend.{flagd}

target flags: flagd { file = "flags.json" }
flag banner { store = flags { key = "banner" } }
team sre { members = ["anna"] }

rollout release {
  banner.ramp(10%)
  approve by sre { timeout 10m }
  banner.ramp(100%)
}
END
rollout() { "$build/rollout" "$@"; }
rollout apply release.rollout release --yes --quiet >run/release.log 2>&1 & driver=$!
waits() { rollout status r1 | grep -q 'rollout approve r1'; }
await 20 "the release waits for a person" waits

# `script` gives it a terminal of its own; what it writes there comes into a file.
TERM=xterm script -qefc "stty cols 62 rows 9; tty >run/tty; exec '$build/rollout' status r1 --watch" run/screen >/dev/null \
  2>&1 </dev/null & screen=$!
rollout status r1 --watch --plain >run/plain.log 2>&1 & plain=$!
shows() { grep -qaF "$1" run/screen; }
# Each line of a drawing is erased before it is written.
widest() {
  sed 's/\r//g; s/\x1b\[[0-9;]*[A-Za-z]//g' run/screen | grep -av '^Script' |
    awk '{ if (length() > w) w = length() } END { print w }'
}
highest() {
  tr -d '\r' <run/screen |
    awk '/\033\[[0-9]+A|\033\[H/ { n = 0 } /\033\[2K/ { if (++n > most) most = n } END { print most }'
}
await 20 "the picture is drawn" shows "more lines"
sleep 2
check "no picture is higher than the window: $(highest) lines" test "$(highest)" -eq 8
check "no line is wider than it: $(widest) columns" test "$(LC_ALL=C.UTF-8 widest)" -le 62

stty -F "$(cat run/tty)" cols 110 rows 50
await 10 "the picture follows the size of the window" shows 'rollout abort r1'
crash_postgres
await 20 "the picture says that the state is away" shows "the state is away since"
sleep 4
check "nobody says that nobody drives it" test "$(grep -ac 'nobody drives it\|without a driver' run/screen)" -eq 0
start_postgres
back() { grep -q "the state is back" run/plain.log; }
await 20 "the plain lines say that the state is back" back
check "and said since when it was away" grep -q "the state is away since" run/plain.log
# A claim that ended meanwhile is anybody's until its driver has asked for it again.
driven() { ! rollout status r1 | grep -q 'nobody drives it'; }
await 20 "its process drives it again" driven
rollout approve r1 --as anna >run/approve.log 2>&1 || die "the approval: $(cat run/approve.log)"
wait "$driver" || die "the release: $(cat run/release.log)"
wait "$screen" || die "the watch ends with $?: $(cat run/screen)"
wait "$plain" || die "the plain watch ends with $?: $(cat run/plain.log)"
check "the watch ends with the summary" shows succeeded
check "nothing that was there before is cleared" test "$(grep -acF $'\033[2J' run/screen)" -eq 0
check "nor what has scrolled away" test "$(grep -acF $'\033[3J' run/screen)" -eq 0
check "plain lines move no cursor" test "$(grep -acF $'\033' run/plain.log)" -eq 0
