#!/usr/bin/env bash
# Starts three PostgreSQL servers under Patroni, with etcd and HAProxy, on the
# loopback: to test a relay through failovers before a setup on separate
# machines. It needs Debian's packages postgresql, patroni, etcd-server and
# haproxy. It prints the URLs, and runs until it is interrupted.
#
#   deploy/patroni/run.sh FOLDER [FIRST_PORT]
#
# It creates the folder, which must not exist, for the servers' data.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: run.sh FOLDER [FIRST_PORT]}
base=${2:-15430}
PATH="$PATH:/usr/sbin"
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)

# The servers refuse to run as root; their package creates a user.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
  fi
  exec "$@"
}

mkdir -m 700 "$folder"
folder=$(cd "$folder" && pwd)
[ "$(id -u)" != 0 ] || chown postgres: "$folder"
pids=()
stop() {
  trap - EXIT INT TERM
  # In reverse order: Patroni stops its server and records that in etcd.
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    kill "${pids[i]}" 2>/dev/null || true
    wait "${pids[i]}" 2>/dev/null || true
  done
}
trap stop EXIT
trap 'exit 0' INT TERM

cd /
etcd=$((base + 10))
(as_postgres etcd --name one --data-dir "$folder/etcd" \
  --listen-client-urls "http://127.0.0.1:$etcd" \
  --advertise-client-urls "http://127.0.0.1:$etcd" \
  --listen-peer-urls "http://127.0.0.1:$((base + 11))" \
  --initial-advertise-peer-urls "http://127.0.0.1:$((base + 11))" \
  --initial-cluster "one=http://127.0.0.1:$((base + 11))") \
  >"$folder/etcd.log" 2>&1 &
pids+=($!)

# Generates the cluster's passwords, which are stored in the folder only.
secret() { head -c 18 /dev/urandom | base64 | tr '+/' 'xy'; }
umask 077
cat >"$folder/environment" <<END
export PATRONI_ETCD3_HOSTS=127.0.0.1:$etcd
export PATRONI_SUPERUSER_USERNAME=postgres PATRONI_SUPERUSER_PASSWORD=$(secret)
export PATRONI_REPLICATION_USERNAME=replicator PATRONI_REPLICATION_PASSWORD=$(secret)
export PATRONI_POSTGRESQL_BIN_DIR=$bin
END
[ "$(id -u)" != 0 ] || chown postgres: "$folder/environment"
. "$folder/environment"

for i in 1 2 3; do
  declare -x "POSTGRES_PORT_$i=$((base + i))" "REST_PORT_$i=$((base + 20 + i))"
  (
    export PATRONI_NAME=server$i
    export PATRONI_RESTAPI_LISTEN=127.0.0.1:$((base + 20 + i))
    export PATRONI_RESTAPI_CONNECT_ADDRESS=$PATRONI_RESTAPI_LISTEN
    export PATRONI_POSTGRESQL_LISTEN=127.0.0.1:$((base + i))
    export PATRONI_POSTGRESQL_CONNECT_ADDRESS=$PATRONI_POSTGRESQL_LISTEN
    export PATRONI_POSTGRESQL_DATA_DIR=$folder/server$i
    export PATRONI_POSTGRESQL_PGPASS=$folder/pgpass$i
    as_postgres patroni "$here/patroni.yml"
  ) >"$folder/server$i.log" 2>&1 &
  pids+=($!)
  echo $! >"$folder/server$i.pid"
done
export PROXY_PORT=$base
haproxy -db -f "$here/haproxy.cfg" >"$folder/haproxy.log" 2>&1 &
pids+=($!)

url() { echo "postgres://postgres:$PATRONI_SUPERUSER_PASSWORD@$1/$2"; }
hosts=127.0.0.1:$((base + 1)),127.0.0.1:$((base + 2)),127.0.0.1:$((base + 3))
ready() {
  "$bin/psql" -XqAtc "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'" \
    "$(url "$hosts" postgres)?target_session_attrs=read-write&connect_timeout=2" 2>/dev/null
}
for ((tries = 0; ; tries++)); do
  [ "$(ready || true)" != 1 ] || break
  [ "$tries" -lt 120 ] || { echo "The cluster didn't start: see $folder/*.log" >&2; exit 1; }
  sleep 1
done
"$bin/psql" -Xqc "CREATE DATABASE messageu ENCODING 'UTF8'" \
  "$(url "$hosts" postgres)?target_session_attrs=read-write"
url "$hosts" messageu >"$folder/store.url"
url "127.0.0.1:$base" messageu >"$folder/proxy.url"
cat <<END
The servers run; $folder/store.url names all of them, $folder/proxy.url the proxy:
  deno task server --store-file $folder/store.url
  . $folder/environment; patronictl -c $here/patroni.yml list
  . $folder/environment; patronictl -c $here/patroni.yml switchover --force
  kill -9 \$(head -n 1 $folder/serverN/postmaster.pid)   # the primary crashes
END
# Waits on; one server may be killed.
wait
