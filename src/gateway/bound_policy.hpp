#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/columns.hpp"
#include "core/result.hpp"
#include "core/text.hpp"
#include "policy/policy.hpp"
#include "store/definition.hpp"
#include "store/store.hpp"

namespace weir::gateway {

/// A policy bound to the attributes and costs that it reads, whose values are not known beforehand
/// but come with requests.
class BoundPolicy {
 public:
  /// Problems point below `pointer`.
  static tl::expected<BoundPolicy, Problems> bind(const policy::PolicySpec& spec,
                                                  const limiter::Environment& environment,
                                                  const std::string& pointer);

  const policy::PolicySpec& spec() const { return spec_; }
  const store::Definition& definition() const { return definition_; }
  /// What it reads of a request, and which of the costs it reads of the answer: a limit charges
  /// them when they are known.
  const std::vector<std::string>& attributes() const { return attributes_; }
  const std::vector<std::string>& costs() const { return columns_.costs; }
  /// By cost: whether its value is needed to decide, and whether its final one is.
  bool is_asked(std::size_t cost) const { return asked_costs_[cost]; }
  bool is_late(std::size_t cost) const { return late_costs_[cost]; }
  /// The cost that a limit charges; none if every request costs 1.
  std::optional<std::size_t> cost_of(std::size_t limit) const { return limits_[limit].cost; }

  /// A request in the policy's terms: a value of each attribute and each cost.
  struct Values {
    std::vector<std::string> attributes;
    std::vector<std::int64_t> costs;
  };
  /// Writes the limits that apply and the partition; an error if an attribute has a value for which
  /// a limit has no parameters.
  Parsed<bool> ask(const Values& values, store::Ask& ask) const;

 private:
  /// The id of a value that neither a table nor a condition names.
  static constexpr ValueId unnamed = 0xffffffff;

  bool applies(const policy::Limit& limit, const std::vector<ValueId>& ids) const;
  Parsed<policy::VariantIndex> variant(const policy::Limit& limit, const Values& values,
                                       const std::vector<ValueId>& ids) const;
  void note_costs();

  policy::PolicySpec spec_;
  store::Definition definition_;
  std::vector<std::string> attributes_;
  Columns columns_;
  std::vector<policy::Limit> limits_;
  std::vector<std::size_t> partition_;
  std::vector<bool> asked_costs_;
  std::vector<bool> late_costs_;
};

}  // namespace weir::gateway
