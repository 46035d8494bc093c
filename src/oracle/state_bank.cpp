#include "oracle/state_bank.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace weir::oracle {
namespace {

/// Entries whose state is a number of tokens at an instant, in floating point.
constexpr std::array<std::string_view, 3> token_counters = {"go-x-time-rate", "envoy-local",
                                                            "traefik"};

/// Entries that remember what was counted in each part of a window.
constexpr std::array<std::string_view, 3> segment_counters = {"sliding-window-segments",
                                                              "dotnet-sliding-window", "figma"};

/// Entries to which it makes no difference for a settlement when its request was admitted.
constexpr std::array<std::string_view, 3> timeless_settlers = {"token-bucket", "leaky-bucket",
                                                               "gcra"};

}  // namespace

StateBank::StateBank(const std::vector<policy::Limit>& limits,
                     const limiter::Environment& environment)
    : limits_(limits) {
  for (const policy::Limit& limit : limits) {
    limiters_.push_back(policy::make_limiter(limit, environment));
    limiters_.back()->reset(slots_);
    const bool counts_tokens = std::find(token_counters.begin(), token_counters.end(),
                                         limit.spec.algorithm) != token_counters.end();
    has_equivalents_.push_back(counts_tokens);
    counts_by_segment_ |= std::find(segment_counters.begin(), segment_counters.end(),
                                    limit.spec.algorithm) != segment_counters.end();
    holds_.push_back(limiters_.back()->holds_until_end());
    settles_late_ |= limit.charges_late();
    settles_by_time_ |=
        limit.charges_late() && std::find(timeless_settlers.begin(), timeless_settlers.end(),
                                          limit.spec.algorithm) == timeless_settlers.end();
  }
}

void StateBank::begin(std::span<const Group::Entry> entries) {
  entries_.assign(entries.begin(), entries.end());
  free_.clear();
  rows_ = 0;
}

Row StateBank::take() {
  if (free_.empty()) {
    const std::size_t needed = 1 + (rows_ + std::size_t{1}) * entries_.size();
    if (needed > slots_) {
      slots_ = std::max(needed, slots_ * 2);
      for (const auto& limiter : limiters_) limiter->grow(slots_);
    }
    if (settles_late_) unsettled_.resize(std::max<std::size_t>(unsettled_.size(), rows_ + 1));
    return rows_++;
  }
  const Row row = free_.back();
  free_.pop_back();
  return row;
}

Row StateBank::add_new() {
  const Row row = take();
  for (std::uint32_t e = 0; e < entries_.size(); ++e) {
    limiters_[entries_[e].limit]->copy_state(0, slot(row, e));
  }
  if (settles_late_) unsettled_[row].clear();
  return row;
}

Row StateBank::copy(Row from) {
  const Row row = take();
  for (std::uint32_t e = 0; e < entries_.size(); ++e) {
    limiters_[entries_[e].limit]->copy_state(slot(from, e), slot(row, e));
  }
  if (settles_late_) unsettled_[row] = unsettled_[from];
  return row;
}

bool StateBank::same(Row a, Row b) const {
  for (std::uint32_t e = 0; e < entries_.size(); ++e) {
    if (!limiters_[entries_[e].limit]->has_same_state(slot(a, e), slot(b, e))) return false;
  }
  return !settles_by_time_ || unsettled_[a] == unsettled_[b];
}

bool StateBank::equivalent(Row a, Row b, Instant at) const {
  if (settles_by_time_ && unsettled_[a] != unsettled_[b]) return false;
  for (std::uint32_t e = 0; e < entries_.size(); ++e) {
    const std::uint16_t limit = entries_[e].limit;
    if (limiters_[limit]->has_same_state(slot(a, e), slot(b, e))) continue;
    if (!has_equivalents_[limit]) return false;
    const policy::Quota one = quota(a, e, at);
    const policy::Quota other = quota(b, e, at);
    const std::int64_t apart = (one.reset_after - other.reset_after).ns();
    if (one.remaining != other.remaining || std::abs(apart) > rounding.ns()) return false;
  }
  return true;
}

limiter::Verdict StateBank::check(Row row, const Observation& observation, Instant now) {
  asked_.clear();
  asking_ = {&observation, now};
  for (const LimitAsk& ask : observation.asks) {
    if (holds_[entries_[ask.entry].limit]) continue;
    policy::JointAsk& asked = asked_.emplace_back();
    asked.limiter = limiters_[entries_[ask.entry].limit].get();
    asked.spec = &limits_[entries_[ask.entry].limit].spec;
    asked.charge = charge_of(row, ask, now);
  }
  return policy::check_jointly(asked_);
}

void StateBank::charge(Row row, bool allowed) {
  const auto entries = static_cast<policy::KeyIndex>(entries_.size());
  for (policy::JointAsk& asked : asked_) {
    asked.charge.key = slot(row, (asked.charge.key - 1) % entries);
  }
  policy::charge_jointly(asked_, allowed);
  if (allowed) remember(row);
}

void StateBank::remember(Row row) {
  if (settles_late_ && asking_.observation->is_late()) unsettled_[row].push_back(asking_);
}

// Those that ask the same are settled in the order in which they were admitted.
void StateBank::settle(Row row, const Observation& observation, Instant now) {
  std::vector<Unsettled>& unsettled = unsettled_[row];
  const auto found = std::find_if(unsettled.begin(), unsettled.end(), [&](const Unsettled& u) {
    return u.observation->asks == observation.asks;
  });
  const Instant charged_at = found == unsettled.end() ? now : found->charged_at;
  if (found != unsettled.end()) unsettled.erase(found);
  for (const LimitAsk& ask : observation.asks) {
    if (!ask.real) continue;
    const std::uint16_t limit = entries_[ask.entry].limit;
    const policy::ChargeSpec& charge = limits_[limit].spec.charge;
    const policy::Cost charged =
        charge.when == policy::ChargeSpec::When::reserve ? ask.cost : policy::Cost{0};
    policy::Charge real = charge_of(row, ask, now);
    real.cost = charge.refund ? *ask.real : std::max(*ask.real, charged);
    limiters_[limit]->settle(real, charged_at, charged);
  }
}

void StateBank::charge_anyway(Row row, const Observation& observation, Instant now) {
  for (const LimitAsk& ask : observation.asks) {
    const std::uint16_t limit = entries_[ask.entry].limit;
    policy::Charge charge = charge_of(row, ask, now);
    if (holds_[limit]) continue;
    if (limits_[limit].spec.charge.when == policy::ChargeSpec::When::answer) charge.cost = 0;
    limiters_[limit]->charge(charge);
  }
  asking_ = {&observation, now};
  remember(row);
}

bool StateBank::is_as_new(Row row, const Observation& observation, Instant now) const {
  return std::all_of(observation.asks.begin(), observation.asks.end(), [&](const LimitAsk& ask) {
    const std::uint16_t limit = entries_[ask.entry].limit;
    return holds_[limit] || limiters_[limit]->is_as_new(charge_of(row, ask, now));
  });
}

policy::Quota StateBank::quota(Row row, std::uint32_t entry, Instant now) const {
  return limiters_[entries_[entry].limit]->quota(
      {slot(row, entry), entries_[entry].variant, now, 1});
}

limiter::AdvertisedQuota StateBank::told_quota(Row row, const LimitAsk& ask, Instant now) const {
  return limiters_[limit_of(ask)]->advertised_quota(charge_of(row, ask, now));
}

std::optional<Duration> StateBank::told_wait(Row row, const LimitAsk& ask, Instant now) const {
  return limiters_[limit_of(ask)]->advertised_retry_after(charge_of(row, ask, now));
}

bool StateBank::denies(Row row, const LimitAsk& ask, Instant now) const {
  const std::uint16_t limit = limit_of(ask);
  return limits_[limit].spec.enforce && !limiters_[limit]->check(charge_of(row, ask, now)).allowed;
}

}  // namespace weir::oracle
