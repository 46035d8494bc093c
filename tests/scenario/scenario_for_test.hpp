#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "scenario/model.hpp"

namespace weir::scenario {

/// A JSON pointer and the value to put there, as JSON; an empty value takes the place's content
/// away.
using Change = std::pair<std::string, std::string>;

/// A small right scenario: one GCRA limit by user, one Poisson class with users, their tiers and
/// models, and a cost named tokens.
nlohmann::ordered_json small_scenario();

/// The small scenario after the changes.
nlohmann::ordered_json changed(const std::vector<Change>& changes);

/// What is wrong with the small scenario after the changes.
Problems problems_after(const std::vector<Change>& changes);

/// The small scenario after the changes, which must leave it right.
Scenario read_after(const std::vector<Change>& changes);

/// What is wrong with a text.
Problems problems_of(std::string_view text, const LoadOptions& options = {});

/// A scenario with one thing wrong.
struct Fault {
  std::string name;
  std::vector<Change> changes;
  /// All that the parser says.
  Problem problem;
  /// Whether the JSON Schema rejects it, too.
  bool seen_by_schema = true;
};

/// One for each rule of the file.
const std::vector<Fault>& faults();

/// A scenario that is right, though barely.
struct Right {
  std::string name;
  std::vector<Change> changes;
};

/// Each rule's limits from within.
const std::vector<Right>& rights();

}  // namespace weir::scenario

namespace weir {

inline void PrintTo(const Problem& problem, std::ostream* out) {
  *out << problem.pointer << ": " << problem.message;
}

}  // namespace weir
