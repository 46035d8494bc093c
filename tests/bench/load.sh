#!/usr/bin/env bash
# Client CPU a request, in one run against one nginx: `weir load` in the closed and the open model
# beside `wrk` and `h2load --h1`, each pinned to one core and nginx to another. Then how late sends
# are at 10,000 a second.
# WEIR_BENCH_SECONDS (5) is how long each runs, WEIR_BENCH_ROUNDS (3) how often; the best counts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
weir=$PWD/build/release/weir
seconds=${WEIR_BENCH_SECONDS:-5}
rounds=${WEIR_BENCH_ROUNDS:-3}
connections=64
for program in nginx taskset; do
  command -v "$program" >/dev/null || { echo "load.sh: needs $program" >&2; exit 1; }
done
if [ "$(nproc)" -lt 2 ]; then
  echo "load.sh: needs two processors" >&2
  exit 1
fi
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
url=http://127.0.0.1:$port/
cat >"$folder/nginx.conf" <<END
daemon off;
worker_processes 1;
pid $folder/nginx.pid;
error_log $folder/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  server { listen 127.0.0.1:$port; location / { add_header X-RateLimit-Remaining 5; return 200 "ok\n"; } }
}
END
taskset -c 0 nginx -p "$folder" -c "$folder/nginx.conf" -e "$folder/error.log" &
server=$!
trap 'kill "$server"; wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
sleep 0.5

# Prints requests, seconds of CPU and seconds of time of a command, whose requests COUNT finds.
measure() {
  local count=$1
  shift
  local times requests
  TIMEFORMAT='%U %S %R'
  times=$({ time taskset -c 1 "$@" >"$folder/output" 2>"$folder/errors"; } 2>&1)
  requests=$($count "$folder/output")
  awk -v n="$requests" '{ print n, $1 + $2, $3 }' <<<"$times"
}

count_weir() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["totals"]["attempts"])' "$1"; }
count_wrk() { awk '/requests in/ { print $1 }' "$1"; }
count_h2load() { awk '/^requests:/ { print $2 }' "$1"; }

# The least CPU a request of the rounds: what disturbs a run only ever adds to it.
row() {
  local name=$1 round
  shift
  for ((round = 0; round < rounds; ++round)); do measure "$@"; done |
    awk '{ print $2 / $1, $0 }' | sort -g | head -n 1 |
    awk -v name="$name" '{ printf "%-34s %9d requests %9.0f a second %7.2f us of CPU a request\n",
      name, $2, $2 / $4, $1 * 1e6 }'
}

row "weir load, closed model" count_weir "$weir" load "$url" --duration "${seconds}s" \
  --connections $connections --threads 1 --json --quiet
if command -v wrk >/dev/null; then
  row "wrk" count_wrk wrk -t1 -c$connections "-d${seconds}s" "$url"
fi
if command -v h2load >/dev/null; then
  row "h2load --h1" count_h2load h2load --h1 -t1 -c$connections -D "$seconds" "$url"
fi
row "weir load, open model, 20,000/s" count_weir "$weir" load "$url" --duration "${seconds}s" \
  --rate 20000/s --connections $connections --threads 1 --json --quiet
row "weir load by libcurl, closed model" count_weir "$weir" load "$url" --duration "${seconds}s" \
  --connections $connections --threads 1 --engine libcurl --json --quiet
taskset -c 1 "$weir" load "$url" --duration "${seconds}s" --rate 10000/s --threads 1 --json --quiet \
  >"$folder/output"
python3 - "$folder/output" <<'END'
import json, sys
lateness = json.load(open(sys.argv[1]))["schedule"]["lateness"]
print("sent after due at 10,000 a second:", ", ".join(
    f"{name} {lateness[name + '_ns'] / 1000:.0f} us" for name in ("p50", "p99", "p999", "max")))
END
