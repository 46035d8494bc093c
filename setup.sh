#!/usr/bin/env bash
# Installs what weir needs from Debian 12, builds it and, if asked to, tests it. See --help.
set -euo pipefail

build_packages=(cmake g++ ninja-build libboost1.81-dev libcli11-dev libcurl4-openssl-dev
  libexpected-dev libfmt-dev libhiredis-dev libjs-chart.js libssl-dev libvalijson-dev
  nlohmann-json3-dev zlib1g-dev)
test_packages=("${build_packages[@]}" chromium default-jre-headless dpkg-dev fish golang-go
  golang-golang-x-time-dev groff-base haproxy libbenchmark-dev libgmock-dev libgtest-dev
  libhdrhistogram-java libxml2-utils man-db mandoc munge nginx-light openssl python3
  python3-html5lib python3-jsonschema python3-markdown python3-yaml redis-server slurm-wlm zsh)
all_test_packages=("${test_packages[@]}" clang clang-format libclang-rt-14-dev)
tidy_packages=("${test_packages[@]}" clang-tidy)

usage() {
  cat <<'END'
usage: ./setup.sh [--test | --sanitizers | --all-tests | --tidy | --help]

Installs the Debian packages that are missing (as root or through sudo), then builds.

  (no option)   build build/release/weir
  --test        build it with its tests and benchmarks, and run the tests
  --sanitizers  build and test the asan-ubsan and tsan presets, and run every fuzz target for
                WEIR_FUZZ_SECONDS (20)
  --all-tests   both
  --tidy        run clang-tidy over all sources
  --help        print this

Exit codes: 0 all went well, 1 something failed, 2 wrong usage.
END
}

cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD
jobs=$(nproc)

# ---- Packages.

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Prints those of the given packages that are not installed.
missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qxF "installed $package" <<<"$installed" || echo "$package"
  done
}

# Debian starts a server as soon as it is installed, unless this program says 101.
policy=/usr/sbin/policy-rc.d
policy_is_ours=no

forbid_service_starts() {
  [ ! -e "$policy" ] || return 0
  policy_is_ours=yes
  as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
}

allow_service_starts() {
  [ "$policy_is_ours" = yes ] || return 0
  policy_is_ours=no
  as_root rm -f "$policy"
}

install_packages() {
  local missing
  if ! command -v dpkg-query >/dev/null; then
    echo "setup.sh: not a Debian system; going on with what is installed" >&2
    return
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "== installing ${missing[*]}"
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "setup.sh: needs root or sudo to install: ${missing[*]}" >&2
    exit 1
  fi
  trap allow_service_starts EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  forbid_service_starts
  if ! as_root apt-get -q update ||
    ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
      "${missing[@]}"; then
    echo "setup.sh: could not install: ${missing[*]}" >&2
    exit 1
  fi
  allow_service_starts
  trap - EXIT INT TERM
}

# ---- Building.

cached() {
  grep -qsxF "$2" "build/$1/CMakeCache.txt"
}

# A build folder that was copied or moved along with its sources cannot be used where it is now.
configure() {
  local preset=$1 fresh=()
  shift
  if [ -e "build/$preset/CMakeCache.txt" ] && ! cached "$preset" "CMAKE_HOME_DIRECTORY:INTERNAL=$root"; then
    fresh=(--fresh)
  fi
  # What is to be built once builds in a third of the time if several files are compiled as one.
  if [ "$preset" = release ] && { [ ! -e build/release/CMakeCache.txt ] || [ ${#fresh[@]} -gt 0 ]; }; then
    fresh+=(-DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=8)
  fi
  cmake --preset "$preset" --log-level=WARNING "${fresh[@]}" "$@" >/dev/null
}

build() {
  cmake --build "build/$1" -j "$jobs" "${@:2}"
}

# A folder that is configured with tests stays so: the tests need not be built again for it.
build_program() {
  local options=(-DWEIR_TESTS=OFF -DWEIR_BENCHMARKS=OFF)
  if cached release WEIR_TESTS:BOOL=ON && [ -z "$(missing_packages libgtest-dev libgmock-dev libbenchmark-dev)" ]; then
    options=()
  fi
  configure release "${options[@]}" && build release --target weir
}

# ---- Testing.

# Sanitizer runtimes of this age do not start where addresses are randomised by more than 28 bits.
fixed_addresses=()
if setarch "$(uname -m)" -R true 2>/dev/null; then fixed_addresses=(setarch "$(uname -m)" -R); fi

# A second try is for what drives real servers in real time, on a machine that does other work.
test_preset() {
  local preset=$1 launcher=()
  case $preset in asan-ubsan | tsan) launcher=("${fixed_addresses[@]}") ;; esac
  configure "$preset" -DWEIR_TESTS=ON "${@:2}" &&
    build "$preset" &&
    "${launcher[@]}" ctest --preset "$preset" -j "$jobs" --no-tests=error --repeat until-pass:2 \
      --output-log "build/$preset/ctest.log"
}

# One target on its seeds and on what earlier runs found.
fuzz_target() {
  local program=$1 name seeds=()
  name=$(basename "$program" | sed 's/^fuzz_//')
  mkdir -p "build/fuzz/corpus/$name" build/fuzz/findings
  if [ -d "tests/fuzz/corpus/$name" ]; then seeds=("tests/fuzz/corpus/$name"); fi
  if "${fixed_addresses[@]}" "$program" -max_total_time="${WEIR_FUZZ_SECONDS:-20}" -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$name-" \
    "build/fuzz/corpus/$name" "${seeds[@]}" >"build/fuzz/$name.log" 2>&1; then
    echo "fuzz $name: passed, $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log") runs"
  else
    echo "fuzz $name: FAILED"
    tail -n 60 "build/fuzz/$name.log"
    return 1
  fi
}

fuzz_all() {
  local program running=0 failed=0
  configure fuzz && build fuzz || return 1
  for program in build/fuzz/tests/fuzz/fuzz_*; do
    [ -f "$program" ] || continue
    if [ "$running" -ge "$jobs" ]; then
      wait -n || failed=1
      running=$((running - 1))
    fi
    fuzz_target "$program" &
    running=$((running + 1))
  done
  while [ "$running" -gt 0 ]; do
    wait -n || failed=1
    running=$((running - 1))
  done
  return "$failed"
}

tidy_all() {
  configure release -DWEIR_TESTS=ON -DWEIR_BENCHMARKS=ON || return 1
  find src tests -name '*.cpp' -not -path 'tests/fuzz/*' -print0 |
    xargs -0 -P "$jobs" -n 1 clang-tidy -p build/release --quiet 2>&1 |
    { grep -vE '^[0-9]+ warnings? .*generated' || true; }
}

# ---- Sections: each prints its name and time; a failed one does not keep the next from running.

summary=()
failures=0

section() {
  local name=$1 begin=$SECONDS outcome=passed tests
  shift
  echo "== $name"
  rm -f "build/$name/ctest.log"
  "$@" || { outcome=FAILED; failures=$((failures + 1)); }
  tests=$(grep -hs 'tests passed' "build/$name/ctest.log" || true)
  summary+=("$(printf '%-12s %-7s %5d s  %s' "$name" "$outcome" $((SECONDS - begin)) "$tests")")
  echo "== $name: $outcome after $((SECONDS - begin)) s"
}

test_release() {
  section release test_preset release -DWEIR_BENCHMARKS=ON
}

test_sanitizers() {
  section fuzz fuzz_all
  section asan-ubsan test_preset asan-ubsan
  section tsan test_preset tsan
}

finish() {
  printf '%s\n' "== summary" "${summary[@]}"
  [ "$failures" -eq 0 ] || exit 1
}

if [ $# -gt 1 ]; then
  usage >&2
  exit 2
fi

case ${1-} in
  "")
    install_packages "${build_packages[@]}"
    build_program || exit 1
    ;;
  --test)
    install_packages "${test_packages[@]}"
    test_release
    finish
    ;;
  --sanitizers)
    install_packages "${all_test_packages[@]}"
    test_sanitizers
    finish
    ;;
  --all-tests)
    install_packages "${all_test_packages[@]}"
    test_release
    test_sanitizers
    finish
    ;;
  --tidy)
    install_packages "${tidy_packages[@]}"
    section tidy tidy_all
    finish
    ;;
  --help | -h)
    usage
    ;;
  *)
    echo "setup.sh: unknown option $1" >&2
    usage >&2
    exit 2
    ;;
esac
