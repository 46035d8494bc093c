#!/usr/bin/env bash
# One `weir sweep` of n settings beside n runs of `weir simulate --set`, alternately in one run, of
# ten million requests over 100,000 keys. WEIR_BENCH_SCALE (1) divides their number.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
weir=${WEIR:-build/release/weir}
scale=${WEIR_BENCH_SCALE:-1}
settings=${WEIR_BENCH_SETTINGS:-16}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/sweep.json" <<END
{
  "name": "sweep",
  "duration": "$((10000 / scale))ms",
  "policy": { "limits": [
    { "name": "requests", "algorithm": "gcra", "rate": "5/s", "burst": 20, "key": ["user"] } ] },
  "traffic": [
    { "name": "all",
      "arrivals": { "process": "poisson", "rate": "1000000/s" },
      "attributes": { "user": { "zipf": { "count": 100000, "exponent": 1.1 } } } } ]
}
END
python3 - "$weir" "$folder/sweep.json" "$settings" "${WEIR_BENCH_ROUNDS:-5}" <<'END'
import resource, subprocess, sys, time

weir, scenario, settings, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
burst = "/policy/limits/0/burst"
sweep = [[weir, "sweep", scenario, "--vary", f"{burst}=1..{settings}:{settings}", "--quiet"]]
singles = [
    [weir, "simulate", scenario, "--set", f"{burst}={n + 1}", "--quiet"] for n in range(settings)
]


def measure(commands):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for command in commands:
        subprocess.run(command, check=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


times = {"one sweep": [], "simulations": []}
for _ in range(rounds):
    times["one sweep"].append(measure(sweep))
    times["simulations"].append(measure(singles))
fastest = {what: [min(column) for column in zip(*rows)] for what, rows in times.items()}
for what, (wall, cpu) in fastest.items():
    print(f"{settings} settings, {what}: {wall:.2f} s, {cpu:.2f} s of processor time")
ratios = [b / a for a, b in zip(fastest["one sweep"], fastest["simulations"])]
print(f"ratio: {ratios[0]:.2f}, of processor time {ratios[1]:.2f}")
END
