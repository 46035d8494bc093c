#include "oracle/pace.hpp"

#include "limiter/catalogue.hpp"

namespace weir::oracle {

using limiter::ParameterType;

const limiter::ParameterSpec* find_parameter(const policy::Limit& limit, std::string_view name) {
  for (const limiter::ParameterSpec& spec :
       limiter::find_algorithm(limit.spec.algorithm)->parameters) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::optional<Pace> pace_of(const policy::Limit& limit) {
  const limiter::Parameters& p = limit.variants[0];
  const auto is = [&](std::string_view name, ParameterType type) {
    const limiter::ParameterSpec* spec = find_parameter(limit, name);
    return spec != nullptr && spec->type == type && p.has(name);
  };
  for (const char* window : {"window", "period", "duration"}) {
    if (is("limit", ParameterType::count) && is(window, ParameterType::duration) &&
        p.count("limit") > 0) {
      return Pace{p.count("limit"),
                  {static_cast<std::uint64_t>(p.count("limit")), p.duration(window)}};
    }
  }
  for (const char* burst : {"burst", "capacity"}) {
    if (!is(burst, ParameterType::count) || !is("rate", ParameterType::rate)) continue;
    // nginx and its like count those beyond the first.
    const bool is_beyond =
        limit.spec.algorithm.ends_with("limit-req") || limit.spec.algorithm == "leaky-bucket-queue";
    return Pace{p.count(burst) + (is_beyond ? 1 : 0), p.rate("rate")};
  }
  return std::nullopt;
}

}  // namespace weir::oracle
