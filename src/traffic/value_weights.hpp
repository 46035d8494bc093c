#pragma once

#include <cstdint>
#include <string>

#include "core/dictionary.hpp"
#include "core/request.hpp"
#include "traffic/spec.hpp"

namespace weir::traffic {

/// How many different values a distribution has.
std::uint32_t value_count(const ValueDistribution& distribution);

/// The relative weight of value k of a distribution, k from 0; 1 where all are as likely.
double value_weight(const ValueDistribution& distribution, std::uint32_t k);

/// Whether every value is as likely as every other.
bool is_even(const ValueDistribution& distribution);

/// Whether value k is the generated one "NAME-k" of the attribute, which then is value k of a
/// dictionary before that is arranged.
bool is_generated(const ValueDistribution& distribution);

/// The text of value k where it is not generated.
const std::string& value_text(const ValueDistribution& distribution, std::uint32_t k);

}  // namespace weir::traffic
