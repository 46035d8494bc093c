#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "metrics/probe_outcome.hpp"
#include "policy/spec.hpp"
#include "probe/key_places.hpp"
#include "scenario/model.hpp"

namespace weir::cli {

/// What a scenario of a policy that was found is made from.
struct FoundPolicy {
  const policy::PolicySpec& policy;
  const metrics::ProbeOutcome& outcome;
  /// The key candidates, whose values requests carried.
  std::vector<probe::KeyPlace> keys;
  /// What the first of them took its values from, and the values; empty: they are made up.
  std::string values_file;
  std::vector<std::string> values;
  /// The target, without keys, and what the options change in it.
  std::string url;
  std::vector<scenario::Override> target;
  /// Statuses that denials had.
  std::vector<int> denied;
  /// How long an admitted request usually took.
  Duration service;
};

/// The document of a scenario with that policy, traffic near its limits, and the target, which
/// simulate, serve and verify take.
Result<nlohmann::ordered_json> scenario_of(const FoundPolicy& found);

/// Writes such a document; readable only by its owner if it has headers or values of keys, which
/// may be secret.
Result<void> write_scenario(const std::string& path, const nlohmann::ordered_json& document);

}  // namespace weir::cli
