#include "report/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "report/figure_list.hpp"
#include "report/rank_test.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using Group = std::vector<const Json*>;
using FigureName = std::pair<std::string, std::string>;

// ---- Directions

constexpr std::array more_is_worse = {"denied_ratio",
                                      "errors",
                                      "abandoned",
                                      "unfinished",
                                      "refused",
                                      "attempts_per_success",
                                      "retry_peak",
                                      "too_short",
                                      "too_long",
                                      "never",
                                      "absent",
                                      "malformed",
                                      "broken",
                                      "client_early",
                                      "false_allows",
                                      "false_denials",
                                      "false_allow_ratio",
                                      "false_denial_ratio",
                                      "overshoot",
                                      "unsent",
                                      "disagree",
                                      "over_admitted",
                                      "under_admitted",
                                      "mean_ns",
                                      "p50_ns",
                                      "p75_ns",
                                      "p90_ns",
                                      "p95_ns",
                                      "p99_ns",
                                      "p999_ns",
                                      "max_ns",
                                      "longest_block_ns"};
constexpr std::array less_is_worse = {"succeeded_ratio", "succeeded_per_second", "honest_ratio",
                                      "kept_ratio",      "jain_index",           "agreement_ratio"};
/// Of these, single extremes and repetitions of another figure say little more in live runs.
constexpr std::array judged_live = {"totals.denied_ratio",
                                    "totals.errors",
                                    "operations.succeeded_ratio",
                                    "operations.attempts_per_success",
                                    "retry_after.honest_ratio",
                                    "retry_after.kept_ratio",
                                    "latency.allowed.p50_ns",
                                    "latency.allowed.p90_ns",
                                    "latency.allowed.p99_ns",
                                    "latency.denied.p50_ns",
                                    "latency.denied.p99_ns",
                                    "latency.operation.p99_ns",
                                    "schedule.unsent",
                                    "verify.agreement_ratio"};

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// ---- Figures of a group

/// Every figure of a group's reports, in the order in which they first come.
struct Samples {
  std::vector<FigureName> order;
  std::map<FigureName, std::vector<Json>> values;

  explicit Samples(const Group& group) {
    for (const Json* report : group) {
      for (const Figure& figure : figure_list(*report)) {
        if (figure.path.starts_with("thresholds.") || figure.path == "scenario.seed") continue;
        const FigureName name(figure.policy, figure.path);
        std::vector<Json>& all = values[name];
        if (all.empty()) order.push_back(name);
        all.push_back(figure.value);
      }
    }
  }

  std::vector<double> numbers(const FigureName& name) const {
    std::vector<double> found;
    const auto at = values.find(name);
    if (at == values.end()) return found;
    for (const Json& value : at->second) {
      if (value.is_number()) found.push_back(value.get<double>());
    }
    return found;
  }
};

Json middle(const Samples& samples, const FigureName& name, bool exact) {
  const auto at = samples.values.find(name);
  if (at == samples.values.end()) return nullptr;
  if (exact) return at->second.front();
  const std::vector<double> numbers = samples.numbers(name);
  return numbers.empty() ? Json() : Json(median_of(numbers));
}

/// The change relative to what it was; null where that cannot be said.
Json relative_change(const Json& before, const Json& after) {
  if (!before.is_number() || !after.is_number()) return nullptr;
  const double old = before.get<double>(), now = after.get<double>();
  if (old == now) return 0.0;
  if (old == 0.0) return nullptr;
  return (now - old) / std::abs(old);
}

/// Whether a change for the worse goes beyond the tolerance; what was nothing may not become
/// something.
const char* result_of(const Json& row, double tolerance) {
  const Json& before = row["base"];
  const Json& after = row["new"];
  if (before == after) return "same";
  const int direction = worse_direction(row["figure"].get<std::string>());
  if (direction == 0 || !before.is_number() || !after.is_number()) return "changed";
  const bool is_worse = (after.get<double>() - before.get<double>()) * direction > 0.0;
  const Json& change = row["change"];
  const bool beyond = change.is_null() || std::abs(change.get<double>()) > tolerance;
  return !beyond ? "changed" : is_worse ? "worse" : "better";
}

// ---- One scenario

struct ScenarioGroups {
  std::string name;
  Group base, fresh;
};

Json rows_of(const Samples& base, const Samples& fresh, bool exact) {
  std::vector<FigureName> names = base.order;
  for (const FigureName& name : fresh.order) {
    if (!base.values.contains(name)) names.push_back(name);
  }
  Json rows = Json::array();
  for (const FigureName& name : names) {
    Json row = {{"policy", name.first},
                {"figure", name.second},
                {"base", middle(base, name, exact)},
                {"new", middle(fresh, name, exact)}};
    row["change"] = relative_change(row["base"], row["new"]);
    rows.push_back(std::move(row));
  }
  return rows;
}

void judge_exactly(Json& rows, double tolerance) {
  for (Json& row : rows) row["result"] = result_of(row, tolerance);
}

/// Only what is judged is tested, so that the correction is for no more than that.
void judge_by_repetition(Json& rows, const Samples& base, const Samples& fresh, double tolerance,
                         double significance) {
  std::vector<std::size_t> judged;
  std::vector<double> p_values;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i]["result"] = "not judged";
    const FigureName name(rows[i]["policy"], rows[i]["figure"]);
    if (!is_one_of(judged_live, name.second)) continue;
    judged.push_back(i);
    p_values.push_back(mann_whitney(base.numbers(name), fresh.numbers(name)));
  }
  const std::vector<double> adjusted = holm_adjusted(p_values);
  for (std::size_t k = 0; k < judged.size(); ++k) {
    Json& row = rows[judged[k]];
    row["p"] = p_values[k];
    row["adjusted_p"] = adjusted[k];
    row["result"] = adjusted[k] < significance ? result_of(row, tolerance) : "same";
  }
}

/// Whether so many runs could show anything: the least p-value there can be, after correction.
bool enough_runs(std::size_t n, std::size_t m, double significance) {
  double orders = 1.0;
  for (std::size_t i = 1; i <= n; ++i) {
    orders *= static_cast<double>(m + i) / static_cast<double>(i);
  }
  return 2.0 / orders * static_cast<double>(judged_live.size()) < significance;
}

bool is_simulation(const Group& group) { return (*group.front())["mode"] == "simulate"; }

std::string quoted_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// The names of a report's policies and classes, as one text.
std::string names_in(const Json& report, const char* section) {
  std::string names;
  if (!report.contains(section)) return names;
  for (const auto& item : report[section].items()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", item.key());
  }
  return names;
}

/// The figures of the only policy, or of the first.
const Json& some_figures(const Json& report) {
  if (!report.contains("policies") || report["policies"].empty()) return report;
  return report["policies"].front();
}

/// What reports of different scenarios show of their difference, a sentence each: where there is
/// any, their figures are of different requests.
std::vector<std::string> what_else_is_asked(const Json& before, const Json& after) {
  std::vector<std::string> differences;
  const auto compare = [&](const char* what, const Json& was, const Json& is) {
    if (was == is) return;
    differences.push_back(
        fmt::format("{} was {} and is {}", what, quoted_text(was), quoted_text(is)));
  };
  compare("the scenario", before["scenario"]["name"], after["scenario"]["name"]);
  compare("the seed", before["scenario"]["seed"], after["scenario"]["seed"]);
  if (before["scenario"]["sha256"] == after["scenario"]["sha256"]) return differences;
  const Json& was = some_figures(before);
  const Json& is = some_figures(after);
  compare("the classes", names_in(was, "classes"), names_in(is, "classes"));
  if (before["mode"] != "simulate" || after["mode"] != "simulate") return differences;
  compare("the start", before["start"], after["start"]);
  compare("duration_ns", before["duration_ns"], after["duration_ns"]);
  if (!was.contains("operations") || !is.contains("operations")) return differences;
  compare("the number of operations", was["operations"]["count"], is["operations"]["count"]);
  return differences;
}

bool is_pseudonym(std::string_view key) {
  return key.size() == 14 && key.starts_with("k-") &&
         key.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
}

/// Whether a report's keys are pseudonyms; none if it names no key.
std::optional<bool> has_pseudonyms(const Json& report) {
  const Json& figures = some_figures(report);
  if (!figures.contains("top_denied") || figures["top_denied"].empty()) return std::nullopt;
  return is_pseudonym(figures["top_denied"][0]["key"].get<std::string>());
}

/// Says what is not the same; whether what was run can be compared at all.
bool add_what_differs(const ScenarioGroups& groups, Json& remarks) {
  const Json& before = *groups.base.front();
  const Json& after = *groups.fresh.front();
  bool comparable = true;
  if (before["mode"] != after["mode"]) {
    remarks.push_back(fmt::format("one side is of {}, the other of {}",
                                  before["mode"].get<std::string>(),
                                  after["mode"].get<std::string>()));
    comparable = false;
  }
  const auto asked = what_else_is_asked(before, after);
  for (const std::string& difference : asked) {
    remarks.push_back("not of the same requests: " + difference);
    comparable = false;
  }
  if (before["scenario"]["sha256"] != after["scenario"]["sha256"] && asked.empty()) {
    remarks.push_back(
        "the scenarios are not the same: their hashes differ, though the same is asked");
  }
  if (names_in(before, "policies") != names_in(after, "policies")) {
    remarks.push_back(fmt::format("the policies were {} and are {}", names_in(before, "policies"),
                                  names_in(after, "policies")));
  }
  const auto was_hashed = has_pseudonyms(before), is_hashed = has_pseudonyms(after);
  if (was_hashed && is_hashed && *was_hashed != *is_hashed) {
    remarks.push_back(
        fmt::format("keys are pseudonyms on the {} side only (--pseudonyms): figures by key have "
                    "no counterpart",
                    *was_hashed ? "base" : "new"));
  }
  if (before["version"] != after["version"]) remarks.push_back("the versions of weir differ");
  if (before["verdict"] != after["verdict"]) {
    remarks.push_back(fmt::format("the verdict was {} and is {}",
                                  before["verdict"].get<std::string>(),
                                  after["verdict"].get<std::string>()));
  }
  return comparable;
}

std::string verdict_of(const Json& rows, bool enough, bool any_change) {
  const auto has = [&](const char* result) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const Json& row) { return row["result"] == result; });
  };
  if (has("worse") || (any_change && (has("changed") || has("better")))) return "fail";
  return enough ? "pass" : "inconclusive";
}

/// Whether different parts of a run are among them, which are no repetitions of one another.
bool are_shards_of_one_run(const ScenarioGroups& groups) {
  Group all = groups.base;
  all.insert(all.end(), groups.fresh.begin(), groups.fresh.end());
  const Json& first = *all.front();
  std::set<std::string> numbers;
  for (const Json* report : all) {
    if (!report->contains("shard") || (*report)["scenario"] != first["scenario"] ||
        (*report)["mode"] != first["mode"]) {
      return false;
    }
    numbers.insert((*report)["shard"].dump());
  }
  return numbers.size() > 1;
}

Json compare_scenario(const ScenarioGroups& groups, const CompareOptions& options) {
  const bool exact = groups.base.size() == 1 && groups.fresh.size() == 1 &&
                     is_simulation(groups.base) && is_simulation(groups.fresh);
  const Samples base(groups.base), fresh(groups.fresh);
  const double tolerance = options.tolerance.value_or(exact ? 0.0 : live_tolerance);
  const bool enough =
      exact || enough_runs(groups.base.size(), groups.fresh.size(), options.significance);
  Json rows = rows_of(base, fresh, exact);
  if (exact) {
    judge_exactly(rows, tolerance);
  } else {
    judge_by_repetition(rows, base, fresh, tolerance, options.significance);
  }
  Json remarks = Json::array();
  const bool comparable = add_what_differs(groups, remarks);
  const bool are_parts = are_shards_of_one_run(groups);
  if (are_parts) {
    remarks.push_back(
        "these are shards of one run, not runs: weir report merge adds them up to its report");
  }
  if (!enough && !are_parts) {
    remarks.push_back("too few runs to tell a change from chance: compare 7 or more a side");
  }
  std::string verdict = verdict_of(rows, enough, exact && options.any_change);
  const auto passes = [](const Json* report) { return (*report)["verdict"] == "pass"; };
  const bool all_passed = std::all_of(groups.base.begin(), groups.base.end(), passes);
  const bool all_pass = std::all_of(groups.fresh.begin(), groups.fresh.end(), passes);
  if (all_passed && !all_pass) verdict = "fail";
  const auto is_part = [](const Json* report) {
    return report->contains("shard") || report->contains("interrupted");
  };
  const bool is_whole = std::none_of(groups.base.begin(), groups.base.end(), is_part) &&
                        std::none_of(groups.fresh.begin(), groups.fresh.end(), is_part);
  if (!is_whole && !are_parts) remarks.push_back("not all of them are reports of a whole run");
  if ((!is_whole || !comparable) && verdict == "pass") verdict = "inconclusive";
  if (are_parts) verdict = "inconclusive";
  return {{"name", groups.name},
          {"by", exact ? "equality" : "repetition"},
          {"tolerance", tolerance},
          {"base_runs", groups.base.size()},
          {"new_runs", groups.fresh.size()},
          {"verdict", verdict},
          {"remarks", std::move(remarks)},
          {"figures", std::move(rows)}};
}

std::vector<ScenarioGroups> grouped(const std::vector<Json>& base, const std::vector<Json>& fresh) {
  std::vector<ScenarioGroups> all;
  const auto group_of = [&](const Json& report) -> ScenarioGroups& {
    const std::string name = report["scenario"]["name"];
    for (ScenarioGroups& groups : all) {
      if (groups.name == name) return groups;
    }
    all.push_back({name, {}, {}});
    return all.back();
  };
  for (const Json& report : base) group_of(report).base.push_back(&report);
  for (const Json& report : fresh) group_of(report).fresh.push_back(&report);
  // Two reports of scenarios by other names are meant to be compared all the same.
  if (base.size() == 1 && fresh.size() == 1 && all.size() == 2) {
    all[0].fresh = all[1].fresh;
    all.pop_back();
  }
  return all;
}

}  // namespace

int worse_direction(const std::string& path) {
  const std::string_view last = std::string_view(path).substr(path.rfind('.') + 1);
  if (path.starts_with("errors.")) return 1;
  // How much waiting there is says nothing of errors of promises.
  if (path.starts_with("retry_after.error.")) return 0;
  if (is_one_of(more_is_worse, last)) return 1;
  return is_one_of(less_is_worse, last) ? -1 : 0;
}

Json compare_reports(const std::vector<Json>& base, const std::vector<Json>& fresh,
                     const CompareOptions& options) {
  Json scenarios = Json::array();
  Json alone = Json::array();
  std::string verdict = "pass";
  for (const ScenarioGroups& groups : grouped(base, fresh)) {
    if (groups.base.empty() || groups.fresh.empty()) {
      alone.push_back({{"name", groups.name}, {"side", groups.base.empty() ? "new" : "base"}});
      // What is no longer run may hide anything.
      if (groups.fresh.empty() && verdict == "pass") verdict = "inconclusive";
      continue;
    }
    scenarios.push_back(compare_scenario(groups, options));
    const std::string one = scenarios.back()["verdict"];
    if (one == "fail" || (one == "inconclusive" && verdict == "pass")) verdict = one;
  }
  if (scenarios.empty()) verdict = "inconclusive";
  return {{"schema_version", 1},
          {"mode", "compare"},
          {"verdict", verdict},
          {"significance", options.significance},
          {"only_on_one_side", std::move(alone)},
          {"scenarios", std::move(scenarios)}};
}

}  // namespace weir::report
