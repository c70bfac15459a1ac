#!/usr/bin/env bash
# The pull-request job of examples/ci, step by step, in a checkout that holds the quickstart's files.
source "$(dirname "$0")/lib.sh"
checkout=$(mktemp -d)
trap 'rm -rf "$checkout"' EXIT
cp "$quickstart"/*.rollout "$checkout"
cd "$checkout"
export GITHUB_STEP_SUMMARY=$checkout/summary.md PATH=$build:$PATH

# Writes each step's script to step-N: the text behind `run: `, or the block below `run: |`.
awk '
  block && match($0, /[^ ]/) && RSTART <= indent { block = 0 }
  block { print substr($0, indent + 2) > file }
  /^ *run: / {
    indent = index($0, "run:"); file = "step-" ++steps; text = substr($0, indent + 5)
    if (text == "|") block = 1; else print text > file
  }
' "$root/examples/ci/rollout.yml"

steps=(step-*)
check "the job has its four steps" test ${#steps[@]} -eq 4
for step in "${steps[@]}"; do
  check "$step: $(head -1 "$step")" bash -e "$step"
done
check "the summary shows the phases" grep -q pilot summary.md

sed -i "s/input image: Image/input image: Imag/" shop.rollout
for step in step-1 step-3; do
  ! bash -e $step >out 2>&1 || die "$step passes a file with an error"
done
check "a wrong file fails the job with its place" grep -q 'shop.rollout:[0-9]' out
