#include "probe/closest_product.hpp"

#include <algorithm>
#include <optional>

#include "core/int128.hpp"
#include "core/letter_case.hpp"
#include "core/text.hpp"
#include "limiter/catalogue.hpp"
#include "limiter/parameter_text.hpp"
#include "oracle/live_evidence.hpp"
#include "oracle/verify.hpp"

namespace weir::probe {
namespace {

constexpr const char* nginx_rate_limit = "nginx-limit-req";
constexpr const char* nginx_concurrency_limit = "nginx-limit-conn";
constexpr Duration one_minute = Duration::from_seconds(60);

/// nginx knows rates by the second and by the minute; absent where this is neither.
std::optional<Rate> nginx_rate(const Rate& rate) {
  const Duration second = Duration::from_seconds(1);
  if (rate.per == second || rate.per == one_minute) return rate;
  for (const Duration per : {second, one_minute}) {
    const auto units = Int128{rate.units} * per.ns();
    if (units % rate.per.ns() == 0 && units > 0) {
      return Rate{static_cast<std::uint64_t>(units / rate.per.ns()), per};
    }
  }
  return std::nullopt;
}

/// The limit as nginx would have it; absent where it could not.
std::optional<policy::LimitSpec> as_nginx(const policy::LimitSpec& bucket) {
  if (bucket.algorithm == "concurrency") {
    policy::LimitSpec limit = bucket;
    limit.algorithm = nginx_concurrency_limit;
    return limit;
  }
  // What its burst holds waits, unless it is told not to delay.
  const bool is_queue = bucket.algorithm == "leaky-bucket-queue";
  if ((!is_queue && bucket.algorithm != "token-bucket") || !bucket.parameters.has("capacity")) {
    return std::nullopt;
  }
  const auto rate = nginx_rate(bucket.parameters.rate("rate"));
  const std::int64_t capacity = bucket.parameters.count("capacity");
  if (!rate || (!is_queue && capacity < 1)) return std::nullopt;
  policy::LimitSpec limit = bucket;
  limit.algorithm = nginx_rate_limit;
  limit.parameters = {};
  limit.parameters.set("rate", *rate);
  limit.parameters.set("burst", is_queue ? capacity : capacity - 1);
  if (!is_queue) limit.parameters.set("nodelay", true);
  return limit;
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
      parameter.value = limiter::parameter_text(limit.parameters.rate("rate"));
    }
    parameters.push_back(std::move(parameter));
  }
  if (!is_queue) parameters.push_back({"nodelay", "true", "", ""});
  facts.found.parameters = std::move(parameters);
}

}  // namespace

namespace {

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

void prefer_product(const LiveTarget& target, policy::PolicySpec& policy,
                    metrics::ProbeFacts& facts) {
  const AnswerTally& answers = target.answers();
  if (policy.limits.size() != 1 || !answers.families().empty() || !may_be_nginx(answers)) return;
  const auto limit = as_nginx(policy.limits[0]);
  if (!limit) return;
  policy::PolicySpec other = policy;
  other.limits[0] = *limit;
  const auto found = disagreements(target, policy);
  const auto of_product = disagreements(target, other);
  if (!found || !of_product || *of_product > *found) return;
  policy = std::move(other);
  say_nginx(*limit, facts);
}

}  // namespace weir::probe
