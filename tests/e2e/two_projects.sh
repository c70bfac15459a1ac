#!/usr/bin/env bash
# Two projects whose promotions have one name, in files of one name, share a PostgreSQL: each is carried out while
# the other one soaks. Another checkout of the first project is refused meanwhile. two_projects.sh BUILD
source "$(dirname "$0")/lib.sh"
source "$root/tests/e2e/postgres.sh"
home=$build/e2e/two_projects postgres_port=19951

# checkout FOLDER FLAG
checkout() {
  mkdir -p "$1"
  printf '[cli]\nstate = "postgresql://shop@127.0.0.1:%s/postgres?claim=3"\n' "$postgres_port" >"$1/rollout.toml"
  local place
  for place in dev production; do {
    printf '{"flags": {"%s": {"state": "ENABLED", "variants": {"on": true, "off": false}, ' "$2"
    printf '"defaultVariant": "off"}}}\n'
  } >"$1/$place.json"; done
  cat >"$1/release.rollout" <<END
import std.backend.{flagd}

target flags: flagd { file = "dev.json" }
target flags_production: flagd { file = "production.json" }

flag $2 { store = flags { key = "$2" } }

environment dev {}
environment production { flags = flags_production }

rollout release { $2.ramp(100%) }
promotion ship = release { dev soak 15s then production }
END
}
on() { (cd "$1" && exec "$build/rollout" "${@:2}"); }  # on FOLDER COMMAND…
is_on() { grep -q '"on", *100' "$1"; }

rm -rf "$home" && mkdir -p "$home/run" && cd "$home"
source "$quickstart/stack.sh"  # await
trap 'kill -TERM "${first-0}" 2>/dev/null || true; remove_postgres' EXIT
make_postgres
checkout one alpha
checkout one-again alpha
checkout two beta
on one apply release.rollout ship --yes >run/one.log 2>&1 & first=$!
soaks() { is_on one/dev.json && ! is_on one/production.json; }
await 20 "the first project's promotion soaks" soaks
on one-again apply release.rollout ship --yes >run/again.log 2>&1 && code=0 || code=$?
check "another checkout of the first project is refused" test $code -eq 7
check "and is told who drives it" grep -q "process $first\|promotion ship of release.rollout on dev/alpha" run/again.log
on two apply release.rollout ship --yes >run/two.log 2>&1 || die "the second project's promotion: $(cat run/two.log)"
check "the second project's promotion is another one" grep -q 'promotion p2' run/two.log
check "and is carried out" is_on two/production.json
wait "$first" || die "the first project's promotion: $(cat run/one.log)"
check "the first one is carried out, too" is_on one/production.json
on two audit --verify >run/verify.log || die "the record is not whole: $(cat run/verify.log)"
