#include "probe/closest_product.hpp"

#include <cstdlib>
#include <optional>

#include "core/int128.hpp"
#include "core/letter_case.hpp"
#include "core/text.hpp"
#include "limiter/catalogue.hpp"
#include "limiter/parameter_text.hpp"
#include "oracle/live_evidence.hpp"
#include "oracle/verify.hpp"
#include "probe/round_numbers.hpp"

namespace weir::probe {
namespace {

constexpr const char* nginx_rate_limit = "nginx-limit-req";
constexpr const char* nginx_concurrency_limit = "nginx-limit-conn";
constexpr Duration one_second = Duration::from_seconds(1);
constexpr Duration one_minute = Duration::from_seconds(60);

/// nginx knows rates by the second and by the minute; absent where this is neither.
std::optional<Rate> by_second_or_minute(const Rate& rate) {
  if (rate.per == one_second || rate.per == one_minute) return rate;
  for (const Duration per : {one_second, one_minute}) {
    const auto units = Int128{rate.units} * per.ns();
    if (units % rate.per.ns() == 0 && units > 0) {
      return Rate{static_cast<std::uint64_t>(units / rate.per.ns()), per};
    }
  }
  return std::nullopt;
}

/// The limit as nginx would have it, at a rate; absent where it could not.
std::optional<policy::LimitSpec> as_nginx(const policy::LimitSpec& bucket, const Rate& rate) {
  if (bucket.algorithm == nginx_rate_limit) {
    policy::LimitSpec limit = bucket;
    limit.parameters.set("rate", rate);
    return limit;
  }
  if (!bucket.parameters.has("capacity")) return std::nullopt;
  // What its burst holds waits, unless it is told not to delay.
  const bool is_queue = bucket.algorithm == "leaky-bucket-queue";
  const std::int64_t capacity = bucket.parameters.count("capacity");
  if (!is_queue && capacity < 1) return std::nullopt;
  policy::LimitSpec limit = bucket;
  limit.algorithm = nginx_rate_limit;
  limit.parameters = {};
  limit.parameters.set("rate", rate);
  limit.parameters.set("burst", is_queue ? capacity : capacity - 1);
  if (!is_queue) limit.parameters.set("nodelay", true);
  return limit;
}

/// All that nginx may have been told, the likeliest first; empty where it knows no such limit.
std::vector<policy::LimitSpec> as_nginx(const policy::LimitSpec& found, const RateRange& range) {
  if (found.algorithm == "concurrency") {
    policy::LimitSpec limit = found;
    limit.algorithm = nginx_concurrency_limit;
    return {limit};
  }
  const bool is_bucket = found.algorithm == "leaky-bucket-queue" ||
                         found.algorithm == "token-bucket" || found.algorithm == nginx_rate_limit;
  if (!is_bucket) return {};
  std::vector<policy::LimitSpec> limits;
  for (const Rate& rate : nginx_rates(found.parameters.rate("rate"), range)) {
    if (auto limit = as_nginx(found, rate)) limits.push_back(std::move(*limit));
  }
  return limits;
}

/// How many of a target's decisions a policy cannot have made; absent where nobody can say.
std::optional<std::uint64_t> disagreements(const LiveTarget& target,
                                           const policy::PolicySpec& policy) {
  const auto evidence = oracle::LiveEvidence::make(policy, target.columns(), "/policy");
  if (!evidence) return std::nullopt;
  target.testify(**evidence);
  return oracle::verify((*evidence)->finish()).findings.disagree;
}

/// A number one below that of a text; the text itself if it is none.
std::string one_less(const std::string& text) {
  const auto number = parse_integer(text);
  return number ? std::to_string(*number - 1) : text;
}

RateRange range_of(const metrics::ProbeFacts::Parameter& rate) {
  return {std::strtod(rate.least.c_str(), nullptr), std::strtod(rate.most.c_str(), nullptr)};
}

/// Of what was found; nothing where that has no rate.
RateRange range_of_rate(const metrics::ProbeFacts& facts) {
  for (const metrics::ProbeFacts::Parameter& parameter : facts.found.parameters) {
    if (parameter.name == "rate") return range_of(parameter);
  }
  return {};
}

/// The range of what was measured grows until it holds the rate.
void say_rate(const Rate& rate, metrics::ProbeFacts::Parameter& parameter) {
  parameter.value = limiter::parameter_text(rate);
  constexpr double to_four_digits = 0.0005;
  const RateRange range = range_of(parameter);
  if (range.least > per_second(rate) * (1.0 + to_four_digits)) parameter.least = parameter.value;
  if (range.most < per_second(rate) * (1.0 - to_four_digits)) parameter.most = parameter.value;
}

void say_nginx(const policy::LimitSpec& limit, metrics::ProbeFacts& facts) {
  facts.found.algorithm = limit.algorithm;
  if (limit.algorithm == nginx_concurrency_limit) return;
  const bool is_queue = !limit.parameters.has("nodelay");
  std::vector<metrics::ProbeFacts::Parameter> parameters;
  for (metrics::ProbeFacts::Parameter parameter : facts.found.parameters) {
    if (parameter.name == "capacity" && is_queue) {
      parameter.name = "burst";
    } else if (parameter.name == "capacity") {
      parameter = {"burst", one_less(parameter.value), one_less(parameter.least),
                   one_less(parameter.most)};
    } else if (parameter.name == "rate") {
      say_rate(limit.parameters.rate("rate"), parameter);
    }
    parameters.push_back(std::move(parameter));
  }
  if (!is_queue) parameters.push_back({"nodelay", "true", "", ""});
  facts.found.parameters = std::move(parameters);
}

/// What denials say of being nginx's, which denies with 503 unless it is told otherwise.
bool may_be_nginx(const AnswerTally& answers) {
  const std::string server = lower_case(answers.server());
  for (const std::string_view name : {"nginx", "openresty", "tengine"}) {
    if (server.starts_with(name)) return true;
  }
  const limiter::AlgorithmInfo* info = limiter::find_algorithm(nginx_rate_limit);
  return server.empty() && most_frequent(answers.of_denials()) == info->denied_status;
}

}  // namespace

// A request that is held back leaves up to a millisecond late; and on a busy machine the first of a
// burst, which is not, may be late as well, so that less time seems to lie between them.
Rate a_hair_beside(const RateRange& range) {
  constexpr double a_hair = 0.005;
  return roundest_rate(range.least * (1.0 - a_hair) * 1e-9, range.most * (1.0 + a_hair) * 1e-9);
}

std::vector<Rate> nginx_rates(const Rate& measured, const RateRange& range) {
  const Rate rounder = a_hair_beside(range);
  std::vector<Rate> rates;
  for (const Rate& rate : {rounder, measured}) {
    const auto known = by_second_or_minute(rate);
    if (known && (rates.empty() || *known != rates.front())) rates.push_back(*known);
  }
  return rates;
}

namespace {

/// Takes the first of some limits that explains at least as much as the one that was found; whether
/// there is one.
bool prefer_one_of(const std::vector<policy::LimitSpec>& limits, const LiveTarget& target,
                   policy::PolicySpec& policy) {
  if (limits.empty()) return false;
  // Absent where the rate that was measured is none of a product's.
  const auto found = disagreements(target, policy);
  for (const policy::LimitSpec& limit : limits) {
    policy::PolicySpec other = policy;
    other.limits[0] = limit;
    const auto of_other = disagreements(target, other);
    if (!of_other || (found && *of_other > *found)) continue;
    policy = std::move(other);
    return true;
  }
  return false;
}

/// Anybody's queue with a rate as people write it.
std::vector<policy::LimitSpec> with_round_rate(const policy::LimitSpec& queue,
                                               const RateRange& range) {
  if (queue.algorithm != "leaky-bucket-queue" || !queue.parameters.has("rate")) return {};
  policy::LimitSpec limit = queue;
  limit.parameters.set("rate", a_hair_beside(range));
  return {limit};
}

}  // namespace

void prefer_product(const LiveTarget& target, policy::PolicySpec& policy,
                    metrics::ProbeFacts& facts) {
  const AnswerTally& answers = target.answers();
  if (policy.limits.size() != 1) return;
  const bool is_known = policy.limits[0].algorithm == nginx_rate_limit;
  const RateRange range = range_of_rate(facts);
  if (is_known || (answers.families().empty() && may_be_nginx(answers))) {
    if (prefer_one_of(as_nginx(policy.limits[0], range), target, policy)) {
      return say_nginx(policy.limits[0], facts);
    }
  }
  if (!prefer_one_of(with_round_rate(policy.limits[0], range), target, policy)) return;
  for (metrics::ProbeFacts::Parameter& parameter : facts.found.parameters) {
    if (parameter.name == "rate") say_rate(policy.limits[0].parameters.rate("rate"), parameter);
  }
}

}  // namespace weir::probe
