#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/result.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"
#include "store/redis_command.hpp"
#include "store/store.hpp"

namespace weir::store {

/// What the script answered about one limit.
struct RedisAnswer {
  bool admits = false;
  /// Its state just after the decision.
  std::span<const std::int64_t> state;
  Instant now;
  limiter::Cost cost = 1;
  bool charged = false;
  /// Whether the request was denied, by whichever limit.
  bool denied = false;
};

/// One row of a limit's tables: writes the script's arguments, and makes of the state that it
/// returns what the limiter itself would say.
class RedisRow {
 public:
  virtual ~RedisRow() = default;

  /// The algorithm's letter in the script.
  virtual std::string_view letter() const = 0;
  /// The parameters, after what this many units are to them; with `is_request` false they settle.
  virtual void write(RedisCommand& command, limiter::Cost cost, bool is_request,
                     std::string_view token) const = 0;
  /// How many integers its state has.
  virtual std::size_t state_size() const = 0;
  virtual LimitSaid said(const RedisAnswer& answer) const = 0;
  virtual bool holds() const { return false; }
};

/// A problem's pointer is the parameter to blame; the algorithm's name where the script has none.
using MadeRow = tl::expected<std::unique_ptr<const RedisRow>, Problem>;
MadeRow make_redis_row(std::string_view algorithm, const limiter::Parameters& parameters,
                       Duration longest_hold);

}  // namespace weir::store
