#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "policy/policy.hpp"

namespace weir::oracle {

/// What the catalogue says of one of the limit's parameters, or null.
const limiter::ParameterSpec* find_parameter(const policy::Limit& limit, std::string_view name);

/// What most algorithms have in common: so many at once, and how fast that comes back.
struct Pace {
  std::int64_t burst = 0;
  Rate rate;
};

/// Of the first row of a limit; none where its algorithm has no such numbers.
std::optional<Pace> pace_of(const policy::Limit& limit);

}  // namespace weir::oracle
