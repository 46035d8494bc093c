#!/usr/bin/env bash
# Decisions a second of gcra beside those of Go's golang.org/x/time/rate: the same keys and times,
# one core, in turns. Needs the release preset with benchmarks (./setup.sh --test builds it).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bench=build/release/tests/bench/weir_bench
go_bench=build/go_x_time_rate
core=${WEIR_BENCH_CORE:-0}
rounds=${WEIR_BENCH_ROUNDS:-5}

(cd tests/bench/go_x_time_rate &&
  GO111MODULE=off GOPATH=/usr/share/gocode go build -o "$OLDPWD/$go_bench" .)

# Prints "DECISIONS_PER_SECOND ALLOWED CHECKSUM".
run_gcra() {
  taskset -c "$core" "$bench" --benchmark_filter='^decide/gcra$' --benchmark_min_time=2 \
    --benchmark_format=json |
    python3 -c 'import json, sys
b = json.load(sys.stdin)["benchmarks"][0]
print("%.0f %.0f %s" % (b["items_per_second"], b["allowed"], b["label"]))'
}

run_go() {
  GOMAXPROCS=1 taskset -c "$core" "$go_bench"
}

gcra=()
go=()
for ((round = 0; round < rounds; ++round)); do
  gcra+=("$(run_gcra)")
  go+=("$(run_go)")
done
if [ "${gcra[0]##* }" != "${go[0]##* }" ]; then
  echo "compare_go.sh: the two programs drew different requests" >&2
  exit 1
fi

# The median of the rounds.
median() {
  printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}
gcra_median=$(median "${gcra[@]}")
go_median=$(median "${go[@]}")
awk -v gcra="$gcra_median" -v go="$go_median" 'BEGIN {
  split(gcra, a); split(go, b)
  printf "%-18s %8.1f million decisions/s, %s of the first 2^20 allowed\n", "gcra", a[1] / 1e6, a[2]
  printf "%-18s %8.1f million decisions/s, %s of the first 2^20 allowed\n", "go x/time/rate", b[1] / 1e6, b[2]
  printf "ratio %.2f\n", a[1] / b[1]
}'
