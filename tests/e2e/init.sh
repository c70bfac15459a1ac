#!/usr/bin/env bash
# `rollout init`: what it writes is whole, runs for real as its README says, and nothing of anybody's is replaced.
source "$(dirname "$0")/lib.sh"
folder=$build/e2e/init
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
export PATH=$build:$PATH

# The instances of the project in this folder.
sleepers() {
  local process
  for process in $(pgrep -x sleep); do
    [[ $(readlink "/proc/$process/cwd") == "$PWD" ]] && echo "$process"
  done
  true
}

rollout init shop >init.log
for file in rollout.toml shop.rollout .github/workflows/rollout.yml README.md; do
  check "it says that it wrote shop/$file" grep -qx "shop/$file" init.log
  check "as examples/first has it" cmp "shop/$file" "$root/examples/first/$file"
done
cd shop
check "laid out" rollout fmt --check .
rollout check . >check.log 2>&1 || die "it has errors: $(cat check.log)"
check "without a warning" test "$(cat check.log)" = "ok: 1 file, 3 rollouts, 2 tests"
check "its tests pass" rollout test .
check "a plan" rollout plan shop.rollout release --offline

# The job's own lines, and the commands of the README and of `init`, which are the same.
grep -o 'rollout [a-z].*' .github/workflows/rollout.yml | grep -v '^rollout\.yml' | sed -n '/--check\|github\|test/p' >job
check "the job has its three steps" test "$(wc -l <job)" -eq 3
while read -r step; do check "the job: $step" bash -c "$step"; done <job
sed -n 's/^  \(rollout .*\)/\1/p' ../init.log >next
check "the README says the same" diff next <(sed -n '/^rollout /s/ *#.*//p' README.md)
check "three commands" test "$(wc -l <next)" -eq 3
while read -r step; do check "$step" bash -c "${step/apply/apply --yes}"; done <next
check "shop:1.1 runs" grep -q 'shop:1.1' <(rollout history)
check "its two instances are there" test "$(sleepers | wc -l)" -eq 2
check "and stop" rollout apply shop.rollout remove --set image=shop:1.1 --yes --quiet
check "none is left" test -z "$(sleepers)"

cd "$folder"
mkdir taken blocked
echo mine >taken/README.md
code=0
rollout init taken 2>err || code=$?
check "a file that is there is no loss (exit $code)" test $code -eq 2
check "it is named" grep -q 'taken/README.md' err
check "and nothing written" test "$(cat taken/*) $(ls -A taken)" = "mine README.md"
: >blocked/.github
code=0
rollout init blocked 2>err || code=$?
check "a folder that cannot be made (exit $code)" test $code -eq 6
check "leaves no half of a project" test "$(ls -A blocked)" = .github
code=0
rollout init taken/README.md 2>err || code=$?
check "a file is no folder (exit $code)" test $code -eq 2
