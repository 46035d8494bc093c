#include "scenario/limit_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "limiter/catalogue.hpp"

namespace weir::scenario {
namespace {

using policy::LimitSpec;
using policy::ParameterTable;

/// How many combinations of rows are tried at most.
constexpr std::size_t most_combinations = 10'000;

/// An attribute that tables depend on and the rows that they have; "default" is the last.
struct Axis {
  std::string attribute;
  std::vector<std::string> rows;
};

std::vector<Axis> axes_of(const LimitSpec& limit) {
  std::map<std::string, std::set<std::string>> rows;
  for (const auto& [name, table] : limit.tables) {
    for (const auto& [value, parameter] : table.rows) rows[table.by].insert(value);
  }
  std::vector<Axis> axes;
  for (const auto& [name, table] : limit.tables) rows[table.by];
  for (const auto& [attribute, values] : rows) {
    axes.push_back({attribute, {values.begin(), values.end()}});
    axes.back().rows.emplace_back("default");
  }
  return axes;
}

/// attribute -> row.
using Combination = std::map<std::string, std::string>;

/// The row that holds for a value, by its name in the file, or none.
std::optional<std::pair<std::string, limiter::ParameterValue>> row_of(const ParameterTable& table,
                                                                      const std::string& value) {
  const auto row = table.rows.find(value);
  if (row != table.rows.end()) return *row;
  if (table.otherwise)
    return std::pair<std::string, limiter::ParameterValue>("default", *table.otherwise);
  return std::nullopt;
}

/// The parameters of a combination, or none if the limit does not apply to it.
std::optional<limiter::Parameters> parameters_of(const LimitSpec& limit,
                                                 const Combination& combination) {
  limiter::Parameters parameters = limit.parameters;
  for (const auto& [name, table] : limit.tables) {
    const auto row = row_of(table, combination.at(table.by));
    if (!row) return std::nullopt;
    parameters.set(name, row->second);
  }
  return parameters;
}

/// Where the blamed parameter's value of this combination stands.
std::string pointer_of(const Place& place, const LimitSpec& limit, const Combination& combination,
                       const std::string& parameter) {
  const std::string pointer = place.pointer_of(parameter);
  const auto table = limit.tables.find(parameter);
  if (table == limit.tables.end()) return pointer;
  const auto row = row_of(table->second, combination.at(table->second.by));
  return pointer + '/' + pointer_token(row->first);
}

/// Moves on to the next combination of the axes' rows; false after the last.
bool advance(std::vector<std::size_t>& positions, const std::vector<Axis>& axes) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (++positions[i] < axes[i].rows.size()) return true;
    positions[i] = 0;
  }
  return false;
}

Combination combination_at(const std::vector<std::size_t>& positions,
                           const std::vector<Axis>& axes) {
  Combination out;
  for (std::size_t i = 0; i < axes.size(); ++i) out[axes[i].attribute] = axes[i].rows[positions[i]];
  return out;
}

bool report(const Place& place, const Problems& problems) {
  for (const Problem& problem : problems) place.problem_of(problem.pointer, problem.message);
  return problems.empty();
}

}  // namespace

bool check_parameters_together(const Place& place, const limiter::AlgorithmInfo& info,
                               const LimitSpec& limit) {
  const std::vector<Axis> axes = axes_of(limit);
  std::vector<std::size_t> positions(axes.size(), 0);
  Problems found;
  std::size_t tried = 0;
  do {
    const Combination combination = combination_at(positions, axes);
    const std::optional<limiter::Parameters> given = parameters_of(limit, combination);
    if (!given) continue;
    const auto complete = limiter::complete_parameters(info, *given);
    if (!complete) return report(place, complete.error());
    const std::optional<Problem> problem = limiter::try_make(info, *complete, {});
    if (!problem) continue;
    Problem placed{pointer_of(place, limit, combination, problem->pointer), problem->message};
    if (std::find(found.begin(), found.end(), placed) == found.end()) found.push_back(placed);
  } while (++tried < most_combinations && advance(positions, axes));
  for (const Problem& problem : found) place.reading().problem(problem.pointer, problem.message);
  return found.empty();
}

}  // namespace weir::scenario
