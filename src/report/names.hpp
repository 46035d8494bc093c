#pragma once

#include <set>
#include <string>
#include <string_view>

#include "metrics/accumulator.hpp"
#include "scenario/model.hpp"

namespace weir::report {

/// How the names that traffic brings in stand in a report: keys as they are or, with pseudonyms, as
/// "k-" and twelve hexadecimal digits of their hash, which the scenario's seed salts. The seed is
/// in the report too: pseudonyms keep keys out of sight, they do not stop somebody from trying out
/// a guess. Bytes that are not UTF-8 become U+FFFD, because JSON could not hold them.
class Names {
 public:
  Names(const scenario::Scenario& scenario, bool pseudonyms);

  std::string key(std::string_view key) const;
  /// A value of an attribute: a key if the attribute stands in the key of some limit, or if the
  /// scenario does not say what its values are, so that they come from a trace.
  std::string value(const std::string& attribute, std::string_view value) const;
  /// The attributes whose values are keys, of those in limits and of those counted.
  std::set<std::string> key_attributes(const metrics::Accumulator& accumulator) const;
  /// The same accumulator under these names.
  metrics::Accumulator rename(const metrics::Accumulator& accumulator) const;

 private:
  bool is_key(const std::string& attribute) const;

  bool pseudonyms_;
  std::string salt_;
  std::set<std::string> key_attributes_;
  std::set<std::string> invented_attributes_;
};

}  // namespace weir::report
