#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "report/thresholds.hpp"
#include "sweep/objectives.hpp"
#include "sweep/run.hpp"

namespace weir::sweep {
namespace {

SweepRefusal usage(std::string message) {
  return {ErrorKind::usage, "", {{"", std::move(message)}}};
}

void add_once(std::vector<std::string>& fields, std::string field) {
  if (std::find(fields.begin(), fields.end(), field) == fields.end()) {
    fields.push_back(std::move(field));
  }
}

bool has_policy(const scenario::Scenario& scenario, const std::string& name) {
  return std::any_of(scenario.policies.begin(), scenario.policies.end(),
                     [&](const auto& policy) { return policy.name == name; });
}

/// What of a setting decides which fields its report has; those that agree need one check.
std::string shape_of(const scenario::Scenario& scenario) {
  std::string shape;
  for (const policy::PolicySpec& policy : scenario.policies) {
    shape += fmt::format("policy {}\n", policy.name);
    for (const policy::LimitSpec& limit : policy.limits) {
      shape += fmt::format("{} {} {}\n", limit.name, limit.reference.has_value(),
                           static_cast<int>(limit.charge.when));
    }
  }
  for (const traffic::ClassSpec& traffic : scenario.traffic) {
    shape += fmt::format("traffic {}\n", traffic.name);
    for (const auto& attribute : traffic.attributes) shape += attribute.name + '\n';
    for (const auto& cost : traffic.costs) shape += cost.name + '\n';
  }
  for (const scenario::Threshold& threshold : scenario.thresholds) shape += threshold.path + '\n';
  const bool slots = scenario.backend && scenario.backend->slots;
  return shape + (slots ? "slots" : scenario.backend ? "backend" : "");
}

}  // namespace

SweepResult<Sweep> Sweep::prepare(const std::string& text, const scenario::LoadOptions& load,
                                  Grid grid, const SweepOptions& options,
                                  const sim::RunControl& control) {
  Sweep sweep(std::move(grid), options);
  if (const auto read = sweep.read_settings(text, load, control); !read) {
    return tl::unexpected(read.error());
  }
  if (const auto chosen = sweep.choose_policy(); !chosen) return tl::unexpected(chosen.error());
  if (const auto chosen = sweep.choose_fields(); !chosen) return tl::unexpected(chosen.error());
  if (const auto checked = sweep.check_paths(); !checked) return tl::unexpected(checked.error());
  return sweep;
}

SweepRefusal Sweep::refuse(std::size_t setting, ErrorKind kind, Problems problems) const {
  return {kind,
          fmt::format("setting {} of {} ({})", setting + 1, grid_.size(), grid_.name(setting)),
          std::move(problems)};
}

SweepResult<void> Sweep::read_settings(const std::string& text, const scenario::LoadOptions& load,
                                       const sim::RunControl& control) {
  for (std::size_t i = 0; i < grid_.size() && (i == 0 || !control.stop); ++i) {
    scenario::LoadOptions changed = load;
    for (scenario::Override& value : grid_.overrides(i)) {
      changed.overrides.push_back(std::move(value));
    }
    auto scenario = scenario::parse_scenario(text, changed);
    if (!scenario) {
      return tl::unexpected(refuse(i, ErrorKind::invalid_scenario, scenario.error()));
    }
    scenarios_.push_back(std::move(*scenario));
  }
  return {};
}

// That of --policy, else the one that varies.
SweepResult<void> Sweep::choose_policy() {
  if (!first().has_named_policies()) {
    if (options_.policy.empty()) return {};
    return tl::unexpected(usage("--policy: the scenario has but one policy, without a name"));
  }
  policy_ = options_.policy;
  for (const Varied& varied : grid_.varied()) {
    if (policy_.empty()) policy_ = varied.policy;
    if (options_.policy.empty() || varied.policy.empty() || varied.policy == policy_) continue;
    return tl::unexpected(
        usage(fmt::format("--vary {}: only policy \"{}\" is run, so that nothing "
                          "would change",
                          varied.pointer, policy_)));
  }
  if (policy_.empty() && first().policies.size() == 1) policy_ = first().policies[0].name;
  if (policy_.empty()) {
    return tl::unexpected(
        usage("the scenario has several policies: name the one that matters with --policy"));
  }
  if (has_policy(first(), policy_)) return {};
  return tl::unexpected(usage(fmt::format("there is no policy \"{}\"", policy_)));
}

SweepResult<void> Sweep::choose_fields() {
  const auto full = [this](const std::string& field) {
    const bool whole = policy_.empty() || field.starts_with("policies.");
    return whole ? field : fmt::format("policies.{}.{}", policy_, field);
  };
  for (const char* field : {"totals.allowed", "totals.denied_ratio"})
    fields_.push_back(full(field));
  for (const scenario::Threshold& threshold : first().thresholds) {
    add_once(fields_, threshold.path);
  }
  objectives_ =
      options_.objectives.empty() ? default_objectives(first(), policy_) : options_.objectives;
  std::set<std::string> chosen_by;
  for (Objective& objective : objectives_) {
    const std::string option =
        fmt::format("--objective {}:{}", objective.field, objective.most ? "max" : "min");
    objective.field = full(objective.field);
    if (!chosen_by.insert(objective.field).second) {
      return tl::unexpected(usage(option + ": this field is an objective already"));
    }
    add_once(fields_, objective.field);
    named_by_.emplace(objective.field, option);
  }
  for (const std::string& field : options_.fields) {
    asked_.push_back(full(field));
    add_once(fields_, asked_.back());
    named_by_.emplace(asked_.back(), "--field " + field);
  }
  return {};
}

SweepResult<void> Sweep::check_paths() const {
  std::set<std::string> checked;
  for (std::size_t i = 0; i < scenarios_.size(); ++i) {
    if (!checked.insert(shape_of(scenarios_[i])).second) continue;
    scenario::Scenario asked = scenarios_[i];
    if (!options_.policy.empty()) {
      std::erase_if(asked.policies, [&](const auto& p) { return p.name != options_.policy; });
    }
    if (const auto paths = report::check_threshold_paths(asked); !paths) {
      return tl::unexpected(refuse(i, ErrorKind::invalid_scenario, paths.error()));
    }
    for (const std::string& field : fields_) {
      // A series counts by its largest value; the other is no simulation's.
      if (is_series(field) || is_peak_allowed(field)) continue;
      asked.thresholds = {{.expression = field, .path = field}};
      const auto path = report::check_threshold_paths(asked);
      if (path) continue;
      return tl::unexpected(wrong_field(i, field, path.error().front().message));
    }
  }
  return {};
}

SweepRefusal Sweep::wrong_field(std::size_t setting, const std::string& field,
                                const std::string& why) const {
  const auto option = named_by_.find(field);
  if (option == named_by_.end()) return refuse(setting, ErrorKind::usage, {{"", why}});
  std::string where = option->second;
  if (setting > 0) where += fmt::format(", in the setting {}", grid_.name(setting));
  return usage(fmt::format("{}: {}", where, why));
}

}  // namespace weir::sweep
