#!/usr/bin/env bash
# Everything around rollout that can be wrong, on real servers: each ends in one clear message, the documented exit code,
# and either nothing changed or a state from which the next command goes on.
# Usage: bad_input.sh BUILD_DIR; verbose=1 shows what rollout says in each case.
source "$(dirname "$0")/lib.sh"
here=$(dirname "$(realpath "$0")")/bad_input
source "$here/stack.sh"
make_project
reports=$project/run
trap clean_up EXIT
trap 'exit 130' INT TERM
start_haproxy
start_prometheus
for part in ${PARTS:-environment plans hand crash}; do source "$here/$part.sh"; done
((failures == 0))
