#include "sim/simulate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "core/int128.hpp"
#include "sim/decision_log.hpp"
#include "sim/policy_run.hpp"
#include "traffic/lane.hpp"

namespace weir::sim {
namespace {

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

Simulation::Simulation(scenario::RunPlan run, const scenario::Scenario& scenario,
                       SimulateOptions options)
    : run_(std::move(run)),
      options_(std::move(options)),
      backend_(scenario.backend),
      fairness_by_(scenario.fairness_by),
      environment_{
          .start = plan().start(),
          .horizon = std::max(plan().end() - plan().start(), Duration::from_seconds(86'400)),
          .wide_ticks = false} {}

tl::expected<Simulation, scenario::Refusal> Simulation::prepare(const scenario::Scenario& scenario,
                                                                const SimulateOptions& options) {
  auto run = scenario::plan_run(scenario, {.all_wanted = !options.decisions_path.empty(),
                                           .skip_bad_rows = options.skip_bad_rows});
  if (!run) return tl::unexpected(run.error());
  if (options.shard && !run->serial_reason.empty()) {
    return tl::unexpected(scenario::cannot_be_cut(run->serial_reason));
  }
  Problems problems = std::move(run->problems);
  Simulation simulation(std::move(*run), scenario, options);
  std::vector<policy::PolicySpec> specs = scenario.policies;
  if (!options.policy.empty()) {
    std::erase_if(specs, [&](const auto& spec) { return spec.name != options.policy; });
  }
  if (specs.empty()) {
    return tl::unexpected(scenario::Refusal{
        ErrorKind::usage,
        {{"/policies", fmt::format("there is no policy \"{}\"", options.policy)}}});
  }
  if (const auto set = simulation.set_policies(specs); !set) {
    problems.insert(problems.end(), set.error().begin(), set.error().end());
  }
  if (!problems.empty()) {
    return tl::unexpected(scenario::Refusal{ErrorKind::invalid_scenario, std::move(problems)});
  }
  return simulation;
}

std::size_t Simulation::series_parts() const {
  constexpr std::size_t most_in_all = 1'000'000;
  return std::clamp<std::size_t>(most_in_all / run_.facts.series_points(), 2, 100);
}

tl::expected<void, Problems> Simulation::set_policies(
    const std::vector<policy::PolicySpec>& specs) {
  policies_.clear();
  fairness_.clear();
  notes_.clear();
  Problems problems;
  for (const policy::PolicySpec& spec : specs) {
    const std::string pointer = spec.name.empty() ? "/policy" : "/policies/" + spec.name;
    auto bound = policy::bind_policy(spec, plan().columns(), environment_, pointer);
    if (bound) {
      if (!backend_) add_notes(*bound, environment_, notes_);
      fairness_.push_back(fairness_columns(fairness_by_, *bound, plan().columns()));
      policies_.push_back(std::move(*bound));
    } else {
      problems.insert(problems.end(), bound.error().begin(), bound.error().end());
    }
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return {};
}

namespace {

/// What a thread does at a time: some of the policies in one lane.
struct LaneTask {
  traffic::ShardSet shards;
  std::size_t first_policy = 0;
  std::size_t end_policy = 0;
};

}  // namespace

/// Runs lanes of a simulation; every thread has one, with accumulators of its own.
class LaneRunner {
 public:
  LaneRunner(const Simulation& simulation, RunControl& control, DecisionLog* log)
      : simulation_(simulation),
        control_(control),
        log_(log),
        accumulators_(simulation.policies_.size()) {}

  void run(const LaneTask& task) {
    const traffic::Plan& plan = simulation_.run_.traffic;
    std::vector<std::unique_ptr<PolicyRun>> runs = make_runs(task);
    traffic::Lane lane(plan, task.shards, simulation_.options_.block_rows);
    done_ppm_ = 0;
    Instant now = plan.start();
    const RequestBlock* block = nullptr;
    while (!is_stopped() && (block = lane.next()) != nullptr) {
      for (const auto& run : runs) run->take(*block);
      now = block->at.back();
      if (task.first_policy == 0) {
        control_.requests.fetch_add(block->size(), std::memory_order_relaxed);
      }
      tell_progress(now);
    }
    advance(runs, now);
    for (const auto& run : runs) run->finish();
    if (task.first_policy == 0 && !runs.empty()) {
      control_.requests.fetch_add(runs[0]->generated(), std::memory_order_relaxed);
    }
    if (!is_stopped()) tell_progress(plan.end());
  }

  const std::vector<metrics::Accumulator>& accumulators() const { return accumulators_; }

 private:
  bool is_stopped() const { return control_.stop.load(std::memory_order_relaxed); }

  void tell_progress(Instant now) {
    const traffic::Plan& plan = simulation_.run_.traffic;
    const auto length = static_cast<double>((plan.end() - plan.start()).ns());
    const auto ppm =
        static_cast<std::uint64_t>(static_cast<double>((now - plan.start()).ns()) / length * 1e6);
    control_.done_ppm_of_lanes.fetch_add(ppm - done_ppm_, std::memory_order_relaxed);
    done_ppm_ = ppm;
  }

  // What goes on without blocks goes on in steps, so that progress shows.
  void advance(const std::vector<std::unique_ptr<PolicyRun>>& runs, Instant from) {
    constexpr std::int64_t steps = 200;
    const std::int64_t rest = (simulation_.run_.traffic.end() - from).ns();
    for (std::int64_t step = 1; step <= steps && !is_stopped(); ++step) {
      const Instant until = from + Duration::from_ns(mul_div_floor(rest, step, steps));
      for (const auto& run : runs) run->advance(until);
      tell_progress(until);
    }
  }

  std::vector<std::unique_ptr<PolicyRun>> make_runs(const LaneTask& task) {
    const traffic::Plan& plan = simulation_.run_.traffic;
    std::optional<std::uint32_t> only;
    if (task.shards.count() == 1) {
      only = 0;
      while (!task.shards[*only]) ++*only;
    }
    std::vector<std::unique_ptr<PolicyRun>> runs;
    for (std::size_t p = task.first_policy; p < task.end_policy; ++p) {
      runs.push_back(make_policy_run(
          {.policy = simulation_.policies_[p],
           .plan = plan,
           .environment = simulation_.environment_,
           .shard = only,
           .clock = {plan.counted_from(), simulation_.run_.facts.series_interval,
                     simulation_.run_.facts.series_points(),
                     simulation_.options_.tells_parts ? simulation_.series_parts() : 0},
           .few_values = scenario::few_values,
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
std::vector<traffic::ShardSet> lanes_of(const traffic::Plan& plan, traffic::ShardSet shards,
                                        bool logged, unsigned threads) {
  if (logged || plan.partition().empty()) return {shards};
  const std::size_t count =
      plan.splits() ? shards.count() : std::min<std::size_t>(threads, shards.count());
  std::vector<traffic::ShardSet> lanes(count);
  std::size_t next = 0;
  for (std::uint32_t shard = 0; shard < logical_shards; ++shard) {
    if (shards[shard]) lanes[next++ % count].set(shard);
  }
  return lanes;
}

// Lanes that are fewer than the threads are run several times, each time for some of the policies.
std::vector<LaneTask> tasks_of(const std::vector<traffic::ShardSet>& lanes, std::size_t policies,
                               unsigned threads, bool logged) {
  const bool too_few = !logged && lanes.size() < threads && policies > 1;
  const std::size_t parts = too_few ? std::min<std::size_t>(threads, policies) : 1;
  std::vector<LaneTask> tasks;
  for (const traffic::ShardSet& shards : lanes) {
    for (std::size_t part = 0; part < parts; ++part) {
      tasks.push_back({shards, policies * part / parts, policies * (part + 1) / parts});
    }
  }
  return tasks;
}

unsigned thread_count(unsigned wanted) {
  return wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Result<metrics::Outcome> Simulation::run(RunControl& control) const {
  std::unique_ptr<DecisionLog> log;
  if (!options_.decisions_path.empty()) {
    std::vector<std::string> class_names;
    for (const traffic::ClassPlan& c : run_.traffic.classes()) class_names.push_back(c.spec.name);
    auto created =
        DecisionLog::create(options_.decisions_path, run_.traffic.columns(), class_names);
    if (!created) return tl::unexpected(created.error());
    log = std::move(*created);
  }
  const unsigned wanted = thread_count(options_.threads);
  const std::vector<LaneTask> tasks =
      tasks_of(lanes_of(run_.traffic, traffic::shards_of(options_.shard), log != nullptr, wanted),
               policies_.size(), wanted, log != nullptr);
  const auto threads = static_cast<unsigned>(std::min<std::size_t>(wanted, tasks.size()));
  control.lanes = static_cast<std::uint32_t>(tasks.size()) * control.runs;

  metrics::Outcome outcome;
  for (const policy::Policy& policy : policies_) outcome.policies.push_back({policy.name, {}});
  std::atomic<std::size_t> next{0};
  std::mutex merging;
  const auto work = [&] {
    LaneRunner runner(*this, control, log.get());
    for (std::size_t i = next++; i < tasks.size() && !control.stop; i = next++) {
      runner.run(tasks[i]);
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

  static_cast<RunFacts&>(outcome) = run_.facts;
  outcome.mode = "simulate";
  outcome.shard = options_.shard;
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
