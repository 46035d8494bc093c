#include "oracle/inconclusive.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "limiter/parameter_text.hpp"
#include "oracle/pace.hpp"

namespace weir::oracle {
namespace {

/// Below so many decisions near the limit, or above such a share of undetermined ones, the rest
/// says nothing.
constexpr std::uint64_t fewest_near_limit = 10;
constexpr double most_undetermined = 0.02;

/// Requests a second of a key, on average over the keys that sent more than one.
double rate_of_keys(const Evidence& evidence) {
  double requests = 0.0;
  double seconds = 0.0;
  for (const Group& group : evidence.groups) {
    if (group.observations.size() < 2) continue;
    const Instant first = evidence.observations[group.observations.front()].sent;
    const Instant last = evidence.observations[group.observations.back()].sent;
    requests += static_cast<double>(group.observations.size() - 1);
    seconds += static_cast<double>((last - first).ns()) / 1e9;
  }
  return seconds > 0.0 ? requests / seconds : 0.0;
}

Duration usual_time(const Evidence& evidence) {
  std::vector<Duration> times;
  for (const Observation& o : evidence.observations) times.push_back(o.received - o.sent);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

/// Where nothing limits, any denial at all would disagree.
bool limits_nothing(const Evidence& evidence) {
  return std::all_of(evidence.limits.begin(), evidence.limits.end(),
                     [](const auto& limit) { return limit.spec.algorithm == "unlimited"; });
}

/// How many requests of a key come near the limit.
std::string traffic_near_limit(const Evidence& evidence) {
  for (const policy::Limit& limit : evidence.limits) {
    const auto pace = pace_of(limit);
    if (!pace || pace->rate.units == 0) continue;
    const double comes_back = per_second(pace->rate);
    return fmt::format(
        "more than {} requests of one key at once, or more than {:.3g} a second for "
        "long",
        format_count(pace->burst), comes_back);
  }
  return "more requests of one key than the policy admits";
}

/// What leaves so much open whatever the traffic is like; empty where it is the traffic.
std::string what_hides(const std::vector<policy::Limit>& limits) {
  for (const policy::Limit& limit : limits) {
    const limiter::Parameters& p = limit.variants[0];
    if (limit.spec.algorithm == "vegas") {
      return fmt::format(
          "vegas measures its shortest time anew at random, so that nobody outside can know where "
          "between 1 and {} its limit is, and no traffic would decide: believing in "
          "\"concurrency\" "
          "with a limit of {} says whether ever more are admitted",
          format_count(p.count("max_concurrency")), format_count(p.count("max_concurrency")));
    }
    if (p.has("slot_ttl") && p.has("queue") && p.count("queue") > 0) {
      return fmt::format(
          "what waits takes its slot, and loses it after {}, at an instant that shows only once it "
          "is answered: requests that are served sooner than that, fewer of a key at once, or a "
          "gateway with no queue would decide",
          limiter::parameter_text(p.duration("slot_ttl")));
    }
  }
  return "";
}

std::string traffic_less_close(const Evidence& evidence, double share) {
  const double rate = rate_of_keys(evidence);
  const double answers_ms = static_cast<double>(usual_time(evidence).ns()) / 1e6;
  return fmt::format(
      "answers took {:.3g} ms and each key sent {:.3g} requests a second: more keys with at most "
      "{:.2g} a second each, from nearer to the gateway, would decide",
      answers_ms, rate, rate * most_undetermined / share * 0.8);
}

}  // namespace

bool is_too_open(std::uint64_t undetermined, std::uint64_t decisions) {
  return static_cast<double>(undetermined) > most_undetermined * static_cast<double>(decisions);
}

std::string why_inconclusive(const Evidence& evidence, const Verification& found) {
  const std::uint64_t decisions = found.decisions();
  if (decisions == 0) return "no request was decided";
  if (found.findings.disagree > 0) return "";
  if (limits_nothing(evidence)) {
    if (decisions >= fewest_near_limit) return "";
    return fmt::format("only {} decisions, which is too few to say that nothing limits", decisions);
  }
  if (found.findings.near_limit < fewest_near_limit) {
    return fmt::format(
        "only {} of {} decisions were near the limit, and traffic that is all allowed proves "
        "nothing: {} would decide",
        found.findings.near_limit, format_count(static_cast<std::int64_t>(decisions)),
        traffic_near_limit(evidence));
  }
  const double share =
      static_cast<double>(found.findings.undetermined) / static_cast<double>(decisions);
  if (!is_too_open(found.findings.undetermined, decisions)) return "";
  const std::string hidden = what_hides(evidence.limits);
  return fmt::format("{:.1f} % of the decisions were too close to call; {}", share * 100.0,
                     hidden.empty() ? traffic_less_close(evidence, share) : hidden);
}

}  // namespace weir::oracle
