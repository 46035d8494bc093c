#pragma once

#include <functional>
#include <string>
#include <vector>

#include "metrics/probe_facts.hpp"
#include "policy/spec.hpp"
#include "probe/experiment.hpp"

namespace weir::probe {

struct ProbeOptions {
  /// The key candidates, as they were named.
  std::vector<std::string> candidates;
  /// Hears of each experiment as it begins and, once more, with what it showed.
  std::function<void(const metrics::ProbeFacts::Experiment&)> progress;
};

/// What a probe found: the facts for the report, the policy that simulate, serve and verify take,
/// and every sighting with its key for whoever judges what answers told.
struct ProbeResult {
  metrics::ProbeFacts facts;
  policy::PolicySpec policy;
  struct Seen {
    KeyNumbers key;
    Sighting sighting;
  };
  /// In the order of sending.
  std::vector<Seen> sightings;
};

/// Finds out which limits a target enforces, by experiments that it can tell the remaining
/// possibilities apart with, within the target's budget.
ProbeResult run_probe(Target& target, const ProbeOptions& options);

}  // namespace weir::probe
