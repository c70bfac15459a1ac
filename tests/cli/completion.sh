#!/usr/bin/env bash
# What shells offer while somebody types `rollout …`: completion.sh ROLLOUT
set -euo pipefail
rollout=$1
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
mkdir "$home/bin" && ln -s "$rollout" "$home/bin/rollout"
export PATH=$home/bin:$PATH TERM=dumb
cd "$home"
for shell in bash zsh fish; do rollout completion $shell >script.$shell; done
cat >release.rollout <<'END'
import std.backend.{local}
target hosts: local { directory = "run" }
team sre { members = ["anna"] }
service web { workload = hosts { command = ["/bin/false"]  ready = http("/")  replicas = 1  ports_from = 19650 } }
rollout release {
  approve by sre { timeout 1s  on timeout park }
  web.install("web:1")
}
END
rollout apply release.rollout --yes >apply.log 2>&1 && exit 1
run=$(rollout completion runs)
[[ -n $run ]] || { echo "no run was begun: $(cat apply.log)"; exit 1; }

in_bash() {
  bash --norc -c 'source script.bash; COMP_WORDS=('"$1"' "'"$2"'"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _rollout
    printf "%s\n" "${COMPREPLY[@]}"'
}
in_fish() { HOME=$home fish --no-config -c 'source script.fish; complete -C "'"$1 $2"'"' | cut -f1; }
# zsh's own functions are replaced by ones that print what they are given: an interactive zsh cannot be awaited.
in_zsh() {
  zsh -f -c '
    compdef() { }
    _files() { }
    _describe() { print -rl -- "${(@P)2%%:*}" }
    compadd() { print -rl -- ${(P)argv[-1]} }
    _arguments() {
      local spec
      for spec in "$@"; do
        if [[ $words[CURRENT-1] == "${${spec#\*}%%\[*}" || $spec == \*:* && $words[CURRENT] != -* ]]; then
          [[ $spec == *:_rollout_runs ]] && _rollout_runs || print -rl -- ${=${spec##*\(}%\)}
        fi
        print -r -- "${${spec#\*}%%\[*}"
      done
    }
    source script.zsh
    words=(${=1} "$2") CURRENT=$(($#words))
    _rollout' zsh "$1" "$2"
}

# offers SHELL LINE START WORD…: all of the words are offered there.
offers() {
  local offered word
  offered=$(in_$1 "$2" "$3")
  for word in "${@:4}"; do
    grep -qxF -- "$word" <<<"$offered" || { echo "$1 does not offer $word after \`$2 $3\`, but: $offered"; exit 1; }
  done
}
for shell in bash fish zsh; do
  offers $shell rollout st status stop-the-line start-the-line
  offers $shell rollout in init
  offers $shell 'rollout check' --f --fix --format
  offers $shell 'rollout check --format' '' short json sarif
  offers $shell 'rollout completion' '' bash zsh fish
  offers $shell 'rollout abort' "${run:0:1}" "$run"
done
echo "bash, fish and zsh offer commands, options, their values and runs"
