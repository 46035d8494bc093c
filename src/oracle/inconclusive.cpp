#include "oracle/inconclusive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "oracle/holders.hpp"
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

Duration middle_of(std::vector<Duration> times) {
  if (times.empty()) return Duration();
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

Duration usual_time(const Evidence& evidence) {
  std::vector<Duration> times;
  for (const Observation& o : evidence.observations) times.push_back(o.received - o.sent);
  return middle_of(std::move(times));
}

/// Until all of the answer was there: denials are answered sooner.
Duration usual_time_of_admissions(const Evidence& evidence) {
  std::vector<Duration> times;
  for (const Observation& o : evidence.observations) {
    if (o.allowed && o.is_known) times.push_back(std::max(o.ended, o.received) - o.sent);
  }
  return middle_of(std::move(times));
}

/// As people write it, whole from a thousand on.
std::string rate_in_words(double per_second) {
  constexpr double whole_from = 1000.0;
  return per_second < whole_from ? fmt::format("{:.3g}", per_second)
                                 : format_count(std::llround(per_second));
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
        "more than {} requests of one key at once, or more than {} a second for "
        "long",
        format_count(pace->burst), rate_in_words(comes_back));
  }
  return "more requests of one key than the policy admits";
}

/// How many requests a second of one key fill the slots of a limit that holds them until they end;
/// none where no limit does.
std::optional<double> rate_that_fills(const Evidence& evidence) {
  const std::vector<bool> holds = holding_limits(evidence.limits);
  std::optional<double> rate;
  const double answers_s = static_cast<double>(usual_time_of_admissions(evidence).ns()) / 1e9;
  for (std::size_t i = 0; i < holds.size(); ++i) {
    if (!holds[i] || answers_s <= 0.0) continue;
    const limiter::Parameters& p = evidence.limits[i].variants[0];
    const double slots = static_cast<double>(p.count(p.has("limit") ? "limit" : "initial_limit"));
    const double waiting = p.has("queue") ? static_cast<double>(p.count("queue")) : 0.0;
    const double fills = (slots + waiting) / answers_s;
    rate = rate ? std::max(*rate, fills) : fills;
  }
  return rate;
}

/// So many requests of a key show more than where its limit begins.
constexpr std::size_t enough_for_adaptive = 200;

bool adapts(const std::vector<policy::Limit>& limits) {
  return std::any_of(limits.begin(), limits.end(), [](const policy::Limit& limit) {
    return limit.variants[0].has("initial_limit");
  });
}

std::size_t requests_of_a_key(const Evidence& evidence) {
  return evidence.observations.size() / std::max<std::size_t>(evidence.groups.size(), 1);
}

/// Of a limit that holds requests: fewer at the same time, but enough to fill it.
std::string traffic_that_overlaps_less(const Evidence& evidence, double share, double fills) {
  constexpr double more_than_fills = 1.2;
  const double rate = rate_of_keys(evidence);
  const double answers_ms = static_cast<double>(usual_time_of_admissions(evidence).ns()) / 1e6;
  const double wanted = std::max(rate * most_undetermined / share * 0.8, fills * more_than_fills);
  if (adapts(evidence.limits) && requests_of_a_key(evidence) < enough_for_adaptive) {
    return fmt::format(
        "the limit of a key is only known once it has moved, and each key sent {} requests: "
        "fewer keys or a longer run, with {} of each, would decide",
        requests_of_a_key(evidence), enough_for_adaptive);
  }
  if (wanted < rate) {
    return fmt::format(
        "what was admitted took {:.3g} ms, and each key sent {} requests a second, of which {} "
        "fill "
        "its limit: more keys with about {} a second each would decide",
        answers_ms, rate_in_words(rate), rate_in_words(fills), rate_in_words(wanted));
  }
  return fmt::format(
      "what was admitted took {:.3g} ms, and {} requests a second of a key fill its limit: an "
      "upstream that takes longer, so that fewer do, or asking from nearer to the gateway would "
      "decide",
      answers_ms, rate_in_words(fills));
}

std::string traffic_less_close(const Evidence& evidence, double share) {
  const double rate = rate_of_keys(evidence);
  const double answers_ms = static_cast<double>(usual_time(evidence).ns()) / 1e6;
  const std::string fewer = rate_in_words(rate * most_undetermined / share * 0.8);
  const bool has_keys = evidence.groups.size() > 1;
  return fmt::format(
      "answers took {:.3g} ms and each key sent {} requests a second: {} {} a second{}, from "
      "nearer "
      "to the gateway, would decide",
      answers_ms, rate_in_words(rate), has_keys ? "more keys with at most" : "at most", fewer,
      has_keys ? " each" : "");
}

}  // namespace

bool is_too_open(std::uint64_t undetermined, std::uint64_t decisions) {
  return static_cast<double>(undetermined) > most_undetermined * static_cast<double>(decisions);
}

std::string held_or_upstream(const Evidence& evidence) {
  const auto pace = pace_of(evidence.limits[0]);
  return fmt::format(
      "answers come later by just as much as if the gateway held requests back to {} a second, "
      "which the policy does not, or an upstream served no more: one that answers at once would "
      "decide",
      pace ? rate_in_words(per_second(pace->rate)) : "a few");
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
  const auto fills = rate_that_fills(evidence);
  return fmt::format("{:.1f} % of the decisions were too close to call; {}", share * 100.0,
                     fills ? traffic_that_overlaps_less(evidence, share, *fills)
                           : traffic_less_close(evidence, share));
}

}  // namespace weir::oracle
