#include "report/figures.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "report/accumulator_json.hpp"
#include "report/live_figures.hpp"
#include "report/percentiles.hpp"

namespace weir::report {
namespace {

using metrics::Accumulator;
using metrics::Counts;
using metrics::Histogram;
using metrics::LimitTotals;
using metrics::SeriesPoint;
using Json = nlohmann::ordered_json;

constexpr std::size_t top_denied_shown = 10;

Json per_second(std::uint64_t count, Duration time) {
  if (time <= Duration()) return nullptr;
  return static_cast<double>(count) * 1e9 / static_cast<double>(time.ns());
}

Json make_totals(const Accumulator& a) {
  std::uint64_t active_keys = 0;
  for (const LimitTotals& limit : a.limits) active_keys = std::max(active_keys, limit.keys);
  return {{"attempts", a.totals.attempts},
          {"allowed", a.totals.allowed},
          {"denied", a.totals.denied},
          {"errors", a.totals.errors},
          {"allowed_ratio", ratio(a.totals.allowed, a.totals.attempts)},
          {"denied_ratio", ratio(a.totals.denied, a.totals.attempts)},
          {"active_keys", active_keys}};
}

Json make_counts(const Counts& counts) {
  return {{"attempts", counts.attempts},
          {"allowed", counts.allowed},
          {"denied", counts.denied},
          {"errors", counts.errors},
          {"allowed_ratio", ratio(counts.allowed, counts.attempts)},
          {"denied_ratio", ratio(counts.denied, counts.attempts)}};
}

Json make_operations(const metrics::Operations& operations) {
  return {{"count", operations.count},
          {"succeeded", operations.succeeded},
          {"abandoned", operations.abandoned},
          {"unfinished", operations.unfinished},
          {"throttled", operations.throttled},
          {"attempts", operations.attempts},
          {"retries", operations.retries},
          {"succeeded_ratio", ratio(operations.succeeded, operations.count)},
          {"attempts_per_success", ratio(operations.attempts, operations.succeeded)}};
}

/// With what only the whole run has: how fast operations succeeded, and the largest herd of
/// attempts that came back within one interval of the series.
Json make_all_operations(const metrics::Outcome& outcome, const Accumulator& a) {
  Json section = make_operations(a.operations);
  // What was due in time may have been answered after it.
  const Duration time =
      outcome.live ? std::max(outcome.duration, outcome.live->elapsed) : outcome.duration;
  section["succeeded_per_second"] = per_second(a.operations.succeeded, time);
  std::uint64_t peak = 0;
  for (const SeriesPoint& point : a.series) peak = std::max(peak, point.retries);
  section["retry_peak"] = peak;
  return section;
}

Json make_costs(const scenario::Scenario& scenario, const Accumulator& a) {
  std::map<std::string, metrics::CostTotals> costs = a.costs;
  for (const traffic::ClassSpec& traffic : scenario.traffic) {
    for (const traffic::CostSpec& cost : traffic.costs) costs[cost.name];
  }
  Json section = Json::object();
  for (const auto& [name, cost] : costs) {
    section[name] = {{"offered", cost.offered}, {"allowed", cost.allowed}, {"denied", cost.denied}};
  }
  return section;
}

Json make_limits(const policy::PolicySpec& policy, const Accumulator& a) {
  Json section = Json::array();
  for (std::size_t i = 0; i < policy.limits.size(); ++i) {
    const policy::LimitSpec& spec = policy.limits[i];
    const LimitTotals limit = i < a.limits.size() ? a.limits[i] : LimitTotals{};
    section.push_back({{"name", spec.name},
                       {"algorithm", spec.algorithm},
                       {"enforce", spec.enforce},
                       {"allowed", limit.allowed},
                       {"denied", limit.denied},
                       {"keys", limit.keys},
                       {"state_bytes_per_key", ratio(limit.state_bytes, limit.keys)}});
    if (spec.charge.when == policy::ChargeSpec::When::admit) continue;
    section.back()["settled"] = limit.settled;
    section.back()["overshoot"] = limit.overshoot;
    section.back()["reserved_unused"] = limit.reserved_unused;
  }
  return section;
}

Json make_classes(const scenario::Scenario& scenario, const Accumulator& a) {
  Json section = Json::object();
  for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
    const metrics::ClassTotals totals =
        i < a.classes.size() ? a.classes[i] : metrics::ClassTotals{};
    Json& row = section[scenario.traffic[i].name] = make_counts(totals.counts);
    row["operations"] = make_operations(totals.operations);
    row["latency_operation"] = make_percentiles(totals.latency_operation);
  }
  return section;
}

/// The values that the scenario file itself lists for an attribute.
std::vector<std::string> listed_values(const traffic::AttributeSpec& attribute) {
  if (const auto* constant = std::get_if<traffic::ConstantValue>(&attribute.values)) {
    return {constant->value};
  }
  std::vector<std::string> values;
  if (const auto* weighted = std::get_if<traffic::WeightedValues>(&attribute.values)) {
    for (const auto& [value, weight] : weighted->weights) values.push_back(value);
  }
  return values;
}

/// Listed values that never came stand there with zeros, but only in attributes that are counted:
/// one with too many values to count must not look as if nothing had come.
Json make_by_attribute(const scenario::Scenario& scenario, const Accumulator& a,
                       const Names& names) {
  std::map<std::string, std::map<std::string, Counts>> attributes = a.by_attribute;
  for (const traffic::ClassSpec& traffic : scenario.traffic) {
    for (const traffic::AttributeSpec& attribute : traffic.attributes) {
      if (a.totals.attempts > 0 && attributes.count(attribute.name) == 0) continue;
      for (const std::string& value : listed_values(attribute)) {
        attributes[attribute.name][names.value(attribute.name, value)];
      }
    }
  }
  Json section = Json::object();
  for (const auto& [attribute, values] : attributes) {
    Json& rows = section[attribute] = Json::object();
    for (const auto& [value, counts] : values) rows[value] = make_counts(counts);
  }
  return section;
}

Json make_top_denied(const policy::PolicySpec& policy, const Accumulator& a) {
  Json section = Json::array();
  for (const metrics::DeniedKey& denied : a.top_denied) {
    if (section.size() == top_denied_shown) break;
    if (denied.limit >= policy.limits.size()) continue;
    section.push_back({{"key", denied.key},
                       {"limit", policy.limits[denied.limit].name},
                       {"denied", denied.denied},
                       {"longest_block_ns", denied.longest_block_ns}});
  }
  return section;
}

Json make_latency(const Accumulator& a) {
  return {{"allowed", make_percentiles(a.latency_allowed)},
          {"denied", make_percentiles(a.latency_denied)},
          {"operation", make_percentiles(a.latency_operation)},
          {"delay", make_percentiles(a.delay)}};
}

Json make_retry_after(const metrics::RetryAfterTotals& totals) {
  return {{"present", totals.present},
          {"absent", totals.absent},
          {"honest", totals.honest},
          {"too_short", totals.too_short},
          {"too_long", totals.too_long},
          {"never", totals.never},
          {"honest_ratio", ratio(totals.honest, totals.present)},
          {"error", make_signed_percentiles(totals.early, totals.late)},
          {"client_obeyed", totals.client_obeyed},
          {"client_early", totals.client_early}};
}

/// Jain's index: the square of the sum over n times the sum of the squares.
Json make_fairness(const metrics::FairnessTotals& totals) {
  Json index;
  if (totals.squares > 0) {
    const auto sum = static_cast<double>(totals.shares);
    index = sum * sum / (static_cast<double>(totals.keys) * static_cast<double>(totals.squares));
  }
  return {{"keys", totals.keys}, {"jain_index", index}};
}

/// For each limit that names a reference.
Json make_accuracy(const policy::PolicySpec& policy, const Accumulator& a) {
  Json section = Json::object();
  if (a.live) return section;
  for (std::size_t i = 0; i < policy.limits.size(); ++i) {
    const policy::LimitSpec& spec = policy.limits[i];
    if (!spec.reference) continue;
    const LimitTotals limit = i < a.limits.size() ? a.limits[i] : LimitTotals{};
    Json reference = {{"algorithm", "sliding-window-log"}};
    if (spec.reference->limit) reference["limit"] = *spec.reference->limit;
    if (spec.reference->window) reference["window_ns"] = spec.reference->window->ns();
    section[spec.name] = {{"reference", std::move(reference)},
                          {"compared", limit.compared},
                          {"false_allows", limit.false_allows},
                          {"false_denials", limit.false_denials},
                          {"false_allow_ratio", ratio(limit.false_allows, limit.compared)},
                          {"false_denial_ratio", ratio(limit.false_denials, limit.compared)},
                          {"peak_in_window", limit.peak_in_window}};
  }
  return section;
}

Json make_backend(const traffic::BackendSpec& spec, const metrics::Outcome& outcome,
                  const metrics::BackendTotals& totals) {
  const auto run = static_cast<double>(outcome.duration.ns());
  const auto mean = [&](Uint128 ns) {
    return run > 0 ? Json(static_cast<double>(ns) / run) : Json();
  };
  Json section = {{"served", totals.served},
                  {"refused", totals.refused},
                  {"left", totals.left},
                  {"wait", make_percentiles(totals.wait)},
                  {"first_token", make_percentiles(totals.first_token)},
                  {"mean_running", mean(totals.busy_ns)},
                  {"mean_present", mean(totals.present_ns)}};
  if (!spec.slots) return section;
  const auto slots = static_cast<double>(*spec.slots);
  section["utilisation_ratio"] =
      run > 0 ? Json(static_cast<double>(totals.busy_ns) / run / slots) : Json();
  section["peak_running"] = totals.peak_running;
  section["peak_waiting"] = totals.peak_waiting;
  return section;
}

/// How many intervals the series of a run has; those after the last request are empty, but one that
/// was interrupted ends where it was.
std::size_t series_length(const metrics::Outcome& outcome, const Accumulator& a) {
  const std::int64_t interval = outcome.series_interval.ns();
  if (outcome.interrupted || interval <= 0) return a.series.size();
  const std::int64_t whole = outcome.duration.ns() / interval;
  const std::int64_t rest = outcome.duration.ns() % interval > 0 ? 1 : 0;
  return std::max(a.series.size(),
                  static_cast<std::size_t>(std::max<std::int64_t>(whole, 0) + rest));
}

Json make_series(const metrics::Outcome& outcome, const Accumulator& a) {
  Json attempts = Json::array(), allowed = Json::array(), denied = Json::array(),
       retries = Json::array(), succeeded = Json::array(), p99 = Json::array();
  const SeriesPoint nothing;
  for (std::size_t i = 0; i < series_length(outcome, a); ++i) {
    const SeriesPoint& point = i < a.series.size() ? a.series[i] : nothing;
    attempts.push_back(point.attempts);
    allowed.push_back(point.allowed);
    denied.push_back(point.denied);
    retries.push_back(point.retries);
    succeeded.push_back(point.succeeded);
    p99.push_back(point.latency.count() > 0 ? Json(point.latency.percentile(990'000)) : Json());
  }
  return {{"interval_ns", outcome.series_interval.ns()},
          {"attempts", std::move(attempts)},
          {"allowed", std::move(allowed)},
          {"denied", std::move(denied)},
          {"retries", std::move(retries)},
          {"succeeded", std::move(succeeded)},
          {"p99_ns", std::move(p99)}};
}

Json peak(const Json& counts) {
  std::uint64_t most = 0;
  for (const Json& count : counts) most = std::max(most, count.get<std::uint64_t>());
  return most;
}

Json state_bytes_per_key(const Json& figures) {
  std::uint64_t bytes = 0;
  for (const Json& limit : figures["accumulator"]["limits"]) {
    bytes += limit["state_bytes"].get<std::uint64_t>();
  }
  return ratio(bytes, figures["totals"]["active_keys"].get<std::uint64_t>());
}

}  // namespace

Json ratio(std::uint64_t numerator, std::uint64_t denominator) {
  if (denominator == 0) return nullptr;
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

Json make_figures(const scenario::Scenario& scenario, const policy::PolicySpec& policy,
                  const metrics::Outcome& outcome, const Accumulator& accumulator,
                  const Names& names) {
  const Accumulator a = names.rename(accumulator);
  Json figures = {{"totals", make_totals(a)},
                  {"operations", make_all_operations(outcome, a)},
                  {"costs", make_costs(scenario, a)},
                  {"limits", make_limits(policy, a)},
                  {"classes", make_classes(scenario, a)},
                  {"by_attribute", make_by_attribute(scenario, a, names)},
                  {"denied_keys", a.denied_keys},
                  {"top_denied", make_top_denied(policy, a)},
                  {"retry_after", make_retry_after(a.retry_after)},
                  {"latency", make_latency(a)},
                  {"fairness", make_fairness(a.fairness)}};
  Json accuracy = make_accuracy(policy, a);
  if (!accuracy.empty()) figures["accuracy"] = std::move(accuracy);
  if (scenario.backend) figures["errors"] = {{"queue_full", a.totals.errors}};
  if (scenario.backend) figures["backend"] = make_backend(*scenario.backend, outcome, a.backend);
  if (a.live) add_live_figures(a, figures);
  figures["series"] = make_series(outcome, a);
  figures["accumulator"] = accumulator_to_json(a);
  return figures;
}

Json make_comparison(const Json& policies) {
  Json rows = Json::array();
  for (const auto& [name, figures] : policies.items()) {
    const Json& totals = figures["totals"];
    rows.push_back({{"policy", name},
                    {"allowed", totals["allowed"]},
                    {"denied", totals["denied"]},
                    {"allowed_ratio", totals["allowed_ratio"]},
                    {"denied_ratio", totals["denied_ratio"]},
                    {"succeeded", figures["operations"]["succeeded"]},
                    {"attempts_per_success", figures["operations"]["attempts_per_success"]},
                    {"retry_peak", figures["operations"]["retry_peak"]},
                    {"operation_p50_ns", figures["latency"]["operation"]["p50_ns"]},
                    {"operation_p99_ns", figures["latency"]["operation"]["p99_ns"]},
                    {"honest_ratio", figures["retry_after"]["honest_ratio"]},
                    {"jain_index", figures["fairness"]["jain_index"]},
                    {"denied_keys", figures["denied_keys"]},
                    {"peak_allowed", peak(figures["series"]["allowed"])},
                    {"delay_p99_ns", figures["latency"]["delay"]["p99_ns"]},
                    {"state_bytes_per_key", state_bytes_per_key(figures)}});
  }
  return rows;
}

}  // namespace weir::report
