#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "metrics/outcome.hpp"
#include "scenario/model.hpp"
#include "sim/simulate.hpp"

namespace weir::sim {

/// The scenario that a text says, which must be right.
inline scenario::Scenario scenario_of(const std::string& text) {
  auto parsed = scenario::parse_scenario(text, {});
  if (parsed) return std::move(*parsed);
  for (const Problem& p : parsed.error()) ADD_FAILURE() << p.pointer << ": " << p.message;
  return {};
}

/// What comes of running it.
inline metrics::Outcome outcome_of(const scenario::Scenario& scenario,
                                   const SimulateOptions& options = {}) {
  const auto simulation = Simulation::prepare(scenario, options);
  if (!simulation) {
    for (const Problem& p : simulation.error().problems)
      ADD_FAILURE() << p.pointer << ": " << p.message;
    return {};
  }
  RunControl control;
  auto outcome = simulation->run(control);
  EXPECT_TRUE(outcome.has_value());
  return std::move(*outcome);
}
inline metrics::Outcome outcome_of(const std::string& text, const SimulateOptions& options = {}) {
  return outcome_of(scenario_of(text), options);
}

/// Of the only policy.
inline const metrics::Accumulator& only(const metrics::Outcome& outcome) {
  return outcome.policies.at(0).accumulator;
}

}  // namespace weir::sim
