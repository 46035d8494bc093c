#include "sweep/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <tuple>
#include <utility>

#include "report/json.hpp"
#include "report/path.hpp"
#include "scenario/run_plan.hpp"
#include "sim/simulate.hpp"
#include "sweep/objectives.hpp"

namespace weir::sweep {
namespace {

using Json = nlohmann::ordered_json;

/// A number, or the largest of a series; null where there is none.
Json figure_of(const Json& report, const std::string& field) {
  const Json* value = report::find_path(report, field);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) return value->is_number() ? *value : Json();
  Json most;
  for (const Json& point : *value) {
    if (point.is_number() && (most.is_null() || most < point)) most = point;
  }
  return most;
}

/// Of the policy that a field like "policies.NAME.peak_allowed" is of, or of the only one.
Json peak_of(const metrics::Outcome& outcome, const std::string& field, std::size_t parts) {
  for (const metrics::PolicyOutcome& policy : outcome.policies) {
    const bool is_it =
        field == peak_allowed || field == fmt::format("policies.{}.{}", policy.name, peak_allowed);
    if (is_it) return metrics::most_allowed_in(policy.accumulator, parts);
  }
  return nullptr;
}

template <class Work>
void in_parallel(std::size_t count, unsigned threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads && i < count; ++i) others.emplace_back(run);
  run();
}

}  // namespace

/// The settings that have one plan, and so meet the very same operations.
class PlanGroup {
 public:
  PlanGroup(const Sweep& sweep, std::vector<std::size_t> settings)
      : sweep_(sweep), settings_(std::move(settings)) {}

  SweepResult<void> run(sim::RunControl& control, SweepOutcome& into) {
    if (auto prepared = prepare(control); !prepared) return prepared;
    into.series_interval = simulation_->facts().series_interval;
    into.series_parts = simulation_->series_parts();
    for (std::size_t i = 0; i < settings_.size() && !control.stop; i += batch()) {
      const std::size_t count = std::min(batch(), settings_.size() - i);
      if (auto done = run_batch(i, count, control, into); !done) return done;
    }
    return {};
  }

  std::size_t batches() const { return (settings_.size() + batch() - 1) / batch(); }

 private:
  const scenario::Scenario& scenario(std::size_t i) const {
    return sweep_.scenarios_[settings_[i]];
  }
  std::size_t batch() const { return std::max<std::size_t>(sweep_.options_.batch, 1); }

  bool is_run(const policy::PolicySpec& policy) const {
    return sweep_.options_.policy.empty() || policy.name == sweep_.options_.policy;
  }
  /// Whether a policy is another in each setting.
  bool varies(const policy::PolicySpec& policy) const {
    const auto& varied = sweep_.grid_.varied();
    return std::any_of(varied.begin(), varied.end(), [&](const Varied& one) {
      return one.of_policy && (one.policy.empty() || one.policy == policy.name);
    });
  }

  SweepResult<void> prepare(const sim::RunControl& control);
  SweepResult<void> run_batch(std::size_t first, std::size_t count, sim::RunControl& control,
                              SweepOutcome& into);
  SettingOutcome outcome_of(std::size_t i, std::vector<metrics::PolicyOutcome> policies) const;

  const Sweep& sweep_;
  std::vector<std::size_t> settings_;
  std::optional<sim::Simulation> simulation_;
  /// Of the policies that are the same in every setting, once they have been run.
  std::map<std::string, metrics::PolicyOutcome> constant_;
};

// A policy that does not fit the traffic is found before anything is run.
SweepResult<void> PlanGroup::prepare(const sim::RunControl& control) {
  const SweepOptions& options = sweep_.options_;
  const auto& fields = sweep_.fields_;
  auto simulation = sim::Simulation::prepare(
      scenario(0), {.threads = options.threads,
                    .policy = options.policy,
                    .skip_bad_rows = options.skip_bad_rows,
                    .tells_parts = std::any_of(fields.begin(), fields.end(), is_peak_allowed)});
  if (!simulation) {
    return tl::unexpected(
        sweep_.refuse(settings_[0], simulation.error().kind, simulation.error().problems));
  }
  simulation_.emplace(std::move(*simulation));
  for (std::size_t i = 1; i < settings_.size() && !control.stop; ++i) {
    std::vector<policy::PolicySpec> specs = scenario(i).policies;
    std::erase_if(specs, [&](const auto& spec) { return !is_run(spec); });
    const auto set = simulation_->set_policies(specs);
    if (set) continue;
    return tl::unexpected(sweep_.refuse(settings_[i], ErrorKind::invalid_scenario, set.error()));
  }
  return {};
}

SweepResult<void> PlanGroup::run_batch(std::size_t first, std::size_t count,
                                       sim::RunControl& control, SweepOutcome& into) {
  std::vector<policy::PolicySpec> specs;
  for (std::size_t i = first; i < first + count; ++i) {
    for (const policy::PolicySpec& policy : scenario(i).policies) {
      const bool known = !varies(policy) && i > 0;
      if (is_run(policy) && !known) specs.push_back(policy);
    }
  }
  if (const auto set = simulation_->set_policies(specs); !set) {
    return tl::unexpected(
        sweep_.refuse(settings_[first], ErrorKind::invalid_scenario, set.error()));
  }
  auto outcome = simulation_->run(control);
  if (!outcome) {
    return tl::unexpected(SweepRefusal{outcome.error().kind, "", {{"", outcome.error().message}}});
  }
  if (outcome->interrupted) return {};

  std::vector<std::vector<metrics::PolicyOutcome>> by_setting(count);
  auto next = outcome->policies.begin();
  for (std::size_t i = first; i < first + count; ++i) {
    for (const policy::PolicySpec& policy : scenario(i).policies) {
      if (!is_run(policy)) continue;
      if (!varies(policy)) {
        if (i == 0) constant_[policy.name] = std::move(*next++);
        by_setting[i - first].push_back(constant_[policy.name]);
      } else {
        by_setting[i - first].push_back(std::move(*next++));
      }
    }
  }
  const std::size_t done = into.settings.size();
  into.settings.resize(done + count);
  const unsigned threads = sweep_.options_.threads > 0
                               ? sweep_.options_.threads
                               : std::max(1U, std::thread::hardware_concurrency());
  in_parallel(count, threads, [&](std::size_t i) {
    into.settings[done + i] = outcome_of(first + i, std::move(by_setting[i]));
  });
  return {};
}

SettingOutcome PlanGroup::outcome_of(std::size_t i,
                                     std::vector<metrics::PolicyOutcome> policies) const {
  scenario::Scenario run = scenario(i);
  std::erase_if(run.policies, [&](const auto& policy) { return !is_run(policy); });
  metrics::Outcome outcome;
  static_cast<RunFacts&>(outcome) = simulation_->facts();
  outcome.scenario_sha256 = scenario::resolved_sha256(run, simulation_->plan());
  outcome.mode = "simulate";
  outcome.policies = std::move(policies);
  const Json report = report::make_report(run, outcome, {});
  SettingOutcome setting{.setting = settings_[i],
                         .scenario_sha256 = outcome.scenario_sha256,
                         .verdict = report["verdict"].get<std::string>(),
                         .failed = {},
                         .not_judged = {},
                         .figures = {}};
  for (const Json& threshold : report["thresholds"]) {
    const auto expression = threshold["expression"].get<std::string>();
    if (!threshold["ok"].get<bool>()) {
      setting.failed.push_back(expression);
    } else if (threshold["value"].is_null()) {
      setting.not_judged.push_back({expression, threshold["reason"].get<std::string>()});
    }
  }
  if (!report["thresholds"].empty() && setting.not_judged.size() == report["thresholds"].size()) {
    setting.verdict = "inconclusive";
  }
  for (const std::string& field : sweep_.fields_) {
    setting.figures.push_back(is_peak_allowed(field)
                                  ? peak_of(outcome, field, simulation_->series_parts())
                                  : figure_of(report, field));
  }
  return setting;
}

SweepResult<SweepOutcome> Sweep::run(sim::RunControl& control) const {
  using Key = std::tuple<std::vector<std::string>, scenario::PlanNeeds>;
  std::map<Key, std::vector<std::size_t>> settings;
  std::vector<const std::vector<std::size_t>*> in_order;
  for (std::size_t i = 0; i < scenarios_.size(); ++i) {
    std::vector<std::string> of_traffic = grid_.values(i);
    for (std::size_t v = 0; v < of_traffic.size(); ++v) {
      if (grid_.varied()[v].of_policy) of_traffic[v].clear();
    }
    auto& group = settings[{std::move(of_traffic), scenario::plan_needs(scenarios_[i])}];
    if (group.empty()) in_order.push_back(&group);
    group.push_back(i);
  }
  std::size_t batches = 0;
  for (const auto* group : in_order) batches += PlanGroup(*this, *group).batches();
  control.runs = static_cast<std::uint32_t>(batches);
  SweepOutcome outcome;
  outcome.plans = in_order.size();
  for (const auto* group : in_order) {
    if (control.stop) break;
    if (auto done = PlanGroup(*this, *group).run(control, outcome); !done) {
      return tl::unexpected(done.error());
    }
  }
  std::sort(outcome.settings.begin(), outcome.settings.end(),
            [](const auto& a, const auto& b) { return a.setting < b.setting; });
  outcome.interrupted = control.stop;
  return outcome;
}

}  // namespace weir::sweep
