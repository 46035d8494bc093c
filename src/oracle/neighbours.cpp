#include "oracle/neighbours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "limiter/catalogue.hpp"
#include "limiter/parameter_text.hpp"
#include "oracle/pace.hpp"

namespace weir::oracle {
namespace {

using limiter::ParameterSpec;
using limiter::ParameterType;
using limiter::ParameterValue;
using Limits = std::vector<policy::Limit>;

constexpr double half_percent = 0.005;

std::string with_article(std::string_view name) {
  const bool is_vowel = std::string_view("aeiou").find(name[0]) != std::string_view::npos;
  return fmt::format("{} {}", is_vowel ? "an" : "a", name);
}

/// A rate as so many in the period that it was written with.
std::string rate_text(Rate rate, Rate original) {
  const double units = per_second(rate) * static_cast<double>(original.per.ns()) / 1e9;
  const std::string text = limiter::parameter_text(original);
  return fmt::format("{:.4g}{}", units, text.substr(std::min(text.find('/'), text.size())));
}

std::string words_of_change(std::string_view name, const ParameterValue& value,
                            const ParameterValue& original) {
  if (const auto* is_so = std::get_if<bool>(&value)) {
    return fmt::format("{}{}", *is_so ? "" : "no ", name);
  }
  if (std::holds_alternative<std::string>(value)) {
    return fmt::format("{}={}", name, std::get<std::string>(value));
  }
  const auto* rate = std::get_if<Rate>(&value);
  const std::string text =
      rate != nullptr ? rate_text(*rate, std::get<Rate>(original)) : limiter::parameter_text(value);
  return fmt::format("{} of {}", with_article(name), text);
}

/// A limit with other parameters, where its algorithm takes them.
std::optional<policy::Limit> with_parameters(policy::Limit limit, limiter::Parameters parameters) {
  const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.spec.algorithm);
  auto complete = limiter::complete_parameters(*info, std::move(parameters));
  if (!complete || limiter::try_make(*info, *complete, limiter::Environment())) {
    return std::nullopt;
  }
  limit.variants = {*complete};
  return limit;
}

/// The nearest rate in whole units a minute, which is as fine as some products take them.
ParameterValue by_the_minute(Rate rate) {
  constexpr double minute_s = 60.0;
  return Rate{static_cast<std::uint64_t>(std::llround(per_second(rate) * minute_s)),
              Duration::from_seconds(60)};
}

std::optional<Neighbour> changed(const Limits& original, std::size_t number,
                                 const std::string& parameter, ParameterValue value) {
  const limiter::Parameters& before = original[number].variants[0];
  limiter::Parameters parameters = before;
  parameters.set(parameter, value);
  auto limit = with_parameters(original[number], parameters);
  if (const auto* rate = std::get_if<Rate>(&value); !limit && rate != nullptr) {
    value = by_the_minute(*rate);
    parameters.set(parameter, value);
    limit = with_parameters(original[number], std::move(parameters));
  }
  if (!limit) return std::nullopt;
  const auto old = before.values().find(parameter);
  Neighbour neighbour{
      original,
      words_of_change(parameter, value, old == before.values().end() ? value : old->second), number,
      parameter};
  neighbour.limits[number] = std::move(*limit);
  return neighbour;
}

Duration scaled(Duration duration, double by) {
  constexpr std::int64_t ms = 1'000'000;
  const double ns = static_cast<double>(duration.ns()) * by;
  const std::int64_t step = duration.ns() % ms == 0 ? ms : 1;
  return Duration::from_ns(std::llround(ns / static_cast<double>(step)) * step);
}

/// The rate by so much faster; what it counts at a time stays what it is.
Rate scaled(Rate rate, double by) {
  const double ns = static_cast<double>(rate.per.ns()) / by;
  return {rate.units, Duration::from_ns(std::llround(ns))};
}

std::optional<ParameterValue> moved(const ParameterSpec& spec, const ParameterValue& value,
                                    double by, std::int64_t least_step) {
  if (const auto* count = std::get_if<std::int64_t>(&value)) {
    const auto change = std::llround(static_cast<double>(*count) * (by - 1.0));
    const std::int64_t to = *count + (by > 1.0 ? std::max<std::int64_t>(change, least_step)
                                               : std::min<std::int64_t>(change, -least_step));
    if (to < spec.min || to > spec.max) return std::nullopt;
    return to;
  }
  if (const auto* duration = std::get_if<Duration>(&value)) return scaled(*duration, by);
  if (const auto* rate = std::get_if<Rate>(&value)) return scaled(*rate, by);
  return std::nullopt;
}

bool is_within(double to, double from, double share) {
  return to > 0.0 && std::abs(to - from) <= share * from;
}

/// Rounded to whole units of several sizes, the largest first, no farther off than such a share.
std::vector<ParameterValue> round_values(const ParameterValue& value,
                                         const ParameterValue& original, double share) {
  std::vector<ParameterValue> values;
  if (const auto* duration = std::get_if<Duration>(&value)) {
    const auto ns = static_cast<double>(duration->ns());
    for (const double unit : {3.6e12, 6e10, 1e10, 1e9, 1e8, 1e7, 1e6}) {
      const double to = std::round(ns / unit) * unit;
      if (is_within(to, ns, share)) values.emplace_back(Duration::from_ns(std::llround(to)));
    }
  }
  if (const auto* rate = std::get_if<Rate>(&value)) {
    const Duration per = std::get<Rate>(original).per;
    const double units = per_second(*rate) * static_cast<double>(per.ns()) / 1e9;
    for (const double unit : {100.0, 10.0, 5.0, 1.0}) {
      const double to = std::round(units / unit) * unit;
      if (is_within(to, units, share)) {
        values.emplace_back(Rate{static_cast<std::uint64_t>(std::llround(to)), per});
      }
    }
  }
  return values;
}

void add_changes(const Limits& limits, std::size_t number, std::vector<Neighbour>& into) {
  constexpr double round_nearby = 0.3;
  constexpr std::array<double, 8> factors = {0.999, 1.001, 0.95, 1.05, 0.8, 1.25, 0.5, 2.0};
  const auto add = [&](const std::string& name, const ParameterValue& value,
                       bool is_round = false) {
    auto neighbour = changed(limits, number, name, value);
    if (!neighbour) return;
    neighbour->is_round = is_round;
    into.push_back(std::move(*neighbour));
  };
  for (const auto& [name, value] : limits[number].variants[0].values()) {
    const ParameterSpec* spec = find_parameter(limits[number], name);
    for (const double factor : factors) {
      // Of whole numbers the neighbours; the smallest change of others is found from the next one.
      const bool is_count = spec->type == ParameterType::count;
      if (!is_count && std::abs(factor - 1.0) < half_percent) continue;
      if (const auto to = moved(*spec, value, factor, 1)) add(name, *to);
    }
    for (const ParameterValue& round : round_values(value, value, round_nearby)) {
      if (round != value) add(name, round, true);
    }
    if (const auto* is_so = std::get_if<bool>(&value)) add(name, !*is_so);
    for (const std::string_view choice : spec->choices) {
      if (value != ParameterValue(std::string(choice))) add(name, std::string(choice));
    }
  }
}

Duration window_of(const Pace& pace) {
  const double ns = static_cast<double>(pace.burst) / per_second(pace.rate) * 1e9;
  return Duration::from_ns(std::llround(ns));
}

/// A limit of another algorithm, where that takes such parameters.
void add_algorithm(const Limits& limits, std::size_t number, const std::string& algorithm,
                   limiter::Parameters parameters, std::vector<Neighbour>& into) {
  policy::Limit limit = limits[number];
  limit.spec.algorithm = algorithm;
  std::string words = algorithm;
  for (const auto& [name, value] : parameters.values()) {
    words += fmt::format(" {}={}", name, limiter::parameter_text(value));
  }
  auto made = with_parameters(std::move(limit), std::move(parameters));
  if (!made || (algorithm == limits[number].spec.algorithm &&
                made->variants[0].values() == limits[number].variants[0].values())) {
    return;
  }
  Neighbour neighbour{limits, std::move(words), number, ""};
  neighbour.limits[number] = std::move(*made);
  into.push_back(std::move(neighbour));
}

void add_algorithms(const Limits& limits, std::size_t number, std::vector<Neighbour>& into) {
  const auto pace = pace_of(limits[number]);
  if (!pace || pace->rate.units == 0) return;
  const Duration window = window_of(*pace);
  // The first, since others hold nothing back, and say nothing of answers that are.
  limiter::Parameters queue;
  queue.set("capacity", std::max<std::int64_t>(pace->burst - 1, 0));
  queue.set("rate", pace->rate);
  add_algorithm(limits, number, "leaky-bucket-queue", queue, into);
  for (const char* algorithm : {"sliding-window-log", "sliding-window-counter", "fixed-window"}) {
    for (const char* anchor : {"epoch", "first-request"}) {
      limiter::Parameters p;
      p.set("limit", pace->burst);
      p.set("window", window);
      const bool is_log = algorithm == std::string_view("sliding-window-log");
      if (!is_log) p.set("anchor", std::string(anchor));
      if (is_log && anchor == std::string_view("first-request")) continue;
      add_algorithm(limits, number, algorithm, std::move(p), into);
    }
  }
  limiter::Parameters bucket;
  bucket.set("capacity", pace->burst);
  bucket.set("rate", pace->rate);
  add_algorithm(limits, number, "token-bucket", bucket, into);
  bucket.set("refill", std::string("interval"));
  add_algorithm(limits, number, "token-bucket", std::move(bucket), into);
}

}  // namespace

std::vector<Neighbour> rounded(const Neighbour& from, const Limits& original) {
  std::vector<Neighbour> neighbours;
  if (from.parameter.empty()) return neighbours;
  const auto& before = original[from.limit].variants[0].values();
  const auto first = before.find(from.parameter);
  if (first == before.end()) return neighbours;
  const ParameterValue& now =
      from.limits[from.limit].variants[0].values().find(from.parameter)->second;
  constexpr double very_close = 0.015;
  for (const ParameterValue& value : round_values(now, first->second, very_close)) {
    if (value == now || value == first->second) continue;
    auto neighbour = changed(original, from.limit, from.parameter, value);
    if (neighbour) neighbours.push_back(std::move(*neighbour));
  }
  return neighbours;
}

std::optional<Neighbour> held_back(const Neighbour& from, std::int64_t at_once) {
  const auto pace = pace_of(from.limits[from.limit]);
  if (!pace || pace->rate.units == 0) return std::nullopt;
  limiter::Parameters nginx;
  nginx.set("rate", pace->rate);
  nginx.set("burst", std::max<std::int64_t>(pace->burst - 1, 0));
  if (at_once > 0) nginx.set("delay", at_once);
  std::vector<Neighbour> made;
  add_algorithm(from.limits, from.limit, "nginx-limit-req", std::move(nginx), made);
  if (made.empty()) return std::nullopt;
  return std::move(made.front());
}

std::vector<Neighbour> neighbours_of(const Limits& limits) {
  std::vector<Neighbour> neighbours;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    if (limits[i].variants.size() != 1) continue;
    add_changes(limits, i, neighbours);
    add_algorithms(limits, i, neighbours);
  }
  return neighbours;
}

std::vector<Neighbour> all_or_nothing(const Limits& limits) {
  std::vector<Neighbour> neighbours;
  const auto add = [&](std::size_t number, const char* algorithm, std::string words) {
    const std::size_t before = neighbours.size();
    add_algorithm(limits, number, algorithm, {}, neighbours);
    if (neighbours.size() == before) return;
    if (limits.size() > 1) words += fmt::format(" instead of {}", limits[number].spec.name);
    neighbours.back().words = std::move(words);
  };
  for (std::size_t i = 0; i < limits.size(); ++i) {
    if (limits[i].variants.size() != 1) continue;
    add(i, "unlimited", "no limit, or one that this traffic does not reach");
    add(i, "deny-all", "a limit that admits nothing");
  }
  return neighbours;
}

std::optional<Neighbour> moved_on(const Neighbour& from, const Limits& original, int steps) {
  if (from.parameter.empty()) return std::nullopt;
  const policy::Limit& limit = from.limits[from.limit];
  const ParameterSpec* spec = find_parameter(limit, from.parameter);
  const ParameterValue& now = limit.variants[0].values().find(from.parameter)->second;
  const auto& before = original[from.limit].variants[0].values();
  const auto first = before.find(from.parameter);
  if (first == before.end()) return std::nullopt;
  std::optional<ParameterValue> to;
  if (const auto* count = std::get_if<std::int64_t>(&now)) {
    if (*count + steps >= spec->min && *count + steps <= spec->max) to = *count + steps;
  } else if (const auto* duration = std::get_if<Duration>(&now)) {
    const Duration was = std::get<Duration>(first->second);
    const double share = static_cast<double>(duration->ns()) / static_cast<double>(was.ns());
    to = moved(*spec, first->second, share + steps * half_percent, 1);
  } else if (const auto* rate = std::get_if<Rate>(&now)) {
    const double share = per_second(*rate) / per_second(std::get<Rate>(first->second));
    to = moved(*spec, first->second, share + steps * half_percent, 1);
  }
  if (!to || *to == now) return std::nullopt;
  return changed(original, from.limit, from.parameter, *to);
}

}  // namespace weir::oracle
