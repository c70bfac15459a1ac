# What is outside is not there, refuses, or does not work. First with nothing installed, then with 1.0 in service.

# fake_http PORT TEXT: answers everything with that page.
fake_http() {
  perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 9, ReuseAddr => 1) or die;
    while (my $c = $s->accept) { while (<$c>) { last if /^\r?$/ } print $c
      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " . length($ARGV[1]) . "\r\nConnection: close\r\n\r\n$ARGV[1]"; close $c }' \
    "$1" "$2" 2>run/fake.log &
  pids+=($!)
  await 5 "the fake server listens" curl -sf "http://127.0.0.1:$1/"
}

# second_haproxy NAME PORT SED…: another HAProxy beside the first, with a socket of its own.
second_haproxy() {
  cp haproxy.cfg "$1.cfg"
  edit "$1.cfg" "s/18600/$2/" "s/haproxy.sock/$1.sock/" "${@:3}"
  haproxy -db -f "$1.cfg" >>run/haproxy.log 2>&1 &
  pids+=($!)
  variant "$1" "s/haproxy.sock/$1.sock/"
  await 20 "the HAProxy $1 opens its socket" test -S "run/$1.sock"
}

case="HAProxy's socket is not there"
variant no_socket 's/haproxy.sock/gone.sock/'
refused 6 "there is no socket $PWD/run/gone.sock" -- apply no_socket.rollout install --set image=shop:1.0 --yes
ok

case="nobody listens on HAProxy's socket"
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "run/dead.sock", Listen => 1)'
variant dead_socket 's/haproxy.sock/dead.sock/'
refused 6 "nobody listens on the socket" -- apply dead_socket.rollout install --set image=shop:1.0 --yes
ok

case="HAProxy has no such backend"
variant no_backend 's/backend = "checkout"/backend = "chekout"/'
refused 6 "no backend .chekout., it has checkout" -- apply no_backend.rollout install --set image=shop:1.0 --yes
ok

case="HAProxy's socket lacks the admin level"
second_haproxy operator 18602 's/level admin/level operator/'
refused 6 "level admin" -- apply operator.rollout install --set image=shop:1.0 --yes
ok

case="there is no room for the state"
if mount -t tmpfs -o size=4m none "$project/state" 2>run/mount.log; then
  mounted=$project/state
  head -c 8m /dev/zero >state/fill 2>run/fill.log || true
  rollout_ends 6 apply shop.rollout install --set image=shop:1.0 --yes
  says "(full|No space)" "state/rollout.db" "nothing was changed"
  check "$case: one message and no instance" test "$errors$(instances)" == 1
  rm state/fill
else
  echo "skipped: $case: a small disk can be mounted only by root"
fi

rollout_ends 0 apply shop.rollout install --set image=shop:1.0 --yes
start_load environment
both_are_scraped() {
  curl -sfg "$prometheus_url/api/v1/query?query=sum(up{service=\"checkout\"})" | grep -q '"2"'
}
await 30 "Prometheus has found the instances" both_are_scraped
if [[ $mounted ]]; then
  case="there is no room for another run"
  head -c 8m /dev/zero >state/fill 2>run/fill.log || true
  refused 6 "state/rollout.db" "disk is full" "nothing was changed" -- apply shop.rollout release --set image=shop:1.1 --yes
  rm state/fill
  ok
fi

# Never ready takes as long as an instance may take; it waits in a project of its own beside the other cases.
second_haproxy sleepy 18603 's/shop 6/shop 4/'
program shop-7.2 'exec sleep 100'
mkdir -p sleepy
mv sleepy.rollout sleepy
edit sleepy/sleepy.rollout "s|\"run/sleepy.sock\"|\"$project/run/sleepy.sock\"|" "s|run/bin|$project/run/bin|" 's/18610/18640/' \
  '/verify steady/d'  # nobody calls this one
"$rollout" apply sleepy/sleepy.rollout install --set image=shop:1.0 --yes >run/sleepy.log 2>&1 || { cat run/sleepy.log; die "a second project"; }
"$rollout" apply sleepy/sleepy.rollout release --set image=shop:7.2 --yes >run/sleepy.log 2>run/sleepy.log.err </dev/null &
sleepy=$!

case="Prometheus is down from the start"
variant no_prometheus 's/18690/18691/'
refused 6 "http://127.0.0.1:18691" "nothing was changed" -- apply no_prometheus.rollout release --set image=shop:1.1 --yes
ok

case="Prometheus answers HTML"
fake_http 18692 "<html>Welcome to nginx!</html>"
variant html 's/18690/18692/'
refused 6 "http://127.0.0.1:18692" "text/html" "Welcome to nginx" "check .url." "nothing was changed" \
  -- apply html.rollout release --set image=shop:1.1 --yes
ok

# rolled_back TEXT… -- ARGUMENT…: exit code 4, and afterwards the same instances and routes as before.
rolled_back() {
  local texts=() before
  while [[ $1 != -- ]]; do texts+=("$1"); shift; done
  before=$(instances)
  rollout_ends 4 "${@:2}"
  says "rolled back, completely" "${texts[@]}"
  [[ $before == "$(instances)" ]] || die "$case: other instances run than before: $(instances)"
}

case="the program is missing"
rolled_back "run/bin/shop-9.9: there is no such file" -- apply shop.rollout release --set image=shop:9.9 --yes
ok

case="the program dies at once"
program shop-7.1 'echo "cannot read /etc/shop.conf"; exit 3'
rolled_back "exited with code 3" "cannot read /etc/shop.conf" -- apply shop.rollout release --set image=shop:7.1 --yes
ok

case="every port is in use"
perl -MIO::Socket::INET -e 'my @s = map { IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $_, Listen => 1, ReuseAddr => 1) } 18610 .. 18617;
  open my $ready, ">", "run/ports"; close $ready; sleep 100' &
pids+=($!)
await 5 "the ports are taken" test -e run/ports
rolled_back "18610 to 18617 are all in use" -- apply shop.rollout release --set image=shop:1.1 --yes
end "${pids[-1]}"
ok

case="HAProxy has too few slots"
second_haproxy few 18604 's/shop 6/shop 3/'
rolled_back "3 server slots, 1 too few" "server-template" -- apply few.rollout release --set image=shop:1.1 --yes
ok

case="the state file is of another version"
cp -r state run/state.kept
printf '\0\0\0\143' | dd of=state/rollout.db bs=1 seek=60 conv=notrunc status=none
refused 7 "state/rollout.db" "newer rollout \(format 99" -- apply shop.rollout release --set image=shop:1.1 --yes
refused 7 "newer rollout" -- abort r1
refused 7 "newer rollout" -- status
ok

case="the state file is no state file"
head -c 8192 /dev/urandom >state/rollout.db
refused 7 "state/rollout.db" -- apply shop.rollout release --set image=shop:1.1 --yes
cp run/state.kept/* state/ 2>run/cp.log || true
ok

case="the record of the instances is of another version, or garbage"
cp run/shop/checkout.json run/kept.json
edit run/shop/checkout.json 's/"format":1/"format":9/'
refused 7 "run/shop/checkout.json" "format 9" "nothing was changed" -- apply shop.rollout release --set image=shop:1.1 --yes
echo garbage >run/shop/checkout.json
refused 7 "run/shop/checkout.json" "nothing was changed" -- apply shop.rollout release --set image=shop:1.1 --yes
cp run/kept.json run/shop/checkout.json
ok

stop_load
check "all this cost no request" test "$(field failed environment)" -eq 0
