#include "sweep/sweep_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "core/sha256.hpp"
#include "core/text.hpp"
#include "report/sweep_text.hpp"

namespace weir::sweep {
namespace {

using Json = nlohmann::ordered_json;

bool passes(const SettingOutcome& setting) { return setting.verdict == "pass"; }

std::vector<std::size_t> all_of(const SweepOutcome& outcome) {
  std::vector<std::size_t> all(outcome.settings.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

std::vector<Score> scores_of(const Sweep& sweep, const SweepOutcome& outcome) {
  std::vector<Score> scores;
  for (const SettingOutcome& setting : outcome.settings) {
    Score score;
    for (const Objective& objective : sweep.objectives()) {
      const auto at = std::find(sweep.fields().begin(), sweep.fields().end(), objective.field);
      const Json& figure = setting.figures[static_cast<std::size_t>(at - sweep.fields().begin())];
      score.push_back(figure.is_number() ? std::optional(figure.get<double>()) : std::nullopt);
    }
    scores.push_back(std::move(score));
  }
  return scores;
}

std::string sha256_of_all(const SweepOutcome& outcome) {
  std::string hashes;
  for (const SettingOutcome& setting : outcome.settings) hashes += setting.scenario_sha256 + '\n';
  return sha256_hex(hashes);
}

/// Its point, if it is one of the front.
const FrontPoint* point_of(const std::vector<FrontPoint>& front, std::size_t index) {
  for (const FrontPoint& point : front) {
    if (point.index == index) return &point;
  }
  return nullptr;
}

Json make_setting(const Sweep& sweep, const SettingOutcome& setting, const FrontPoint* point) {
  Json figures = Json::object();
  for (std::size_t i = 0; i < sweep.fields().size(); ++i) {
    figures[sweep.fields()[i]] = setting.figures[i];
  }
  Json row = {{"setting", setting.setting + 1},
              {"values", sweep.grid().values(setting.setting)},
              {"verdict", setting.verdict},
              {"failed", setting.failed},
              {"front", point != nullptr}};
  if (point != nullptr && point->ties > 0) row["ties"] = point->ties;
  row["figures"] = std::move(figures);
  row["sha256"] = setting.scenario_sha256;
  return row;
}

/// The thresholds that no setting keeps.
std::string failing_everywhere(const SweepOutcome& outcome) {
  std::set<std::string> everywhere(outcome.settings[0].failed.begin(),
                                   outcome.settings[0].failed.end());
  for (const SettingOutcome& setting : outcome.settings) {
    std::erase_if(everywhere, [&](const std::string& expression) {
      return std::find(setting.failed.begin(), setting.failed.end(), expression) ==
             setting.failed.end();
    });
  }
  std::string text;
  for (const std::string& expression : everywhere) {
    text += fmt::format("{}{}", text.empty() ? "" : " and ", expression);
  }
  return text;
}

/// The thresholds that were judged in no setting.
std::vector<NotJudged> judged_nowhere(const SweepOutcome& outcome) {
  if (outcome.settings.empty()) return {};
  std::vector<NotJudged> nowhere = outcome.settings[0].not_judged;
  for (const SettingOutcome& setting : outcome.settings) {
    std::erase_if(nowhere, [&](const NotJudged& one) {
      return std::find(setting.not_judged.begin(), setting.not_judged.end(), one) ==
             setting.not_judged.end();
    });
  }
  return nowhere;
}

std::string count_of(std::size_t n) { return format_count(static_cast<std::int64_t>(n)); }

/// What there is to say in one sentence.
std::string summary_of(const Json& report, const SweepOutcome& outcome, std::size_t passed) {
  const std::size_t done = outcome.settings.size();
  if (done == 0) return "no setting was done when the sweep was interrupted";
  const bool one = done == 1;
  if (report["best"].is_null()) {
    const std::string everywhere = failing_everywhere(outcome);
    return fmt::format("none of {} setting{} passes{}", count_of(done), one ? "" : "s",
                       everywhere.empty()
                           ? ": each fails some threshold"
                           : fmt::format(": {} fails in {}", everywhere, one ? "it" : "all"));
  }
  const report::SweepText words(report);
  const Json* best = nullptr;
  for (const Json& setting : report["settings"]) {
    if (setting["setting"] == report["best"]) best = &setting;
  }
  std::string clauses;
  for (const Json& objective : report["objectives"]) {
    const std::string field = objective["field"].get<std::string>();
    clauses += fmt::format("{}{}", clauses.empty() ? "" : ", ",
                           words.clause(field, (*best)["figures"][field]));
  }
  const std::string chosen = fmt::format("best: {}: {}; ", words.setting(*best), clauses);
  if (report.contains("inconclusive_because")) {
    return chosen + report["inconclusive_because"].get<std::string>();
  }
  const char* remark = report["thresholds"].empty()    ? " (there are no thresholds)"
                       : report.contains("not_judged") ? ", as far as it was judged"
                                                       : "";
  return fmt::format("{}{} of {} setting{} pass{}{}", chosen, count_of(passed), count_of(done),
                     one ? "" : "s", passed == 1 ? "es" : "", remark);
}

/// What the report says before its settings.
Json make_head(const Sweep& sweep, const SweepOutcome& outcome) {
  Json report = {{"schema_version", 1},
                 {"version", WEIR_VERSION},
                 {"mode", "sweep"},
                 {"scenario",
                  {{"name", sweep.first().name},
                   {"sha256", sha256_of_all(outcome)},
                   {"seed", sweep.first().seed}}},
                 {"verdict", "inconclusive"},
                 {"summary", ""}};
  if (outcome.interrupted) {
    report["interrupted"] = true;
    report["done_ratio"] =
        static_cast<double>(outcome.settings.size()) / static_cast<double>(sweep.grid().size());
  }
  if (!sweep.policy().empty()) report["policy"] = sweep.policy();
  report["varied"] = Json::array();
  for (const Varied& varied : sweep.grid().varied()) {
    report["varied"].push_back({{"pointer", varied.pointer}, {"values", varied.values}});
  }
  report["thresholds"] = Json::array();
  for (const scenario::Threshold& threshold : sweep.first().thresholds) {
    report["thresholds"].push_back(threshold.expression);
  }
  for (const NotJudged& one : judged_nowhere(outcome)) {
    report["not_judged"].push_back({{"expression", one.expression}, {"reason", one.reason}});
  }
  report["objectives"] = Json::array();
  for (const Objective& objective : sweep.objectives()) {
    report["objectives"].push_back(
        {{"field", objective.field}, {"goal", objective.most ? "max" : "min"}});
  }
  if (!sweep.asked().empty()) report["fields"] = sweep.asked();
  report["series_interval_ns"] = outcome.series_interval.ns();
  report["series_parts"] = outcome.series_parts;
  report["traffic_plans"] = outcome.plans;
  return report;
}

}  // namespace

Json make_sweep_report(const Sweep& sweep, const SweepOutcome& outcome) {
  const std::vector<Score> scores = scores_of(sweep, outcome);
  std::vector<std::size_t> passing;
  for (std::size_t i = 0; i < outcome.settings.size(); ++i) {
    if (passes(outcome.settings[i])) passing.push_back(i);
  }
  const std::vector<FrontPoint> front =
      without_ties(pareto_front(scores, sweep.objectives()), scores, passing);

  Json report = make_head(sweep, outcome);
  const bool is_any_judged =
      std::any_of(outcome.settings.begin(), outcome.settings.end(),
                  [](const SettingOutcome& one) { return one.verdict != "inconclusive"; });
  if (!is_any_judged && !outcome.settings.empty()) {
    report["inconclusive_because"] =
        "which settings pass is not known, for no threshold is of what a simulation can tell";
  }
  // Where none can be judged, all are to choose from.
  const auto best = best_of(is_any_judged ? passing : all_of(outcome), scores, sweep.objectives());
  report["passed"] = passing.size();
  report["best"] = best ? Json(outcome.settings[*best].setting + 1) : Json();
  report["front"] = Json::array();
  for (const FrontPoint& point : front) {
    report["front"].push_back(outcome.settings[point.index].setting + 1);
  }
  report["settings"] = Json::array();
  for (std::size_t i = 0; i < outcome.settings.size(); ++i) {
    report["settings"].push_back(make_setting(sweep, outcome.settings[i], point_of(front, i)));
  }
  report["summary"] = summary_of(report, outcome, passing.size());
  if (!outcome.interrupted && is_any_judged) {
    report["verdict"] = passing.empty() ? "fail" : "pass";
  }
  return report;
}

}  // namespace weir::sweep
