#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "metrics/probe_outcome.hpp"
#include "policy/spec.hpp"
#include "probe/key_places.hpp"
#include "scenario/model.hpp"

namespace weir::cli {

/// What a scenario of a policy that was found is made from.
struct FoundPolicy {
  const policy::PolicySpec& policy;
  const metrics::ProbeOutcome& outcome;
  /// The places whose values tell clients apart; empty: there is one limit for all.
  std::vector<probe::KeyPlace> keys;
  /// Where the first candidate takes its values from; empty: they are made up.
  std::string values_file;
  bool first_key_is_from_file = false;
  /// The target, without keys, and what the options change in it.
  std::string url;
  std::vector<scenario::Override> target;
};

/// The document of a scenario with that policy, traffic near its limits, and the target, which
/// simulate, serve and verify take.
Result<nlohmann::ordered_json> scenario_of(const FoundPolicy& found);

/// Writes such a document; readable only by its owner if it has headers, which may be secret.
Result<void> write_scenario(const std::string& path, const nlohmann::ordered_json& document);

}  // namespace weir::cli
