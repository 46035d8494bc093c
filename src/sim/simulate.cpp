#include "sim/simulate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

#include "core/int128.hpp"
#include "core/sha256.hpp"
#include "sim/decision_log.hpp"
#include "sim/policy_run.hpp"
#include "traffic/lane.hpp"

namespace weir::sim {
namespace {

constexpr std::size_t few_values = 20;

/// Attributes whose values together decide who shares a state: of a limit, or of a client.
struct SharedState {
  std::vector<std::string> attributes;
  /// What would be shared by all if there were none, as a sentence.
  std::string why_serial;
};

bool gathers_by_client(const traffic::OnDenied& on_denied) {
  return on_denied.scope == traffic::RetryScope::client ||
         std::holds_alternative<traffic::AdaptiveThrottle>(on_denied.behaviour);
}

std::vector<SharedState> shared_states(const scenario::Scenario& scenario) {
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
    if (gathers_by_client(c.on_denied)) states.push_back({{c.on_denied.client}, ""});
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
  return "the limits' keys have no attribute in common";
}

std::vector<std::string> wanted_attributes(const scenario::Scenario& scenario) {
  std::set<std::string> wanted(scenario.fairness_by.begin(), scenario.fairness_by.end());
  for (const policy::PolicySpec& policy : scenario.policies) {
    for (const policy::LimitSpec& limit : policy.limits) {
      wanted.insert(limit.key.begin(), limit.key.end());
      for (const auto& [name, values] : limit.when) wanted.insert(name);
      for (const auto& [parameter, table] : limit.tables) wanted.insert(table.by);
    }
  }
  for (const traffic::ClassSpec& c : scenario.traffic) {
    if (gathers_by_client(c.on_denied)) wanted.insert(c.on_denied.client);
  }
  return {wanted.begin(), wanted.end()};
}

// Whom fairness is between: as asked, or by the key of the first limit that has one.
std::vector<std::size_t> fairness_columns(const std::vector<std::string>& asked,
                                          const policy::Policy& policy, const Columns& columns) {
  std::vector<std::size_t> by;
  for (const std::string& name : asked) {
    if (const auto column = columns.find_attribute(name)) by.push_back(*column);
  }
  if (!asked.empty()) return by;
  for (const policy::Limit& limit : policy.limits) {
    if (!limit.key.empty()) return limit.key;
  }
  return {};
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

std::string resolved_sha256(const scenario::Scenario& scenario, const traffic::Plan& plan) {
  std::string hashes = scenario.document_sha256;
  bool any = false;
  for (const traffic::ClassPlan& c : plan.classes()) {
    if (!c.trace) continue;
    hashes += ":" + c.trace->sha256;
    any = true;
  }
  return any ? sha256_hex(hashes) : hashes;
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

// A limit on concurrency has nothing to do where requests are served in no time.
void add_notes(const policy::Policy& policy, const limiter::Environment& environment,
               std::vector<std::string>& notes) {
  for (const policy::Limit& limit : policy.limits) {
    if (!policy::make_limiter(limit, environment)->holds_until_end()) continue;
    notes.push_back(
        fmt::format("limit \"{}\" is on concurrency, and without a \"backend\" requests are served "
                    "in no time: it holds only what another limit holds back",
                    limit.spec.name));
  }
}

}  // namespace

tl::expected<Simulation, Refusal> Simulation::prepare(const scenario::Scenario& scenario,
                                                      const SimulateOptions& options) {
  traffic::PlanInput input;
  input.classes = scenario.traffic;
  input.seed = scenario.seed;
  input.start = scenario.start;
  input.duration = scenario.duration;
  input.warmup = scenario.warmup;
  const std::vector<SharedState> shared = shared_states(scenario);
  input.partition = partition_of(shared);
  input.wanted = wanted_attributes(scenario);
  input.all_wanted = !options.decisions_path.empty();
  input.few_values = few_values;
  input.trace_options.skip_bad_rows = options.skip_bad_rows;
  const bool serial = input.partition.empty();
  auto plan = traffic::Plan::make(std::move(input));
  if (!plan) return tl::unexpected(Refusal{kind_of(plan.error()), plan.error()});

  Simulation simulation(std::move(*plan), options);
  simulation.backend_ = scenario.backend;
  simulation.environment_ = {.start = simulation.plan_.start(),
                             .horizon = std::max(simulation.plan_.end() - simulation.plan_.start(),
                                                 Duration::from_seconds(86'400)),
                             .wide_ticks = false};
  const Duration counted = simulation.plan_.end() - simulation.plan_.counted_from();
  simulation.series_interval_ = scenario.series_interval.value_or(default_interval(counted));
  simulation.scenario_sha256_ = resolved_sha256(scenario, simulation.plan_);
  if (serial) simulation.serial_reason_ = why_serial(shared);
  Problems problems;
  if (counted.ns() / simulation.series_interval_.ns() >= scenario::most_series_points) {
    problems.push_back({"/series_interval", fmt::format("cuts the run into more than {} intervals",
                                                        scenario::most_series_points)});
  }
  add_problems_of_time(simulation.plan_, problems);
  bool found = options.policy.empty();
  for (const policy::PolicySpec& spec : scenario.policies) {
    if (!options.policy.empty() && spec.name != options.policy) continue;
    found = true;
    const std::string pointer = spec.name.empty() ? "/policy" : "/policies/" + spec.name;
    auto bound =
        policy::bind_policy(spec, simulation.plan_.columns(), simulation.environment_, pointer);
    if (bound) {
      if (!scenario.backend) add_notes(*bound, simulation.environment_, simulation.notes_);
      simulation.fairness_.push_back(
          fairness_columns(scenario.fairness_by, *bound, simulation.plan_.columns()));
      simulation.policies_.push_back(std::move(*bound));
    } else {
      problems.insert(problems.end(), bound.error().begin(), bound.error().end());
    }
  }
  if (!found) {
    problems.push_back({"/policies", fmt::format("there is no policy \"{}\"", options.policy)});
  }
  if (!problems.empty()) {
    return tl::unexpected(Refusal{ErrorKind::invalid_scenario, std::move(problems)});
  }
  return simulation;
}

/// Runs lanes of a simulation; every thread has one, with accumulators of its own.
class LaneRunner {
 public:
  LaneRunner(const Simulation& simulation, RunControl& control, DecisionLog* log)
      : simulation_(simulation),
        control_(control),
        log_(log),
        accumulators_(simulation.policies_.size()) {}

  void run(traffic::ShardSet shards) {
    const traffic::Plan& plan = simulation_.plan_;
    std::vector<std::unique_ptr<PolicyRun>> runs = make_runs(shards);
    traffic::Lane lane(plan, shards, simulation_.options_.block_rows);
    done_ppm_ = 0;
    Instant now = plan.start();
    const RequestBlock* block = nullptr;
    while (!is_stopped() && (block = lane.next()) != nullptr) {
      for (const auto& run : runs) run->take(*block);
      now = block->at.back();
      control_.requests.fetch_add(block->size(), std::memory_order_relaxed);
      tell_progress(now);
    }
    advance(runs, now);
    for (const auto& run : runs) run->finish();
    if (!runs.empty()) control_.requests.fetch_add(runs[0]->generated(), std::memory_order_relaxed);
    if (!is_stopped()) tell_progress(plan.end());
  }

  const std::vector<metrics::Accumulator>& accumulators() const { return accumulators_; }

 private:
  bool is_stopped() const { return control_.stop.load(std::memory_order_relaxed); }

  void tell_progress(Instant now) {
    const traffic::Plan& plan = simulation_.plan_;
    const auto length = static_cast<double>((plan.end() - plan.start()).ns());
    const auto ppm =
        static_cast<std::uint64_t>(static_cast<double>((now - plan.start()).ns()) / length * 1e6);
    control_.done_ppm_of_lanes.fetch_add(ppm - done_ppm_, std::memory_order_relaxed);
    done_ppm_ = ppm;
  }

  // What goes on without blocks goes on in steps, so that progress shows.
  void advance(const std::vector<std::unique_ptr<PolicyRun>>& runs, Instant from) {
    constexpr std::int64_t steps = 200;
    const std::int64_t rest = (simulation_.plan_.end() - from).ns();
    for (std::int64_t step = 1; step <= steps && !is_stopped(); ++step) {
      const Instant until = from + Duration::from_ns(mul_div_floor(rest, step, steps));
      for (const auto& run : runs) run->advance(until);
      tell_progress(until);
    }
  }

  std::vector<std::unique_ptr<PolicyRun>> make_runs(traffic::ShardSet shards) {
    const traffic::Plan& plan = simulation_.plan_;
    std::optional<std::uint32_t> only;
    if (shards.count() == 1) {
      only = 0;
      while (!shards[*only]) ++*only;
    }
    const Duration counted = plan.end() - plan.counted_from();
    const std::int64_t step = simulation_.series_interval_.ns();
    const auto points =
        static_cast<std::size_t>(std::max<std::int64_t>((counted.ns() + step - 1) / step, 1));
    std::vector<std::unique_ptr<PolicyRun>> runs;
    for (std::size_t p = 0; p < simulation_.policies_.size(); ++p) {
      runs.push_back(
          make_policy_run({.policy = simulation_.policies_[p],
                           .plan = plan,
                           .environment = simulation_.environment_,
                           .shard = only,
                           .clock = {plan.counted_from(), simulation_.series_interval_, points},
                           .few_values = few_values,
                           .into = accumulators_[p],
                           .log = log_,
                           .backend = simulation_.backend_ ? &*simulation_.backend_ : nullptr,
                           .fairness = simulation_.fairness_[p],
                           .control = &control_}));
    }
    return runs;
  }

  const Simulation& simulation_;
  RunControl& control_;
  DecisionLog* log_;
  std::vector<metrics::Accumulator> accumulators_;
  std::uint64_t done_ppm_ = 0;
};

namespace {

// One lane a shard where every class can be generated so, because a shard's keys then lie together
// in memory; otherwise as many lanes as threads, since each generates all of the traffic.
std::vector<traffic::ShardSet> lanes_of(const traffic::Plan& plan, bool logged, unsigned threads) {
  traffic::ShardSet all;
  all.set();
  if (logged || plan.partition().empty()) return {all};
  const std::size_t count = plan.splits() ? logical_shards : std::min(threads, logical_shards);
  std::vector<traffic::ShardSet> lanes(count);
  for (std::uint32_t shard = 0; shard < logical_shards; ++shard) lanes[shard % count].set(shard);
  return lanes;
}

unsigned thread_count(unsigned wanted) {
  return wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Result<metrics::Outcome> Simulation::run(RunControl& control) const {
  std::unique_ptr<DecisionLog> log;
  if (!options_.decisions_path.empty()) {
    std::vector<std::string> class_names;
    for (const traffic::ClassPlan& c : plan_.classes()) class_names.push_back(c.spec.name);
    auto created = DecisionLog::create(options_.decisions_path, plan_.columns(), class_names);
    if (!created) return tl::unexpected(created.error());
    log = std::move(*created);
  }
  const unsigned wanted = thread_count(options_.threads);
  const std::vector<traffic::ShardSet> lanes = lanes_of(plan_, log != nullptr, wanted);
  const auto threads = static_cast<unsigned>(std::min<std::size_t>(wanted, lanes.size()));
  control.lanes = static_cast<std::uint32_t>(lanes.size());

  metrics::Outcome outcome;
  for (const policy::Policy& policy : policies_) outcome.policies.push_back({policy.name, {}});
  std::atomic<std::size_t> next{0};
  std::mutex merging;
  const auto work = [&] {
    LaneRunner runner(*this, control, log.get());
    for (std::size_t i = next++; i < lanes.size() && !control.stop; i = next++) {
      runner.run(lanes[i]);
    }
    const std::lock_guard<std::mutex> lock(merging);
    for (std::size_t p = 0; p < policies_.size(); ++p) {
      metrics::merge(outcome.policies[p].accumulator, runner.accumulators()[p]);
    }
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  others.clear();

  outcome.mode = "simulate";
  outcome.start = plan_.counted_from();
  outcome.duration = plan_.end() - plan_.counted_from();
  outcome.series_interval = series_interval_;
  outcome.scenario_sha256 = scenario_sha256_;
  for (const traffic::ClassPlan& c : plan_.classes()) {
    if (!c.trace) continue;
    outcome.traces.push_back({.traffic_class = c.spec.name,
                              .rows = c.trace->size(),
                              .out_of_order = static_cast<std::uint64_t>(c.trace->out_of_order),
                              .bad_rows = static_cast<std::uint64_t>(c.trace->bad_rows),
                              .spread_ns = c.spec.trace->spread.ns(),
                              .sha256 = c.trace->sha256});
  }
  outcome.interrupted = control.stop;
  outcome.done_parts_per_million = static_cast<std::uint32_t>(
      control.done_ppm_of_lanes / std::max<std::uint64_t>(control.lanes, 1));
  if (log) {
    const Result<void> closed = log->close();
    if (!closed) return tl::unexpected(closed.error());
  }
  return outcome;
}

}  // namespace weir::sim
