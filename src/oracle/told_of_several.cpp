#include "oracle/told_of_several.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "limiter/catalogue.hpp"
#include "oracle/clock_ticks.hpp"
#include "oracle/holders.hpp"
#include "oracle/order_search.hpp"

namespace weir::oracle {
namespace {

using Counts = metrics::VerificationCounts::Told;

/// What a limit may have had to tell with one answer.
struct MayTell {
  Sight::Range remaining, reset_after, retry_after;
};
/// By observation.
using Tale = std::vector<MayTell>;

/// Follows one of several limits by itself. A request that was admitted was admitted by it; one
/// that was denied may have been by another limit.
class OneOfSeveral {
 public:
  OneOfSeveral(const Evidence& evidence, std::uint16_t limit, const Uncertainty& uncertainty)
      : limits_{evidence.limits[limit]},
        observations_(evidence.observations),
        uncertainty_(uncertainty),
        bank_(limits_, evidence.environment),
        belief_(bank_, uncertainty_,
                limiter::find_algorithm(limits_[0].spec.algorithm)->clock_granularity),
        orders_(belief_),
        tale_(observations_.size()) {
    for (const Group& group : evidence.groups) {
      for (Group& key : keys_of(group, limit)) follow(key);
    }
  }

  Tale take_tale() { return std::move(tale_); }

 private:
  // Each key of the limit is a group by itself.
  std::vector<Group> keys_of(const Group& group, std::uint16_t limit) {
    std::map<std::uint32_t, Group> keys;
    for (const std::uint32_t number : group.observations) {
      Observation& observation = observations_[number];
      const auto asked = std::find_if(
          observation.asks.begin(), observation.asks.end(),
          [&](const LimitAsk& ask) { return group.entries[ask.entry].limit == limit; });
      if (asked == observation.asks.end()) continue;
      Group& key = keys[asked->entry];
      if (key.entries.empty()) key.entries = {{0, group.entries[asked->entry].variant}};
      key.observations.push_back(number);
      const bool is_alone = observation.asks.size() == 1;
      observation.holders = is_alone || observation.allowed ? Observation::Holders::admit
                                                            : Observation::Holders::either;
      observation.asks = {LimitAsk{0, asked->cost}};
    }
    std::vector<Group> found;
    for (auto& [entry, key] : keys) found.push_back(std::move(key));
    return found;
  }

  InFlight in_flight(std::uint32_t number) const {
    InFlight request;
    request.observation = &observations_[number];
    request.number = number;
    request.real = decided_in(observations_[number], uncertainty_);
    request.answered = observations_[number].received;
    request.span = ticks_shown(request.real, uncertainty_);
    request.wide = on_limiters_clock(request.real, uncertainty_);
    return request;
  }

  // Up to the first answer that is not known or not explained: from there on nothing is.
  void follow(const Group& key) {
    bank_.begin(key.entries);
    belief_.begin();
    Particles states = {Particle{bank_.add_new(), Instant::min(), {}}};
    std::vector<InFlight> requests;
    for (const std::uint32_t number : key.observations) requests.push_back(in_flight(number));
    std::stable_sort(requests.begin(), requests.end(), [](const InFlight& a, const InFlight& b) {
      return a.real.from < b.real.from;
    });
    for (std::size_t i = 0; i < requests.size();) {
      Instant end = requests[i].real.to;
      std::size_t next = i + 1;
      for (; next < requests.size() && requests[next].real.from <= end; ++next) {
        end = std::max(end, requests[next].real.to);
      }
      if (!step({requests.data() + i, next - i}, states)) return;
      i = next;
    }
  }

  bool step(std::span<InFlight> together, Particles& states) {
    Particles after;
    const auto is_unknown = [](const InFlight& r) { return !r.observation->is_known; };
    if (std::any_of(together.begin(), together.end(), is_unknown)) return false;
    if (together.size() == 1) {
      belief_.step(states, together[0].decision(), together[0].sight, after);
      if (!together[0].sight.possible) return false;
    } else if (orders_.run(states, together, after) != OrderSearch::Found::explained) {
      return false;
    }
    belief_.release(states);
    states = std::move(after);
    belief_.reduce(states, together.back().span.to);
    if (!belief_.encloses()) return false;
    for (const InFlight& request : together) {
      const Sight& sight = request.sight;
      tale_[request.number] = {sight.remaining, sight.reset_after, sight.retry_after};
    }
    return true;
  }

  std::vector<policy::Limit> limits_;
  std::vector<Observation> observations_;
  Uncertainty uncertainty_;
  StateBank bank_;
  Belief belief_;
  OrderSearch orders_;
  Tale tale_;
};

// ---- What answers told, beside what they may have

/// Times are told in whole seconds, by some as an instant.
constexpr std::int64_t second = 1'000'000'000;

void count_told(const Sight::Range& range, std::optional<std::int64_t> told, std::int64_t slack,
                Counts& counts) {
  if (!told || !range.known) return;
  const bool inside = *told >= range.least - slack && *told <= range.most + slack;
  ++(!inside                             ? counts.disagree
     : range.most - range.least <= slack ? counts.agree
                                         : counts.undetermined);
}

std::optional<std::int64_t> told_ns(std::optional<Duration> duration) {
  if (!duration) return std::nullopt;
  return duration->ns();
}

void add_range(const Sight::Range& range, Sight::Range& into) {
  if (!range.known) return;
  into.add(range.least);
  into.add(range.most);
}

/// What the answer to one request may have told, by each of the limits that it asked for.
class ToldTogether {
 public:
  ToldTogether(const std::vector<Tale>& tales, const std::vector<std::uint16_t>& asked,
               std::uint32_t number) {
    for (const std::uint16_t limit : asked) may_tell_.push_back(&tales[limit][number]);
  }

  /// Of the limit with the least left; all that may have had the least are considered.
  MayTell tightest() const {
    MayTell told;
    std::int64_t most = 0;
    for (const MayTell* one : may_tell_) {
      if (!one->remaining.known) return {};
      const bool is_first = one == may_tell_.front();
      most = is_first ? one->remaining.most : std::min(most, one->remaining.most);
    }
    bool knows_resets = true;
    for (const MayTell* one : may_tell_) {
      if (one->remaining.least > most) continue;
      told.remaining.add(one->remaining.least);
      knows_resets = knows_resets && one->reset_after.known;
      add_range(one->reset_after, told.reset_after);
    }
    if (may_tell_.empty()) return {};
    told.remaining.add(most);
    told.reset_after.known = told.reset_after.known && knows_resets;
    return told;
  }

  /// How long until no limit denies: as long as the one takes that takes the longest.
  Sight::Range longest_wait() const {
    Sight::Range longest;
    for (const MayTell* one : may_tell_) {
      const Sight::Range& wait = one->retry_after;
      if (!wait.known) return {};
      if (!longest.known) longest = wait;
      longest.least = std::max(longest.least, wait.least);
      longest.most = std::max(longest.most, wait.most);
    }
    return longest;
  }

 private:
  std::vector<const MayTell*> may_tell_;
};

/// The answers of a gateway, and what its limits may have had to tell with each.
class ToldBySeveral {
 public:
  ToldBySeveral(const Evidence& evidence, std::vector<Tale> tales)
      : evidence_(evidence), tales_(std::move(tales)), asked_(evidence.observations.size()) {
    for (const Group& group : evidence.groups) {
      for (const std::uint32_t number : group.observations) {
        for (const LimitAsk& ask : evidence.observations[number].asks) {
          const std::uint16_t limit = group.entries[ask.entry].limit;
          if (evidence.limits[limit].spec.enforce) asked_[number].push_back(limit);
        }
      }
    }
  }

  /// What is told of the allowance, taken for one limit's or that of the limit with the least left.
  ToldOfSeveral allowance(std::optional<std::uint16_t> limit) const {
    ToldOfSeveral found;
    found.limit = limit;
    for (std::uint32_t n = 0; n < asked_.size(); ++n) {
      const Told& told = evidence_.observations[n].told;
      const MayTell may = limit ? tales_[*limit][n] : ToldTogether(tales_, asked_[n], n).tightest();
      count_told(may.remaining, told.remaining, 0, found.remaining);
      count_told(may.reset_after, told_ns(told.reset_after), second, found.reset_after);
    }
    return found;
  }

  Counts waits() const {
    Counts counts;
    for (std::uint32_t n = 0; n < asked_.size(); ++n) {
      const Observation& observation = evidence_.observations[n];
      if (observation.allowed) continue;
      count_told(ToldTogether(tales_, asked_[n], n).longest_wait(),
                 told_ns(observation.told.retry_after), second, counts);
    }
    return counts;
  }

 private:
  const Evidence& evidence_;
  std::vector<Tale> tales_;
  /// By observation, the limits that may have said something.
  std::vector<std::vector<std::uint16_t>> asked_;
};

bool can_be_followed(const Evidence& evidence) {
  const std::vector<bool> holds = holding_limits(evidence.limits);
  for (std::size_t l = 0; l < evidence.limits.size(); ++l) {
    if (holds[l] || evidence.limits[l].charges_late()) return false;
  }
  return true;
}

}  // namespace

std::optional<ToldOfSeveral> judge_told_of_several(const Evidence& evidence,
                                                   const Verification& verification) {
  if (!can_be_followed(evidence)) return std::nullopt;
  Uncertainty uncertainty = uncertainty_of(evidence.limits);
  if (verification.depends_on_clock) {
    uncertainty = with_offset(verification.judged_with, uncertainty);
  }
  std::vector<Tale> tales;
  for (std::uint16_t l = 0; l < evidence.limits.size(); ++l) {
    tales.push_back(OneOfSeveral(evidence, l, uncertainty).take_tale());
  }
  const ToldBySeveral told(evidence, std::move(tales));
  ToldOfSeveral best = told.allowance(std::nullopt);
  const auto wrong = [](const ToldOfSeveral& found) {
    return found.remaining.disagree + found.reset_after.disagree;
  };
  for (std::uint16_t l = 0; l < evidence.limits.size(); ++l) {
    if (!evidence.limits[l].spec.enforce) continue;
    const ToldOfSeveral of_one = told.allowance(l);
    if (wrong(of_one) < wrong(best)) best = of_one;
  }
  best.retry_after = told.waits();
  return best;
}

}  // namespace weir::oracle
