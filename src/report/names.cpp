#include "report/names.hpp"

#include <fmt/format.h>

#include "core/sha256.hpp"
#include "report/utf8.hpp"

namespace weir::report {

using metrics::Accumulator;

Names::Names(const scenario::Scenario& scenario, bool pseudonyms)
    : pseudonyms_(pseudonyms), salt_(fmt::format("{}:", scenario.seed)) {
  for (const policy::PolicySpec& policy : scenario.policies) {
    for (const policy::LimitSpec& limit : policy.limits) {
      key_attributes_.insert(limit.key.begin(), limit.key.end());
    }
  }
  for (const traffic::ClassSpec& c : scenario.traffic) {
    for (const traffic::AttributeSpec& a : c.attributes) invented_attributes_.insert(a.name);
  }
}

std::string Names::key(std::string_view key) const {
  if (!pseudonyms_) return valid_utf8(key);
  return "k-" + sha256_hex(salt_ + std::string(key)).substr(0, 12);
}

std::string Names::value(const std::string& attribute, std::string_view value) const {
  return is_key(attribute) ? key(value) : valid_utf8(value);
}

bool Names::is_key(const std::string& attribute) const {
  return key_attributes_.count(attribute) > 0 || invented_attributes_.count(attribute) == 0;
}

std::set<std::string> Names::key_attributes(const Accumulator& accumulator) const {
  std::set<std::string> names;
  for (const std::string& attribute : key_attributes_) names.insert(valid_utf8(attribute));
  for (const auto& [attribute, values] : accumulator.by_attribute) {
    if (is_key(attribute)) names.insert(valid_utf8(attribute));
  }
  return names;
}

Accumulator Names::rename(const Accumulator& accumulator) const {
  Accumulator renamed = accumulator;
  renamed.costs.clear();
  for (const auto& [name, cost] : accumulator.costs) {
    metrics::CostTotals& sum = renamed.costs[valid_utf8(name)];
    sum.offered += cost.offered;
    sum.allowed += cost.allowed;
    sum.denied += cost.denied;
  }
  renamed.by_attribute.clear();
  for (const auto& [attribute, values] : accumulator.by_attribute) {
    std::map<std::string, metrics::Counts>& sums = renamed.by_attribute[valid_utf8(attribute)];
    for (const auto& [name, counts] : values) sums[value(attribute, name)] += counts;
  }
  for (metrics::DeniedKey& denied : renamed.top_denied) denied.key = key(denied.key);
  metrics::keep_top_denied(renamed.top_denied);
  return renamed;
}

}  // namespace weir::report
