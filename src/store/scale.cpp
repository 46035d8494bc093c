#include "store/scale.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <variant>

#include "core/int128.hpp"
#include "limiter/saturate.hpp"

namespace weir::store {
namespace {

using limiter::ParameterValue;

/// The parameters that say how much is allowed; others are lengths of time, words and numbers of
/// segments.
bool says_how_much(std::string_view name) {
  constexpr std::array<std::string_view, 6> names = {"limit",      "capacity", "burst",
                                                     "peak_burst", "initial",  "queue"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::int64_t part_of(std::int64_t count, LocalShare share) {
  return limiter::saturate(ceil_div(Int128{count} * share.part, Int128{share.of}));
}

/// The period stays where that is exact, since it has a meaning of its own.
Rate part_of(const Rate& rate, LocalShare share) {
  const Int128 units = Int128{rate.units} * static_cast<std::uint64_t>(share.part);
  if (units % share.of == 0) return {static_cast<std::uint64_t>(units / share.of), rate.per};
  const std::int64_t divisor = std::gcd(share.part, share.of);
  return {rate.units * static_cast<std::uint64_t>(share.part / divisor),
          rate.per * (share.of / divisor)};
}

ParameterValue scaled(std::string_view name, const ParameterValue& value, LocalShare share) {
  if (const auto* count = std::get_if<std::int64_t>(&value)) {
    return says_how_much(name) ? part_of(*count, share) : *count;
  }
  if (const auto* rate = std::get_if<Rate>(&value)) return part_of(*rate, share);
  return value;
}

limiter::Parameters scaled(const limiter::Parameters& whole, LocalShare share) {
  limiter::Parameters part;
  for (const auto& [name, value] : whole.values()) part.set(name, scaled(name, value, share));
  return part;
}

}  // namespace

Definition scale(const Definition& whole, LocalShare share) {
  Definition part = whole;
  if (share.part == share.of) return part;
  for (LimitDefinition& limit : part.limits) {
    for (limiter::Parameters& row : limit.variants) row = scaled(row, share);
    limit.spec.parameters = scaled(limit.spec.parameters, share);
    for (auto& [name, table] : limit.spec.tables) {
      for (auto& [word, value] : table.rows) value = scaled(name, value, share);
      if (table.otherwise) table.otherwise = scaled(name, *table.otherwise, share);
    }
  }
  return part;
}

}  // namespace weir::store
