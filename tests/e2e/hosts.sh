#!/usr/bin/env bash
# A fleet of hosts behind a real sshd, one of which is down when the plan is made: the plan says so, the run goes on
# without it and ends as the rollout says; where more are down than may fail, nothing is begun.
source "$(dirname "$0")/lib.sh"
folder=$build/e2e/hosts
rm -rf "$folder"
mkdir -p "$folder/run"
cp "$root/tests/e2e/hosts/fleet.rollout" "$folder"
cp "$build/tests/conformance/conformance_agent" "$folder/run/agent"
cd "$folder"
touch rollout.toml
sed -i "s|\"run/agent\"|\"$folder/run/agent\"|" fleet.rollout
for key in host_key user_key; do ssh-keygen -q -t ed25519 -N '' -f $key; done
cp user_key.pub authorized
for port in 18471 18472; do echo "[127.0.0.1]:$port $(cat host_key.pub)"; done >known_hosts
cat >sshd_config <<END
ListenAddress 127.0.0.1
HostKey $folder/host_key
PidFile none
UsePAM no
AuthorizedKeysFile $folder/authorized
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
END
# What Debian's own start of the server does for root.
[[ $(id -u) != 0 ]] || mkdir -p /run/sshd
declare -A servers
# start PORT, stop PORT: the hosts behind that port are there, or are not.
start() {
  /usr/sbin/sshd -D -e -p "$1" -f "$folder/sshd_config" >>sshd.log 2>&1 & servers[$1]=$!
  for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done
  die "no sshd at port $1"
}
stop() { kill "${servers[$1]}"; wait "${servers[$1]}" || true; unset "servers[$1]"; }
clean_up() { for server in "${servers[@]}"; do kill "$server"; done; }
start 18471
trap clean_up EXIT

rollout() { "$build/rollout" "$@" >out.log 2>&1; }
ends_with() { local code=0; rollout "${@:2}" || code=$?; [[ $code == "$1" ]] || { cat out.log; return 1; }; }
given=(--set "user=$(id -un)" --set image=edge:2)
runs() { sed -n 2p "run/edge[$1].host"; }

check "a plan is made although a host is down" ends_with 0 plan fleet.rollout release "${given[@]}" --out fleet.plan
check "it names the host" grep -q 'not reached: edge\[lon-1\]: 127.0.0.1 at port 18472 cannot be reached by ssh' out.log
check "and says what follows" grep -q 'it counts as failed, and nothing is changed there' out.log
check "a rollout that needs each host is not begun" ends_with 6 apply fleet.rollout strict "${given[@]}" --yes
check "and says why" grep -q 'edge\[lon-1\] was not reached .* and this rollout does not go on without it' out.log
check "the others are changed" ends_with 5 apply fleet.plan --yes
check "the first host is" test "$(runs ams-1)" = edge:2
check "the third host is" test "$(runs fra-1)" = edge:2
check "and the run says which host is left" grep -q 'edge\[lon-1\]' out.log
check "a newer plan is for that host alone" ends_with 0 plan fleet.rollout release "${given[@]}"
stop 18471
check "with all hosts down nothing is begun" ends_with 6 apply fleet.rollout release "${given[@]}" --yes
check "and it is said how many may be" grep -q 'were not reached .*, more than the 1 that may fail' out.log
start 18471
start 18472
given[3]=image=edge:3
check "a plan is made while all hosts are there" ends_with 0 plan fleet.rollout release "${given[@]}" --out fleet.plan
check "and misses none" bash -c '! grep -q "not reached" out.log'
