#!/usr/bin/env bash
# Requests a second of one core, in one run: `weir serve` with a limit, in memory and in Redis, beside
# nginx with limit_req, each asked by wrk from another core with 64 connections. Rates are so large
# that nothing is denied.
# WEIR_BENCH_SECONDS (5) is how long each runs, WEIR_BENCH_ROUNDS (3) how often; the best counts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
weir=$PWD/build/release/weir
seconds=${WEIR_BENCH_SECONDS:-5}
rounds=${WEIR_BENCH_ROUNDS:-3}
for program in nginx redis-server taskset wrk; do
  command -v "$program" >/dev/null || { echo "serve.sh: needs $program" >&2; exit 1; }
done
if [ "$(nproc)" -lt 2 ]; then
  echo "serve.sh: needs two processors" >&2
  exit 1
fi
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
mkdir "$folder/www"
printf 'ok\n' >"$folder/www/index.html"
chmod -R a+rX "$folder"
cat >"$folder/nginx.conf" <<END
daemon off;
worker_processes 1;
pid $folder/nginx.pid;
error_log $folder/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  open_file_cache max=10;
  limit_req_zone \$http_x_user zone=users:10m rate=1000000r/s;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  server {
    listen 127.0.0.1:$port;
    root $folder/www;
    location / { limit_req zone=users burst=1000000 nodelay; }
  }
}
END

servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT

# Runs a server pinned to the first core; the rest of the arguments is its command.
start() {
  taskset -c 0 "$@" >"$folder/server.log" 2>&1 &
  servers+=($!)
  sleep 1
}

# Redis has the other core, beside wrk.
taskset -c 1 redis-server --port $((port + 3)) --bind 127.0.0.1 --save "" --appendonly no \
  --dir "$folder" >/dev/null &
servers+=($!)
start nginx -p "$folder" -c "$folder/nginx.conf" -e "$folder/error.log"
limit='gcra rate=1000000/s burst=1000000 key=user'
start "$weir" serve -q --threads 1 --listen "127.0.0.1:$((port + 1))" --limit "$limit"
start "$weir" serve -q --threads 1 --listen "127.0.0.1:$((port + 2))" --limit "$limit" \
  --store "redis://127.0.0.1:$((port + 3))" --store-timeout 10s --on-store-failure deny

ask() {
  taskset -c 1 wrk -t1 -c64 -d"$seconds" --latency -H 'X-User: ann' "http://127.0.0.1:$1/" |
    awk '/Requests\/sec/ { rate = $2 } /50%/ { p50 = $2 } /99%/ { p99 = $2 }
         /Non-2xx/ { bad = $NF } END { printf "%.0f %s %s %s\n", rate, p50, p99, bad + 0 }'
}

best() {
  local name=$1 at=$2 i
  for ((i = 0; i < rounds; ++i)); do ask "$at"; done | sort -n | tail -n 1 |
    awk -v name="$name" '{ printf "%-30s %8d a second   p50 %8s   p99 %8s   %d not 2xx\n", name, $1, $2, $3, $4 }'
}

best "nginx, limit_req" "$port"
best "weir serve, gcra in memory" $((port + 1))
best "weir serve, gcra in Redis" $((port + 2))
