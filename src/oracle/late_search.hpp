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

  Findings judge(std::span<const Group* const> groups) { return judge_.judge(groups, usual_); }
  bool is_explained(const Group& group);
  /// The group's findings if a few of its decisions may have been late, or else all of them; none
  /// where neither explains it.
  std::optional<Findings> explain(const Group& group);

 private:
  std::optional<Findings> explain_by_few(const Group& group);
  std::vector<std::uint32_t> may_have_been_late(const Group& group, const Findings& findings) const;

  Uncertainty usual_;
  /// Those that may be late are marked here.
  std::vector<Observation> observations_;
  Judge judge_;
};

}  // namespace weir::oracle
