#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "core/random.hpp"
#include "limiter/catalogue.hpp"
#include "limiter/limiter.hpp"

namespace weir::limiter {
namespace {

constexpr std::uint64_t key_count = 100'000;
constexpr std::uint64_t request_count = 1 << 20;
/// On average 1 µs apart, so that a key meets ten requests a second.
constexpr std::int64_t gap_ns = 1'000;

/// Requests by key and by nanoseconds from the start of a pass over them, in time order.
/// go_x_time_rate/main.go makes the same ones.
struct Requests {
  std::vector<std::uint32_t> keys;
  std::vector<std::int64_t> times;
  /// Equal in both programs if their requests are.
  std::uint64_t checksum = 0;
};

/// Key k is drawn about as often as k to the power of -3/4: the top one of 100,000 takes 5.6 % of
/// the requests.
Requests draw_requests() {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;
  Requests requests;
  for (std::uint64_t i = 0; i < request_count; ++i) {
    const double u = static_cast<double>(mix64((2 * i + 1) * golden) >> 11) * 0x1p-53;
    const double squared = u * u;
    const auto key = static_cast<std::uint32_t>(squared * squared * key_count);
    const auto jitter = static_cast<std::int64_t>(mix64((2 * i + 2) * golden) % gap_ns);
    requests.keys.push_back(key);
    requests.times.push_back(static_cast<std::int64_t>(i) * gap_ns + jitter);
    requests.checksum = mix64(requests.checksum ^ key) + static_cast<std::uint64_t>(jitter);
  }
  return requests;
}

const Requests& requests() {
  static const Requests drawn = draw_requests();
  return drawn;
}

template <class L>
bool decide(const L& limiter, typename L::State& state, Instant now) {
  constexpr Cost cost = 1;
  if (!limiter.check(state, now, cost).allowed) {
    limiter.charge_denied(state, now, cost);
    return false;
  }
  limiter.charge(state, now, cost);
  // Served at once: else a limit on concurrency would deny all but the first few.
  if constexpr (HoldsUntilEnd<L>) limiter.complete(state, {now, now, cost});
  return true;
}

/// Bytes that a key's state takes, on average over the keys.
template <class L>
double state_bytes(const std::vector<typename L::State>& states) {
  std::size_t owned = 0;
  if constexpr (OwnsMemory<L>) {
    for (const typename L::State& state : states) owned += L::owned_bytes(state);
  }
  return sizeof(typename L::State) +
         static_cast<double>(owned) / static_cast<double>(states.size());
}

/// A pass decides every request once; the next one goes on from there in time. `allowed` is that of
/// the first pass, which is the same however many follow.
template <class L>
void measure(benchmark::State& bench, const L& limiter, Instant start) {
  std::vector<typename L::State> states(key_count);
  const Requests& all = requests();
  std::uint64_t allowed = 0;
  std::uint64_t allowed_in_first_pass = 0;
  for (auto _ : bench) {
    for (std::size_t i = 0; i < request_count; ++i) {
      const Instant now = start + Duration::from_ns(all.times[i]);
      allowed += decide(limiter, states[all.keys[i]], now) ? 1 : 0;
    }
    start += Duration::from_ns(request_count * gap_ns);
    if (allowed_in_first_pass == 0) allowed_in_first_pass = allowed;
    benchmark::DoNotOptimize(allowed);
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(request_count));
  bench.counters["allowed"] = static_cast<double>(allowed_in_first_pass);
  bench.counters["state_bytes"] = state_bytes<L>(states);
  bench.SetLabel(fmt::format("{:016x}", all.checksum));
}

/// The parameters of a catalogue entry's example, which is text as on the command line.
tl::expected<Parameters, Problems> example_parameters(const AlgorithmInfo& info) {
  Parameters given;
  Problems problems;
  std::string_view rest = info.example;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    const std::string_view name = word.substr(0, word.find('='));
    for (const ParameterSpec& spec : info.parameters) {
      if (spec.name != name) continue;
      const Parsed<ParameterValue> value = parse_parameter(spec, word.substr(name.size() + 1));
      if (value) {
        given.set(std::string(name), *value);
      } else {
        problems.push_back({std::string(name), value.error()});
      }
    }
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return complete_parameters(info, std::move(given));
}

template <class... L>
void measure(benchmark::State& bench, const std::variant<L...>& limiter, Instant start) {
  std::visit([&](const auto& chosen) { measure(bench, chosen, start); }, limiter);
}

template <class Entry>
void measure_entry(benchmark::State& bench) {
  const Environment environment{.start = Instant::from_unix_seconds(1'767'225'600)};
  const auto parameters = example_parameters(Entry::info());
  if (!parameters) {
    bench.SkipWithError(parameters.error().front().message.c_str());
    return;
  }
  const auto limiter = Entry::make(*parameters, environment);
  if (!limiter) {
    bench.SkipWithError(limiter.error().message.c_str());
    return;
  }
  measure(bench, *limiter, environment.start);
}

template <class... Entry>
bool register_entries(std::tuple<Entry...>*) {
  (benchmark::RegisterBenchmark(fmt::format("decide/{}", Entry::info().id).c_str(),
                                measure_entry<Entry>)
       ->Unit(benchmark::kMillisecond),
   ...);
  return true;
}

const bool registered = register_entries(static_cast<Entries*>(nullptr));

}  // namespace
}  // namespace weir::limiter
