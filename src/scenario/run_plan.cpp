#include "scenario/run_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "core/sha256.hpp"
#include "traffic/clients.hpp"

namespace weir::scenario {
namespace {

/// Attributes whose values together decide who shares a state: of a limit, or of a client.
struct SharedState {
  std::vector<std::string> attributes;
  /// What would be shared by all if there were none, as a sentence.
  std::string why_serial;
};

std::vector<SharedState> shared_states(const Scenario& scenario) {
  std::vector<SharedState> states;
  for (const policy::PolicySpec& policy : scenario.policies) {
    for (const policy::LimitSpec& limit : policy.limits) {
      states.push_back({limit.key, fmt::format("limit \"{}\" has one bucket for all (\"key\": [])",
                                               limit.name)});
    }
  }
  if (scenario.backend && scenario.backend->slots) {
    states.push_back({{}, "all requests share the back end's slots"});
  }
  for (const traffic::ClassSpec& c : scenario.traffic) {
    if (c.clients) {
      states.push_back({{}, fmt::format("class \"{}\" sends when it has been answered", c.name)});
    }
    if (traffic::gathers_by_client(c.on_denied)) states.push_back({{c.on_denied.client}, ""});
  }
  if (!scenario.fairness_by.empty()) states.push_back({scenario.fairness_by, ""});
  return states;
}

// The attributes that everything that is shared goes by; sorted by name.
std::vector<std::string> partition_of(const std::vector<SharedState>& states) {
  if (states.empty()) return {};
  std::set<std::string> common(states[0].attributes.begin(), states[0].attributes.end());
  for (const SharedState& state : states) {
    std::erase_if(common, [&](const std::string& name) {
      return std::count(state.attributes.begin(), state.attributes.end(), name) == 0;
    });
  }
  return {common.begin(), common.end()};
}

std::string why_serial(const std::vector<SharedState>& states) {
  for (const SharedState& state : states) {
    if (state.attributes.empty()) return state.why_serial;
  }
  if (states.empty()) return "no limit has a key to tell its requests apart by";
  return "the limits' keys have no attribute in common";
}

std::vector<std::string> wanted_attributes(const Scenario& scenario) {
  std::set<std::string> wanted(scenario.fairness_by.begin(), scenario.fairness_by.end());
  for (const policy::PolicySpec& policy : scenario.policies) {
    for (const policy::LimitSpec& limit : policy.limits) {
      wanted.insert(limit.key.begin(), limit.key.end());
      for (const auto& [name, values] : limit.when) wanted.insert(name);
      for (const auto& [parameter, table] : limit.tables) wanted.insert(table.by);
    }
  }
  for (const traffic::ClassSpec& c : scenario.traffic) {
    if (traffic::gathers_by_client(c.on_denied)) wanted.insert(c.on_denied.client);
  }
  return {wanted.begin(), wanted.end()};
}

// Traffic that refers to what is not there is a fault of the scenario; a trace that cannot be read
// is one of the outside world.
ErrorKind kind_of(const Problems& problems) {
  const bool all_traces = std::all_of(problems.begin(), problems.end(), [](const Problem& p) {
    return p.pointer.ends_with("/trace/path");
  });
  return all_traces ? ErrorKind::cannot_run : ErrorKind::invalid_scenario;
}

// A round step that cuts the length into at most 60.
Duration default_interval(Duration length) {
  constexpr std::int64_t s = 1'000'000'000;
  constexpr std::int64_t round[] = {s,          2 * s,      5 * s,      10 * s,      15 * s,
                                    30 * s,     60 * s,     120 * s,    300 * s,     600 * s,
                                    900 * s,    1'800 * s,  3'600 * s,  7'200 * s,   10'800 * s,
                                    21'600 * s, 43'200 * s, 86'400 * s, 172'800 * s, 604'800 * s};
  for (std::int64_t step = 1; step < s; step *= 10) {
    for (const std::int64_t factor : {1, 2, 5}) {
      if (length.ns() <= 60 * step * factor) return Duration::from_ns(step * factor);
    }
  }
  for (const std::int64_t step : round) {
    if (length.ns() <= 60 * step) return Duration::from_ns(step);
  }
  return Duration::from_ns(length.ns() / 60 + 1);
}

// A run, or a class, in which nothing can happen is a mistake.
void add_problems_of_time(const traffic::Plan& plan, Problems& problems) {
  if (plan.end() <= plan.counted_from()) {
    problems.push_back({"/duration", "the run is over before anything of it counts"});
  }
  for (const traffic::ClassPlan& c : plan.classes()) {
    if (c.span.begin >= c.span.end) {
      problems.push_back(
          {fmt::format("/traffic/{}/from", c.index), "the class begins only when the run is over"});
    }
    const auto* on_off =
        c.spec.arrivals ? std::get_if<traffic::OnOffArrivals>(&*c.spec.arrivals) : nullptr;
    if (on_off == nullptr) continue;
    constexpr std::int64_t most_sojourns = 1'000'000'000;
    if ((c.span.end - c.span.begin).ns() / (on_off->on + on_off->off).ns() > most_sojourns) {
      problems.push_back({fmt::format("/traffic/{}/arrivals", c.index),
                          fmt::format("goes on and off more than {} times", most_sojourns)});
    }
  }
}

RunFacts facts_of(const Scenario& scenario, const traffic::Plan& plan) {
  const Duration counted = plan.end() - plan.counted_from();
  RunFacts facts{.start = plan.counted_from(),
                 .duration = counted,
                 .series_interval = scenario.series_interval.value_or(default_interval(counted)),
                 .scenario_sha256 = resolved_sha256(scenario, plan),
                 .traces = {}};
  for (const traffic::ClassPlan& c : plan.classes()) {
    if (!c.trace) continue;
    facts.traces.push_back({.traffic_class = c.spec.name,
                            .rows = c.trace->size(),
                            .out_of_order = static_cast<std::uint64_t>(c.trace->out_of_order),
                            .bad_rows = static_cast<std::uint64_t>(c.trace->bad_rows),
                            .spread_ns = c.spec.trace->spread.ns(),
                            .sha256 = c.trace->sha256});
  }
  return facts;
}

}  // namespace

PlanNeeds plan_needs(const Scenario& scenario) {
  return {partition_of(shared_states(scenario)), wanted_attributes(scenario)};
}

std::string resolved_sha256(const Scenario& scenario, const traffic::Plan& plan) {
  std::string hashes = scenario.document_sha256;
  bool any = false;
  for (const traffic::ClassPlan& c : plan.classes()) {
    if (!c.trace) continue;
    hashes += ":" + c.trace->sha256;
    any = true;
  }
  return any ? sha256_hex(hashes) : hashes;
}

Refusal cannot_be_cut(const std::string& serial_reason) {
  return {ErrorKind::invalid_scenario,
          {{"", fmt::format("cannot be cut into shards: {}", serial_reason)}}};
}

tl::expected<RunPlan, Refusal> plan_run(const Scenario& scenario, const RunPlanOptions& options) {
  traffic::PlanInput input;
  input.classes = scenario.traffic;
  input.seed = scenario.seed;
  input.start = scenario.start;
  input.duration = scenario.duration;
  input.warmup = scenario.warmup;
  const std::vector<SharedState> shared = shared_states(scenario);
  input.partition = partition_of(shared);
  input.wanted = wanted_attributes(scenario);
  input.wanted.insert(input.wanted.end(), options.wanted.begin(), options.wanted.end());
  input.all_wanted = options.all_wanted;
  input.few_values = few_values;
  input.trace_options.skip_bad_rows = options.skip_bad_rows;
  const bool serial = input.partition.empty();
  auto made = traffic::Plan::make(std::move(input));
  if (!made) return tl::unexpected(Refusal{kind_of(made.error()), made.error()});

  RunPlan run{.traffic = std::move(*made)};
  run.facts = facts_of(scenario, run.traffic);
  if (serial) run.serial_reason = why_serial(shared);
  if (run.facts.duration.ns() / run.facts.series_interval.ns() >= most_series_points) {
    run.problems.push_back(
        {"/series_interval",
         fmt::format("cuts the run into more than {} intervals", most_series_points)});
  }
  add_problems_of_time(run.traffic, run.problems);
  return run;
}

}  // namespace weir::scenario
