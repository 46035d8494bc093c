#pragma once

#include <string>
#include <string_view>

#include "core/time.hpp"
#include "limiter/catalogue.hpp"

namespace weir::limiter {

/// The parameters that "rate=10/s burst=4" stands for, without defaults. A setting that cannot be
/// read throws, which fails the test.
inline Parameters parse_settings(const AlgorithmInfo& info, std::string_view settings) {
  Parameters parameters;
  while (!settings.empty()) {
    const std::size_t end = std::min(settings.find(' '), settings.size());
    const std::string_view word = settings.substr(0, end);
    settings.remove_prefix(std::min(end + 1, settings.size()));
    const std::string_view name = word.substr(0, word.find('='));
    for (const ParameterSpec& spec : info.parameters) {
      if (spec.name != name) continue;
      parameters.set(std::string(name),
                     parse_parameter(spec, word.substr(name.size() + 1)).value());
    }
  }
  return parameters;
}

template <class Entry>
MakeResult<typename Entry::Limiter> try_make(std::string_view settings, Environment env = {}) {
  const AlgorithmInfo info = Entry::info();
  return Entry::make(complete_parameters(info, parse_settings(info, settings)).value(), env);
}

template <class Entry>
typename Entry::Limiter make(std::string_view settings, Environment env = {}) {
  return try_make<Entry>(settings, env).value();
}

/// What make() objects to, as "parameter: message"; empty if to nothing.
template <class Entry>
std::string problem_of(std::string_view settings) {
  const auto made = try_make<Entry>(settings);
  return made ? "" : made.error().pointer + ": " + made.error().message;
}

/// Decides a request as a run does: checks it, then charges for the admission or the denial.
template <class L>
Verdict decide(const L& limiter, typename L::State& state, Instant now, Cost cost = 1) {
  const Verdict verdict = limiter.check(state, now, cost);
  if (verdict.allowed) {
    limiter.charge(state, now, cost);
  } else {
    limiter.charge_denied(state, now, cost);
  }
  return verdict;
}

/// A time of day on 2026-01-01.
constexpr Instant noon = Instant::from_unix_seconds(1'767'268'800);

constexpr Environment from_noon{.start = noon};

constexpr Instant after_ms(std::int64_t ms) { return noon + Duration::from_ms(ms); }

constexpr Duration one_ns = Duration::from_ns(1);

/// That the request is denied one nanosecond before `earliest` and admitted at it.
template <class L>
bool is_first_admitted(const L& limiter, const typename L::State& state, Instant at,
                       Cost cost = 1) {
  return limiter.check(state, at, cost).allowed && !limiter.check(state, at - one_ns, cost).allowed;
}

}  // namespace weir::limiter
