#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "oracle/verify.hpp"

namespace weir::oracle {

/// Finds which few of a group's decisions must have been late, so that the rest is explained.
class LateSearch {
 public:
  /// `uncertainty` is that of decisions which were not late.
  LateSearch(const Evidence& evidence, const Uncertainty& uncertainty);

  bool is_explained(const Group& group);
  /// Whether the group is explained if a few of its decisions were late, or else any: which they
  /// are is believed from then on.
  bool explain(const Group& group);
  /// The findings of all groups with what was late, and the ticks of the gateway's clock, if they
  /// show them.
  Findings findings(std::span<const Group* const> all, std::span<const Group* const> some,
                    std::optional<Duration>& tick);

 private:
  bool explain_by_few(const Group& group);
  std::vector<std::uint32_t> may_have_been_late(const Group& group, const Findings& findings) const;

  const std::vector<policy::Limit>& limits_;
  Uncertainty usual_;
  /// Those that may be late are marked here.
  std::vector<Observation> observations_;
  Judge judge_;
};

}  // namespace weir::oracle
