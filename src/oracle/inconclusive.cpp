#include "oracle/inconclusive.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
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

std::string traffic_less_close(const Evidence& evidence, double share) {
  const double rate = rate_of_keys(evidence);
  const double answers_ms = static_cast<double>(usual_time(evidence).ns()) / 1e6;
  return fmt::format(
      "answers took {:.3g} ms and each key sent {:.3g} requests a second: more keys with at most "
      "{:.2g} a second each, from nearer to the gateway, would decide",
      answers_ms, rate, rate * most_undetermined / share * 0.8);
}

}  // namespace

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
  if (share <= most_undetermined) return "";
  return fmt::format("{:.1f} % of the decisions were too close to call; {}", share * 100.0,
                     traffic_less_close(evidence, share));
}

}  // namespace weir::oracle
