#!/usr/bin/env bash
# Whole-program speed of `weir simulate`: 100 million requests on one core, two threads beside two
# processes, 1,000 million requests over 10 million keys with the memory that they take, and clients
# that come back: an event is an attempt, each of which is a retry to be scheduled, too.
# WEIR_BENCH_SCALE (1) divides all request counts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
weir=build/release/weir
rounds=${WEIR_BENCH_ROUNDS:-3}
scale=${WEIR_BENCH_SCALE:-1}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Poisson arrivals, a million a second, so that a second is a million requests.
write_scenario() {
  local name=$1 seconds=$2 users=$3
  cat >"$folder/$name.json" <<END
{
  "name": "$name",
  "duration": "$((seconds * 1000 / scale))ms",
  "policy": { "limits": [
    { "name": "requests", "algorithm": "gcra", "rate": "5/s", "burst": 20, "key": ["user"] } ] },
  "traffic": [
    { "name": "all",
      "arrivals": { "process": "poisson", "rate": "1000000/s" },
      "attributes": { "user": { "zipf": { "count": $users, "exponent": 1.1 } } } } ]
}
END
}

# More arrives than is admitted, and every denied request is tried again up to four times.
write_retries() {
  cat >"$folder/retries.json" <<END
{
  "name": "retries",
  "duration": "$((20000 / scale))ms",
  "policy": { "limits": [
    { "name": "requests", "algorithm": "gcra", "rate": "1/s", "burst": 5, "key": ["user"] } ] },
  "traffic": [
    { "name": "all",
      "arrivals": { "process": "poisson", "rate": "150000/s" },
      "attributes": { "user": { "uniform": { "count": 100000 } } },
      "on_denied": { "behaviour": "retry-after", "jitter": 0.5, "max_attempts": 5 } } ]
}
END
}

# The fastest of the rounds: what disturbs a run only ever slows it down.
measure() {
  local round
  for ((round = 0; round < rounds; ++round)); do tests/bench/measure.py "$@"; done |
    sort -g -k 2 | head -n 1
}

simulate() {
  local name=$1 threads=$2
  shift 2
  measure "$@" -- "$weir" simulate "$folder/$name.json" --threads "$threads" --quiet --json
}

print_row() {
  awk -v name="$1" -v cores="$2" '{
    printf "%-32s %8.1f million requests %8.2f s %8.1f million/s %8.1f million/s a core %8.1f MiB\n",
      name, $1 / 1e6, $2, $1 / $2 / 1e6, $1 / $2 / 1e6 / cores, $4 }' <<<"$3"
}

if [ "$(nproc)" -lt 2 ]; then
  echo "end_to_end.sh: needs two processors" >&2
  exit 1
fi
write_scenario hundred-million 100 100000
write_scenario thousand-million 1000 10000000

one=$(simulate hundred-million 1 0)
print_row "one thread" 1 "$one"
threads=$(simulate hundred-million 2 0,1)
print_row "two threads" 2 "$threads"
processes=$(simulate hundred-million 1 0 1)
print_row "two processes" 2 "$processes"
awk -v threads="$threads" -v processes="$processes" 'BEGIN {
  split(threads, t); split(processes, p)
  printf "two threads reach %.0f %% of two processes\n", 100 * (t[1] / t[2]) / (p[1] / p[2]) }'

rounds=1
print_row "10 million keys, two threads" 2 "$(simulate thousand-million 2 0,1)"
write_retries
rounds=${WEIR_BENCH_ROUNDS:-3}
print_row "retries over 100,000 keys" 1 "$(simulate retries 1 0)"
