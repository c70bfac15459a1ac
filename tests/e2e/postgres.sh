# A real PostgreSQL of a test's own. Sourced with $postgres_port set before it is made; the user `shop` owns everything.
postgres_bin=/usr/lib/postgresql/15/bin

# PostgreSQL refuses to run as root.
as_postgres() {
  local owner=()
  [[ $(id -u) != 0 ]] || owner=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  exec "${owner[@]}" "$@"
}

make_postgres() {
  postgres_home=$(mktemp -d /tmp/rollout-postgres-XXXXXX)
  [[ $(id -u) != 0 ]] || chown postgres "$postgres_home"
  (as_postgres $postgres_bin/initdb -D "$postgres_home/data" -A trust -U shop --no-sync) >run/initdb.log 2>&1 ||
    die "$(cat run/initdb.log)"
  start_postgres
}

postgres_answers() { $postgres_bin/pg_isready -q -h 127.0.0.1 -p "$postgres_port"; }

start_postgres() {
  (cd "$postgres_home" && as_postgres $postgres_bin/postgres -D "$postgres_home/data" -p "$postgres_port" \
    -c "unix_socket_directories=$postgres_home" -c listen_addresses=127.0.0.1) >>run/postgres.log 2>&1 &
  postgres_pid=$!
  await 20 "PostgreSQL answers" postgres_answers
}

# As when its machine loses power: nothing is finished.
crash_postgres() {
  kill -QUIT "$postgres_pid"
  wait "$postgres_pid" 2>/dev/null || true
}

remove_postgres() {
  [[ -n ${postgres_home-} ]] || return 0
  kill -INT "$postgres_pid" 2>/dev/null || true
  wait "$postgres_pid" 2>/dev/null || true
  rm -rf "$postgres_home"
  postgres_home=''
}
