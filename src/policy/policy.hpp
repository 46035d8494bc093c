#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/columns.hpp"
#include "policy/keyed_limiter.hpp"
#include "policy/spec.hpp"

namespace weir::policy {

/// One limit bound to the columns of a run.
struct Limit {
  LimitSpec spec;
  /// The columns whose values make the key.
  std::vector<std::size_t> key;
  /// The same and then those that the tables go by: each row of a table has states of its own,
  /// since a state means something only under the parameters that it was written with.
  std::vector<std::size_t> state_key;
  /// The column of the cost that is charged; none if every request costs 1.
  std::optional<std::size_t> cost;
  /// The column of the cost that is reserved at admission, where the limit reserves.
  std::optional<std::size_t> reserve;
  /// What `accuracy` compares with under each row of the tables; empty where nobody asked.
  struct Window {
    std::int64_t limit = 0;
    Duration window;
  };
  std::vector<Window> references;

  /// The limit applies where every condition's `matches` holds for the value's id.
  struct Condition {
    std::size_t column = 0;
    std::vector<bool> matches;
  };
  std::vector<Condition> conditions;

  /// The row of the tables: the sum of what the value of each of these columns adds.
  struct Selector {
    std::size_t column = 0;
    std::vector<VariantIndex> adds;
  };
  std::vector<Selector> selectors;
  /// The parameters of each row of the tables; one if there are none.
  std::vector<limiter::Parameters> variants;

  bool applies(const RequestBlock& block, std::size_t row) const;
  VariantIndex variant(const RequestBlock& block, std::size_t row) const;
  Cost cost_of(const RequestBlock& block, std::size_t row) const {
    return cost ? block.costs[*cost][row] : 1;
  }
  bool charges_late() const { return spec.charge.when != ChargeSpec::When::admit; }
  /// What its admission asks for: with "answer" only whether anything is left.
  Cost asked_cost(const RequestBlock& block, std::size_t row) const {
    if (!charges_late()) return cost_of(block, row);
    return reserve ? block.costs[*reserve][row] : 1;
  }
};

/// Limits that hold together, bound to the columns of a run.
struct Policy {
  std::string name;
  std::vector<Limit> limits;
  /// What denied clients are told, where it is not what the limits' products tell them.
  enum class RetryAfter { of_product, none, delta_seconds, http_date };
  RetryAfter retry_after = RetryAfter::of_product;
};

/// Binds a policy; problems point below `pointer` ("/policy", or "/policies/NAME").
tl::expected<Policy, Problems> bind_policy(const PolicySpec& spec, const Columns& columns,
                                           const limiter::Environment& environment,
                                           const std::string& pointer);

/// A new limiter for a bound limit.
std::unique_ptr<KeyedLimiter> make_limiter(const Limit& limit,
                                           const limiter::Environment& environment);

}  // namespace weir::policy
