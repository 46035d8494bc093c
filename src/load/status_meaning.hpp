#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/spec.hpp"
#include "scenario/target.hpp"

namespace weir::load {

/// What an answer means for its client.
enum class Meaning : std::uint8_t { allowed, denied, unexpected };

/// Which status means what: those that the scenario calls denied, else what its policies deny with,
/// else 429; 2xx, 3xx and what the scenario calls allowed; everything else is unexpected.
class StatusMeanings {
 public:
  StatusMeanings(const scenario::TargetSpec& target,
                 const std::vector<policy::PolicySpec>& policies);

  Meaning of(int status) const {
    const auto index = static_cast<std::size_t>(status);
    if (index >= denied_.size()) return Meaning::unexpected;
    return denied_[index]    ? Meaning::denied
           : allowed_[index] ? Meaning::allowed
                             : Meaning::unexpected;
  }
  /// "429" or "429, 503".
  std::string denied_list() const;

 private:
  std::bitset<600> denied_;
  std::bitset<600> allowed_;
};

}  // namespace weir::load
