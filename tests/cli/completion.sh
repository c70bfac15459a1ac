#!/usr/bin/env bash
# What real shells offer while somebody types `rollout …`: completion.sh ROLLOUT
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
# A line is typed into an interactive zsh, then ^D, which lists what fits; where only one word does, tab writes it.
in_zsh() {
  zsh -f -c '
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1= PS2= RPS1=; unsetopt zle_bracketed_paste 2>/dev/null; autoload -U compinit; compinit -u -D; source script.zsh"
    zpty -w shell "zstyle \":completion:*\" list-prompt \"\"; LISTMAX=10000; echo rea\"\"dy"
    zpty -r -m shell line "*ready*"
    zpty -w -n shell "$1"$'"'\\x04\\t'"'
    zpty -w shell $'"'\\x15'"'"echo e\"\"nd"
    zpty -r -m shell line "*end*" && print -rn -- "$line"
    zpty -d shell' zsh "$1 $2" | sed 's/\x1b\[[0-9;?]*[A-Za-z]/ /g' | tr ' \t\r\a' '\n'
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
  offers $shell 'rollout check' --f --fix --format
  offers $shell 'rollout check --format' '' short json sarif
  offers $shell 'rollout completion' '' bash zsh fish
  offers $shell 'rollout abort' "${run:0:1}" "$run"
done
echo "bash, fish and zsh offer commands, options, their values and runs"
