#!/usr/bin/env bash
# How many of the seeded defects do the suites notice? In a copy of the sources each defect is made, what it touches is
# built anew, and its suites are run, the cheap ones first, until one fails; then the source is mended again. At the end
# every suite that has noticed something must pass in the mended copy.
# run.sh ROOT [--only NAME]… [--quick] [--resume] [--jobs N] [--json]; everything stays below ROOT/build/defects.
# --quick runs the named parts of a program and not what is left of it. --resume goes on with a campaign that was ended:
# what it has tried stands in build/defects/build/tried, and is not tried again unless the defect or its file changed.
# --jobs N: so many compilers at once. Exit code 1: fewer than 95% were noticed.
# Which test noticed a defect last is kept in tests/defects/noticed, to be committed.
# $DEFECTS_ALONE: a command that runs another while nobody else uses the ports of this machine, e.g. `flock FILE`.
set -euo pipefail
root=$(realpath "$1")
shift
json='' quick='' resume='' jobs=() only=()
while (($#)); do
  case $1 in
    --only) only+=("$2"); shift 2 ;;
    --quick) quick=yes; shift ;;
    --resume) resume=yes; shift ;;
    --jobs) jobs=(-j "$2"); shift 2 ;;
    --json) json=yes; shift ;;
    *) echo "run.sh: unknown argument $1" >&2; exit 2 ;;
  esac
done
tree=$root/build/defects build=$root/build/defects/build/dev logs=$root/build/defects/build/logs
tried=$root/build/defects/build/tried noticed_file=$root/tests/defects/noticed
list=$tree/tests/defects/list
limit_s=300
# A program of tests that dies leaves its servers behind; with processes of its own they end with it.
apart=(unshare --pid --fork --mount-proc --kill-child)
"${apart[@]}" true 2>/dev/null || apart=()

die() { echo "defects: $*" >&2; exit 1; }

# What stands in the checkout now, with its times; what is built there already stays.
copy_sources() {
  mkdir -p "$tree" "$logs"
  find "$tree" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
  tar -C "$root" --exclude=./build --exclude=./.git --exclude=./.rollout -cf - . | tar -C "$tree" -xf -
  # An earlier campaign that was ended may have left something built with a defect.
  sed -n 's/^file: //p' "$list"/*.defect | sort -u | (cd "$tree" && xargs touch)
}

# Suites: PROGRAM:FILE,… is the tests in FILE_test.cpp of a program, PROGRAM all of it; the others are those of ctest.
targets_of() {
  case ${1%%:*} in
    unit) echo rollout_unit ;;
    sim | cli) echo "rollout_${1%%:*}_test" ;;
    scenarios) echo rollout_scenarios ;;
    worlds) echo rollout_campaign ;;
    golden_*) echo rollout rollout_golden ;;
    conformance-*) echo conformance ;;
    e2e_*) echo rollout quickstart ;;
    *) die "there is no suite $1" ;;
  esac
}

# run_suite SUITE: exit code 0 if it passes. Programs of tests end at their first failure.
run_suite() {
  local name=$1 program=${1%%:*} part='~[examples]~[.every-record-even]~[.every-record-odd]'
  [[ $name == "$program" ]] || part=$(sed 's/[^,]*/[#&_test]/g' <<<"${name#*:}")
  case $program in
    unit) "$build/tests/unit/rollout_unit" -a -# "$part" ;;
    sim | cli) "$build/tests/$program/rollout_${program}_test" -a -# "$part" ;;
    scenarios) "$build/tests/sim/rollout_scenarios" -a -# "$part" ;;
    worlds) "$build/tests/campaign/rollout_campaign" worlds --runs 20000 ;;
    golden_*) "$build/tests/golden/rollout_golden" --binary "$build/rollout" --root "$tree/tests/golden" "${name#*_}" ;;
    conformance-*) "$build/tests/conformance/conformance" "[${name#*-}]" -a ;;
    e2e_kills | e2e_workers) bash "$tree/tests/e2e/${name#*_}.sh" "$build" 8 ;;
    e2e_*) bash "$tree/tests/e2e/${name#*_}.sh" "$build" ;;
  esac
}
export -f run_suite
export build tree

# builds SUITE LOG
builds() {
  local targets
  read -ra targets <<<"$(targets_of "$1")"
  ninja -C "$build" "${jobs[@]}" "${targets[@]}" >"$2.build" 2>&1
}

# passes SUITE LOG: what does not end in time has failed; waiting for others is no time of its own.
passes() {
  local alone=()
  [[ $1 != conformance-* && $1 != e2e_* ]] || read -ra alone <<<"${DEFECTS_ALONE-}"
  "${alone[@]}" timeout --kill-after=10 $limit_s "${apart[@]}" bash -c "run_suite $1" >"$2" 2>&1 </dev/null
}

# in_order SUITE…: the parts, then the whole programs that they are parts of.
in_order() {
  local suite whole=()
  for suite in "$@"; do
    echo "$suite"
    [[ $suite != *:* || -n $quick ]] || whole+=("${suite%%:*}")
  done
  ((${#whole[@]} == 0)) || printf '%s\n' "${whole[@]}" | sort -u
}

# said LOG: the test that noticed it, which Catch names between two lines of dashes; else the line that says what is wrong.
said() {
  local line
  line=$(awk '/^--------------------/ { if (seen) exit; seen = 1; next } seen { print; exit }' "$1")
  [[ -n $line ]] || line=$(grep -m 1 -aE ': failed|FAILED|^FAIL|violation|rollout bug' "$1" || tail -1 "$1")
  line=${line//$tree\//}
  echo "${line##*../../}" | cut -c 1-150
}

# key_of NAME FILE: of the defect and of what it is made in; another one is tried anew.
key_of() { cat "$list/$1.defect" "$tree/$2" | sha256sum | cut -c 1-16; }

# note NAME SUITE WHAT: in the file that is committed. A defect that survives has no row.
note() {
  local rest
  rest=$(grep -v "^$1 " "$noticed_file" 2>/dev/null || true)
  { [[ -z $rest ]] || echo "$rest"; [[ -z $2 ]] || echo "$1 | $2 | $3 | $(date -u +%F)"; } | sort >"$noticed_file.new"
  mv "$noticed_file.new" "$noticed_file"
}

copy_sources
for suite in $(sed -n 's/^suites: //p' "$list"/*.defect | tr ' ' '\n' | sort -u); do targets_of "$suite" >/dev/null; done
# Without a precompiled header a compiler cache knows what is mended again.
[[ -f $build/CMakeCache.txt ]] || (cd "$tree" && cmake --preset dev -DROLLOUT_PRECOMPILE=OFF) >"$logs/configure.log" 2>&1 ||
  die "it cannot be configured: $logs/configure.log"
ninja -C "$build" "${jobs[@]}" rollout_defects >"$logs/list.build" 2>&1 || die "it cannot be built: $logs/list.build"
tool=$build/tests/defects/rollout_defects
"$tool" "$list" check "$tree" >&2

[[ -n $resume ]] || : >"$tried"
total=0 noticed=0 survivors='' rows='' watchful=''
while read -r name suites; do
  ((${#only[@]} == 0)) || [[ " ${only[*]} " == *" $name "* ]] || continue
  began=$SECONDS by='' what='' file=$(sed -n 's/^file: //p' "$list/$name.defect")
  key=$(key_of "$name" "$file")
  if [[ -n $resume ]] && row=$(grep -s "^$name|$key|" "$tried"); then
    IFS='|' read -r _ _ by what <<<"$row"
  else
    cp "$tree/$file" "$logs/mended"
    "$tool" "$list" seed "$tree" "$name" >/dev/null
    for suite in $(in_order $suites); do
      builds "$suite" "$logs/$name.log" || { what="does not compile: $logs/$name.log.build"; break; }
      passes "$suite" "$logs/$name.log" && continue
      by=$suite what=$(said "$logs/$name.log")
      break
    done
    cp "$logs/mended" "$tree/$file"  # with the time of now: what was built of the defect is built anew
    echo "$name|$key|$by|$what" >>"$tried"
    note "$name" "$by" "$what"
  fi
  total=$((total + 1)) took=$((SECONDS - began))
  if [[ -n $by ]]; then noticed=$((noticed + 1)) watchful+=$by$'\n'; else survivors+=" $name"; fi
  rows+=${rows:+,}$(printf '{"name":"%s","noticed_by":"%s","seconds":%d}' "$name" "$by" $took)
  [[ -n $json ]] || printf '%-30s %-20s %4d s  %s\n' "$name" "${by:-SURVIVES}" $took "$what"
done < <("$tool" "$list" list)
((total)) || die "no such defect: ${only[*]}"
while read -r suite; do
  [[ -n $suite ]] || continue
  builds "$suite" "$logs/mended.log" && passes "$suite" "$logs/mended.log" || die "$suite fails without a defect: $logs/mended.log"
done < <(sort -u <<<"$watchful")
if [[ -n $json ]]; then
  printf '{"version":1,"campaign":"defects","seeded":%d,"noticed":%d,"defects":[%s]}\n' $total $noticed "$rows"
else
  echo "$noticed of $total seeded defects were noticed${survivors:+; not$survivors}"
fi
((noticed * 100 >= total * 95))
