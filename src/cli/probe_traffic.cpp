#include "cli/probe_traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/columns.hpp"
#include "core/text.hpp"
#include "oracle/pace.hpp"
#include "policy/policy.hpp"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

/// How long the traffic is at least and at most; with one key more time makes up for the others.
constexpr double shortest_s = 15.0;
constexpr double shortest_of_one_key_s = 30.0;
constexpr double longest_s = 120.0;
/// How much of it there is where the limits allow that.
constexpr double usual_per_second = 100.0;
constexpr std::int64_t most_keys = 50;
/// How much more than its limits admit a key asks for.
constexpr double pressure = 1.5;
/// Denials that the traffic is made for at least, in all.
constexpr double enough_denials = 40.0;
constexpr std::int64_t bursts = 15;

double seconds(Duration d) { return static_cast<double>(d.ns()) / 1e9; }

/// In whole milliseconds, upwards.
Duration of_seconds(double s) {
  return Duration::from_ms(static_cast<std::int64_t>(std::ceil(s * 1e3)));
}

bool holds_until_end(const policy::LimitSpec& limit) {
  return limit.algorithm == "concurrency" || limit.algorithm == "nginx-limit-conn";
}

/// What one key can get of a limit.
struct Allowance {
  double at_once = 1.0;
  double per_second = 0.0;
  /// After which silence all of it is there again.
  double back_s = 0.0;
};

/// A limit as a simulation of one key that asks for all that it can get.
class OneKey {
 public:
  explicit OneKey(const policy::Limit& limit) : limiter_(policy::make_limiter(limit, {})) {}

  Allowance allowance() {
    constexpr double longest_silence_s = 600.0;
    Allowance found;
    limiter_->reset(1);
    const std::int64_t all = take(Instant());
    found.at_once = static_cast<double>(all);
    std::int64_t later = 0;
    constexpr Duration step = Duration::from_ms(10);
    constexpr std::int64_t steps = 60'000;
    for (std::int64_t i = 1; i <= steps; ++i) later += is_admitted(Instant() + step * i) ? 1 : 0;
    found.per_second = static_cast<double>(later) / seconds(step * steps);
    for (found.back_s = 0.01; found.back_s < longest_silence_s; found.back_s *= 1.25) {
      limiter_->reset(1);
      take(Instant());
      if (take(Instant() + of_seconds(found.back_s)) >= all) break;
    }
    return found;
  }

 private:
  bool is_admitted(Instant now) {
    policy::Promise promise;
    return limiter_->decide({.key = 0, .variant = 0, .now = now, .cost = 1}, promise).allowed;
  }

  std::int64_t take(Instant now) {
    constexpr std::int64_t most = 100'000;
    std::int64_t taken = 0;
    while (taken < most && is_admitted(now)) ++taken;
    return taken;
  }

  std::unique_ptr<policy::KeyedLimiter> limiter_;
};

/// Of all limits that do not hold until a request's end.
std::vector<Allowance> allowances_of(const policy::PolicySpec& spec) {
  std::vector<Allowance> found;
  policy::PolicySpec keyless = spec;
  std::erase_if(keyless.limits, [](const auto& limit) {
    return holds_until_end(limit) || limit.algorithm == "unlimited";
  });
  for (policy::LimitSpec& limit : keyless.limits) limit.key.clear();
  Columns columns;
  const auto policy = policy::bind_policy(keyless, columns, {}, "/policy");
  if (!policy) return found;
  for (const policy::Limit& limit : policy->limits) {
    found.push_back(OneKey(limit).allowance());
    const auto pace = oracle::pace_of(limit);
    if (!pace) continue;
    // Where denied requests count, who asks for all that there is gets nothing: a little less does.
    constexpr double nothing = 0.1;
    constexpr double little_less = 0.65;
    const double rate = per_second(pace->rate);
    if (found.back().per_second < nothing * rate) found.back().per_second = little_less * rate;
  }
  return found;
}

/// Requests at random instants, of keys that each ask for more than they get.
ProbedClass steady_class(const std::vector<Allowance>& limits, const TrafficBounds& bounds) {
  const double most_per_second =
      std::min(usual_per_second, static_cast<double>(bounds.max_per_second));
  ProbedClass made{"near-the-limit", Json(), std::min(bounds.most_keys, most_keys), {}, {}};
  if (limits.empty()) {
    constexpr std::int64_t busy_keys = 5;
    made.keys = std::min(made.keys, busy_keys);
    made.arrivals = {{"process", "poisson"}, {"rate", fmt::format("{:.0f}/s", most_per_second)}};
    made.until = of_seconds(shortest_s);
    return made;
  }
  const auto fast = *std::max_element(
      limits.begin(), limits.end(),
      [](const Allowance& a, const Allowance& b) { return a.per_second < b.per_second; });
  double span_s = made.keys == 1 ? shortest_of_one_key_s : shortest_s;
  for (const Allowance& limit : limits) span_s = std::max(span_s, 1.2 * limit.back_s);
  span_s = std::min(span_s, longest_s);
  double of_key = std::max({pressure * fast.per_second, 2.0 * fast.at_once / span_s, 0.2});
  made.keys = std::clamp<std::int64_t>(std::llround(most_per_second / of_key), 1, made.keys);
  const double denials = enough_denials / static_cast<double>(made.keys);
  of_key = std::max(of_key, fast.per_second + (fast.at_once + denials) / span_s);
  of_key = std::min(of_key, static_cast<double>(bounds.max_per_second));
  // A slower limit shows only once its allowance was used up through the faster ones.
  for (const Allowance& limit : limits) {
    const double used_up = std::min(of_key, fast.per_second) - limit.per_second;
    if (used_up > 0.0) span_s = std::max(span_s, pressure * limit.at_once / used_up);
  }
  const double total = std::ceil(of_key * static_cast<double>(made.keys));
  made.arrivals = {{"process", "poisson"}, {"rate", fmt::format("{:.0f}/s", total)}};
  made.until = of_seconds(std::ceil(std::min(span_s, longest_s)));
  return made;
}

/// Again and again so many requests while none of them has ended, and then silence.
ProbedClass burst_class(std::int64_t limit, const std::vector<Allowance>& others,
                        const TrafficBounds& bounds) {
  constexpr double share_of_service = 0.7;
  const double service_s = std::max(seconds(bounds.service), 1e-3);
  const std::int64_t count = limit + limit / 2 + 3;
  double cycle_s =
      std::max({4.0 * service_s, static_cast<double>(count) / usual_per_second,
                static_cast<double>(count) /
                    static_cast<double>(std::max<std::uint64_t>(bounds.max_per_second, 1))});
  for (const Allowance& other : others) {
    if (other.per_second > 0.0) {
      cycle_s = std::max(cycle_s, static_cast<double>(count) / other.per_second);
    }
  }
  const Duration cycle = of_seconds(cycle_s);
  const auto busy = Duration::from_us(std::llround(share_of_service * service_s * 1e6));
  Json steps = Json::array();
  for (std::int64_t i = 0; i < bursts; ++i) {
    steps.push_back(Json::array(
        {format_duration(cycle * i), fmt::format("{}/{}", count, format_duration(busy))}));
    steps.push_back(Json::array({format_duration(cycle * i + busy), "0/s"}));
  }
  ProbedClass made{at_once_class, Json(), 1, {}, cycle * bursts};
  made.arrivals = {{"process", "constant"}, {"rate", {{"steps", std::move(steps)}}}};
  return made;
}

/// How many requests of a key a limit holds back at most.
std::int64_t waiting_of(const policy::LimitSpec& limit) {
  const limiter::Parameters& parameters = limit.parameters;
  if (limit.algorithm == "leaky-bucket-queue" && parameters.has("capacity")) {
    return parameters.count("capacity");
  }
  if (limit.algorithm != "nginx-limit-req" || !parameters.has("burst")) return 0;
  const bool waits = !parameters.has("nodelay") || !parameters.boolean("nodelay");
  return waits ? parameters.count("burst") : 0;
}

/// Queues that are filled beyond what they hold and left alone until they are empty, in waves: what
/// is not certain of when one of their requests was decided, as all wait, is so no longer then.
/// Absent where there is no time, or no rate, for that.
std::optional<ProbedClass> waves_class(const Allowance& queue, const TrafficBounds& bounds) {
  constexpr double overload = 3.0;
  constexpr double least_overload = 1.3;
  constexpr double denials_each = 5.0;
  const double most =
      std::min(2.0 * usual_per_second, static_cast<double>(bounds.max_per_second)) * 0.9;
  const double of_key = std::min(overload * queue.per_second, most);
  if (queue.per_second <= 0.0 || of_key < least_overload * queue.per_second) return std::nullopt;
  const auto keys = std::clamp<std::int64_t>(static_cast<std::int64_t>(most / of_key), 1,
                                             std::min(bounds.most_keys, most_keys));
  const double busy_s = (queue.at_once + denials_each) / (of_key - queue.per_second);
  const double cycle_s = busy_s + 1.25 * queue.at_once / queue.per_second + 0.2;
  const double needed = enough_denials / (denials_each * static_cast<double>(keys));
  const auto waves = static_cast<std::int64_t>(std::ceil(
      std::max({2.0, needed, (keys == 1 ? shortest_of_one_key_s : shortest_s) / cycle_s})));
  if (static_cast<double>(waves) * cycle_s > longest_s) return std::nullopt;
  const std::string rate = fmt::format("{:.0f}/s", std::ceil(of_key * static_cast<double>(keys)));
  Json steps = Json::array();
  for (std::int64_t i = 0; i < waves; ++i) {
    const Duration begin = of_seconds(cycle_s) * i;
    steps.push_back(Json::array({format_duration(begin), rate}));
    steps.push_back(Json::array({format_duration(begin + of_seconds(busy_s)), "0/s"}));
  }
  ProbedClass made{"near-the-limit", Json(), keys, {}, of_seconds(cycle_s) * waves};
  made.arrivals = {{"process", "poisson"}, {"rate", {{"steps", std::move(steps)}}}};
  return made;
}

/// Of limits that do not hold until a request's end.
ProbedClass class_near(const policy::PolicySpec& policy, const std::vector<Allowance>& allowances,
                       const TrafficBounds& bounds) {
  if (policy.limits.size() == 1 && allowances.size() == 1 && waiting_of(policy.limits[0]) > 0) {
    if (auto waves = waves_class(allowances[0], bounds)) return *waves;
  }
  return steady_class(allowances, bounds);
}

}  // namespace

ProbedTraffic traffic_near(const policy::PolicySpec& policy, const TrafficBounds& bounds) {
  ProbedTraffic traffic;
  const std::vector<Allowance> allowances = allowances_of(policy);
  double back_s = 0.0;
  for (const Allowance& allowance : allowances) back_s = std::max(back_s, allowance.back_s);
  const Duration pause = of_seconds(std::ceil(back_s + 0.5));
  if (bounds.keys_were_used) traffic.duration = pause;
  const auto add = [&traffic](ProbedClass made) {
    made.from = traffic.duration;
    traffic.duration += *made.until;
    made.until = traffic.duration;
    traffic.classes.push_back(std::move(made));
  };
  const bool is_held = std::any_of(policy.limits.begin(), policy.limits.end(), holds_until_end);
  if (!allowances.empty() || !is_held) {
    add(class_near(policy, allowances, bounds));
    for (const policy::LimitSpec& limit : policy.limits) {
      traffic.at_once =
          std::max(traffic.at_once, traffic.classes[0].keys * (waiting_of(limit) + 2));
    }
  }
  for (const policy::LimitSpec& limit : policy.limits) {
    if (!holds_until_end(limit) || !limit.parameters.has("limit")) continue;
    if (!traffic.classes.empty()) traffic.duration += pause;
    const std::int64_t most = limit.parameters.count("limit");
    add(burst_class(most, allowances, bounds));
    traffic.at_once = std::max(traffic.at_once, 2 * most + 8);
  }
  traffic.classes.back().until.reset();
  return traffic;
}

}  // namespace weir::cli
