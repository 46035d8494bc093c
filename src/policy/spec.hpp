#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limiter/parameters.hpp"

namespace weir::policy {

/// A parameter that depends on the value of an attribute: {"by": "tier", "free": 100, "pro": 1000}.
struct ParameterTable {
  std::string by;
  std::map<std::string, limiter::ParameterValue> rows;
  /// What holds for every other value ("default" in the file); without it a value that
  /// comes up in the traffic and has no row is an error, unless `when` keeps it away.
  std::optional<limiter::ParameterValue> otherwise;
};

/// The exact sliding window that `accuracy` compares a limit's decisions with: so much in any so
/// long; absent is what the limit's own parameters `limit` and `window` say. It watches `sample` of
/// the keys.
struct WindowReference {
  std::optional<std::int64_t> limit;
  std::optional<Duration> window;
  double sample = 1.0;
};

/// When a limit charges what a request costs: all of it at its admission; all of it when it has
/// ended (its admission then only asks whether anything is left); or an estimate, another of its
/// costs, which is corrected at the end. With `refund` what was reserved and not used comes back.
struct ChargeSpec {
  enum class When { admit, answer, reserve };
  When when = When::admit;
  std::string reserve;
  bool refund = true;
};

/// One limit of a policy as it stands in the scenario file.
struct LimitSpec {
  std::string name;
  std::string algorithm;
  /// Those given as plain values, and those given as tables; defaults are not filled in.
  limiter::Parameters parameters;
  std::map<std::string, ParameterTable> tables;
  /// The attributes whose values together make the key; empty is one bucket for all.
  std::vector<std::string> key;
  /// The name of the cost that is charged; empty for the default cost (1 a request).
  std::string cost;
  ChargeSpec charge;
  std::optional<WindowReference> reference;
  /// The limit applies only to requests whose attributes have one of these values, for each.
  std::map<std::string, std::vector<std::string>> when;
  /// Whether a denial of this limit counts; otherwise it is only recorded.
  bool enforce = true;
};

/// How a gateway answers; used by the decision log's advertised columns and by `weir serve`.
struct ResponseSpec {
  std::optional<int> denied_status;
  std::optional<std::string> headers;
  std::optional<std::string> retry_after;
};

/// Limits that hold together: a request is admitted if all of them admit it.
struct PolicySpec {
  std::string name;
  std::vector<LimitSpec> limits;
  ResponseSpec response;
};

}  // namespace weir::policy
