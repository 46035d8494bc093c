#include "load/load_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "load/curl_engine.hpp"
#include "load/native_engine.hpp"
#include "load/nonce.hpp"
#include "load/preflight.hpp"
#include "load/way.hpp"
#include "load/worker.hpp"

namespace weir::load {
namespace {

using scenario::EngineChoice;
using scenario::Refusal;
using scenario::Scenario;
using scenario::TargetSpec;

/// From when the run's clock is set to when the first request can be due; threads begin meanwhile.
constexpr std::chrono::milliseconds head_start{20};

tl::unexpected<Refusal> refuse(ErrorKind kind, std::string pointer, std::string message) {
  return tl::unexpected(Refusal{kind, {{std::move(pointer), std::move(message)}}});
}

/// The attributes that requests show, and those that say what a key is.
std::vector<std::string> attributes_shown(const TargetSpec& target, const std::string& url) {
  std::set<std::string> names;
  const auto add = [&](std::string_view text) {
    for (const scenario::TemplatePart& part : scenario::parse_template(text)) {
      if (part.is_name) names.insert(part.text);
    }
  };
  add(url);
  add(target.body.text);
  for (const auto& [name, value] : target.headers) add(value.text);
  for (const auto& [attribute, where] : target.identify) names.insert(attribute);
  return {names.begin(), names.end()};
}

/// Why there can be no shards of a run, as a sentence, or empty.
std::string why_not_cut(const scenario::RunPlan& plan, const TargetSpec& target) {
  if (target.max_requests) return "\"max_requests\" of the target is for all of them together";
  if (!target.max_cost.empty()) return "\"max_cost\" of the target is for all of them together";
  return plan.serial_reason;
}

Instant wall_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return Instant::from_unix_ns(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

std::vector<policy::PolicySpec> policies_named(const Scenario& scenario, const std::string& name) {
  std::vector<policy::PolicySpec> policies = scenario.policies;
  if (!name.empty()) std::erase_if(policies, [&](const auto& p) { return p.name != name; });
  return policies;
}

/// A thread has connections of its own: with few, a request would wait for one though another
/// thread's is free.
constexpr std::int64_t connections_a_thread = 16;

unsigned thread_count(unsigned wanted, std::int64_t connections, bool gathers_by_client) {
  if (wanted > 0) return static_cast<unsigned>(std::min<std::int64_t>(wanted, connections));
  // Nor would threads share the requests of few clients evenly.
  if (gathers_by_client) return 1;
  const std::int64_t processors = std::max(1U, std::thread::hardware_concurrency());
  return static_cast<unsigned>(
      std::clamp<std::int64_t>(connections / connections_a_thread, 1, processors));
}

}  // namespace

tl::expected<LoadRun, Refusal> LoadRun::prepare(const Scenario& scenario,
                                                const RunOptions& options) {
  LoadRun run;
  run.target_ = scenario.target.value_or(TargetSpec());
  const std::string url = http::override_url(run.target_.url, options.target);
  if (url.empty()) {
    return refuse(ErrorKind::usage, "/target/url", "is required, or --target URL: where to send");
  }
  const auto policies = policies_named(scenario, options.policy);
  if (policies.empty()) {
    return refuse(ErrorKind::usage, "/policies",
                  fmt::format("there is no policy \"{}\"", options.policy));
  }
  auto plan = scenario::plan_run(scenario, {.wanted = attributes_shown(run.target_, url),
                                            .skip_bad_rows = options.skip_bad_rows});
  if (!plan) return tl::unexpected(plan.error());
  if (!plan->problems.empty()) {
    return tl::unexpected(Refusal{ErrorKind::invalid_scenario, plan->problems});
  }
  if (options.shard) {
    if (const std::string reason = why_not_cut(*plan, run.target_); !reason.empty()) {
      return tl::unexpected(scenario::cannot_be_cut(reason));
    }
  }
  run.shard_ = options.shard;
  run.plan_ = std::make_unique<scenario::RunPlan>(std::move(*plan));
  run.seed_ = scenario.seed;
  run.fresh_keys_ = options.fresh_keys;
  run.keeps_answers_ = options.keeps_answers;
  run.nonce_ = make_nonce();
  const Columns& columns = run.plan_->traffic.columns();
  auto requests = RequestTemplate::make(
      run.target_, url, {.columns = &columns, .nonce = options.fresh_keys ? run.nonce_ : ""});
  if (!requests) return refuse(requests.error().kind, "/target", requests.error().message);
  run.requests_ = std::move(*requests);
  run.url_text_ = shown_url(run.requests_->url());
  const std::string obstacle = why_not_native(run.target_, run.requests_->url());
  if (run.target_.engine == EngineChoice::native && (!obstacle.empty() || run.keeps_answers_)) {
    return refuse(ErrorKind::invalid_scenario, "/target/engine",
                  fmt::format("native does not do {}: \"libcurl\" does",
                              obstacle.empty() ? "costs that answers tell" : obstacle));
  }
  run.meanings_.emplace(run.target_, policies);
  const std::vector<std::optional<std::size_t>> clients = run.client_columns();
  run.threads_ = thread_count(options.threads, run.target_.connections,
                              std::any_of(clients.begin(), clients.end(),
                                          [](const auto& column) { return column.has_value(); }));
  run.key_columns_ = run.key_columns(scenario.fairness_by, policies);
  run.record_ = std::make_unique<LiveRecord>(
      columns, run.plan_->traffic.classes().size(),
      metrics::RecordClock{run.plan_->facts.start, run.plan_->facts.series_interval,
                           run.plan_->facts.series_points()},
      run.key_columns_);
  return run;
}

// Who is limited: as fairness says, or by the key of the first limit that has one, or whatever
// requests show of themselves.
std::vector<std::size_t> LoadRun::key_columns(
    const std::vector<std::string>& fairness_by,
    const std::vector<policy::PolicySpec>& policies) const {
  const Columns& columns = plan_->traffic.columns();
  std::vector<std::string> names = fairness_by;
  for (const policy::PolicySpec& policy : policies) {
    for (const policy::LimitSpec& limit : policy.limits) {
      if (names.empty()) names = limit.key;
    }
  }
  if (names.empty()) names = attributes_shown(target_, requests_->url().path);
  std::vector<std::size_t> found;
  for (const std::string& name : names) {
    if (const auto column = columns.find_attribute(name)) found.push_back(*column);
  }
  return found;
}

std::vector<std::string> LoadRun::key_attributes() const {
  std::vector<std::string> names;
  for (const std::size_t column : key_columns_) {
    names.push_back(plan_->traffic.columns().dictionaries[column].attribute());
  }
  return names;
}

bool LoadRun::takes_native() const {
  return !keeps_answers_ && load::takes_native(target_, requests_->url());
}

Result<void> LoadRun::reach() {
  const auto descriptors = ensure_file_descriptors(target_.connections);
  if (!descriptors) return descriptors;
  if (!takes_native()) return reach_by_curl(*requests_, target_);
  auto endpoint = reach_endpoint(requests_->url(), target_);
  if (!endpoint) return tl::unexpected(endpoint.error());
  endpoint_ = *endpoint;
  return {};
}

std::vector<std::atomic<std::int64_t>> LoadRun::cost_caps() const {
  const std::vector<std::string>& costs = plan_->traffic.columns().costs;
  std::vector<std::atomic<std::int64_t>> left(target_.max_cost.empty() ? 0 : costs.size());
  for (std::size_t c = 0; c < left.size(); ++c) {
    const auto most = target_.max_cost.find(costs[c]);
    left[c] = most == target_.max_cost.end() ? INT64_MAX / 2 : most->second;
  }
  return left;
}

// Requests of one client belong to one worker where that client's state is looked at.
std::vector<std::optional<std::size_t>> LoadRun::client_columns() const {
  std::vector<std::optional<std::size_t>> columns;
  for (const traffic::ClassPlan& c : plan_->traffic.classes()) {
    const traffic::OnDenied& on_denied = c.spec.on_denied;
    columns.push_back(traffic::gathers_by_client(on_denied)
                          ? plan_->traffic.columns().find_attribute(on_denied.client)
                          : std::nullopt);
  }
  return columns;
}

std::unique_ptr<Engine> LoadRun::make_engine(const EngineContext& context) const {
  if (takes_native()) return std::make_unique<NativeEngine>(context, endpoint_);
  EngineContext by_curl = context;
  by_curl.keeps_answers = keeps_answers_;
  return make_curl_engine(by_curl);
}

metrics::Outcome LoadRun::run(LoadControl& control) {
  const traffic::Plan& traffic = plan_->traffic;
  Budget budget;
  if (target_.max_requests) budget.limit(*target_.max_requests);
  auto costs_left = cost_caps();
  RunClock clock(traffic.start());
  const bool shows_keys = requests_->names_any(key_columns_);
  const WorkerContext context{.plan = traffic,
                              .target = target_,
                              .requests = *requests_,
                              .meanings = *meanings_,
                              .clock = clock,
                              .record = *record_,
                              .control = control,
                              .budget = budget,
                              .key_columns = shows_keys ? key_columns_ : std::vector<std::size_t>(),
                              .nonce = nonce_,
                              .costs_left = costs_left,
                              .audit_draws = RandomStream(seed_).named("audit"),
                              .client_column_of_class = client_columns(),
                              .workers = threads_,
                              .shards = traffic::shards_of(shard_),
                              .witness = witness_};
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < threads_; ++i) {
    workers.push_back(std::make_unique<Worker>(
        context, i, [this](const EngineContext& engine) { return make_engine(engine); }));
  }
  clock.start(RunClock::Steady::now() + head_start,
              wall_now() + Duration::from_ms(head_start.count()));
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads_; ++i) {
    others.emplace_back([&worker = *workers[i]] { worker.run(); });
  }
  workers[0]->run();
  others.clear();
  std::uint64_t connections = 0;
  for (const auto& worker : workers) connections += worker->connections_opened();
  return outcome_of(clock, control, connections, clock.now(), budget.ended_by());
}

metrics::Outcome LoadRun::outcome_of(const RunClock& clock, LoadControl& control,
                                     std::uint64_t connections, Instant ended,
                                     const std::string& ended_by) {
  metrics::Outcome outcome;
  static_cast<RunFacts&>(outcome) = plan_->facts;
  outcome.mode = "load";
  outcome.shard = shard_;
  outcome.start = clock.wall(plan_->facts.start);
  const Duration passed = std::max(ended - plan_->facts.start, Duration::from_ns(1));
  const Duration planned = plan_->facts.duration;
  metrics::Accumulator sums = record_->finish(connections);
  if (!ended_by.empty() || control.stop) {
    outcome.duration = std::min(planned, passed);
    sums.series.resize(std::min(sums.series.size(), outcome.series_points()));
  }
  outcome.interrupted = control.stop;
  if (outcome.interrupted) {
    const double done = static_cast<double>(passed.ns()) / static_cast<double>(planned.ns());
    outcome.done_parts_per_million = static_cast<std::uint32_t>(std::clamp(done, 0.0, 1.0) * 1e6);
  }
  const bool answered = record_->ever_answered();
  if (!answered) {
    outcome.why_inconclusive =
        control.sent == 0 ? "no request was due" : "not one request was answered";
  } else if (sums.totals.attempts > 0 && sums.totals.allowed + sums.totals.denied == 0) {
    outcome.why_inconclusive = "not one request was allowed or denied";
  }
  outcome.live = metrics::LiveFacts{.url = url_text_,
                                    .engine = takes_native() ? "native" : "libcurl",
                                    .connections = target_.connections,
                                    .threads = threads_,
                                    .elapsed = passed,
                                    .nonce = fresh_keys_ ? nonce_ : "",
                                    .ended_by = ended_by,
                                    .unanswered = !answered && control.sent > 0};
  outcome.policies.push_back({"", std::move(sums)});
  return outcome;
}

}  // namespace weir::load
