#include "oracle/virtual_target.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "conformance/settings.hpp"
#include "limiter/catalogue.hpp"

namespace weir::oracle {
namespace {

struct Arrival {
  std::uint32_t number = 0;
  std::uint32_t key = 0;
  /// On the gateway's clock.
  Instant decided;
};

Duration exponential(double mean_ns, RandomSequence& draws) {
  return Duration::from_ns(static_cast<std::int64_t>(-mean_ns * std::log(draws.uniform())));
}

/// What the network takes one way.
Duration leg(Duration typical, RandomSequence& draws) {
  const auto ns = static_cast<double>(typical.ns());
  return Duration::from_ns(typical.ns() / 2) + exponential(ns / 2, draws);
}

/// When each key's requests are sent.
void send_all(const VirtualTraffic& traffic, RandomSequence& draws, Evidence& evidence,
              std::vector<Arrival>& arrivals) {
  const std::size_t each = traffic.requests / traffic.keys;
  const double bursts_per_second =
      traffic.requests_per_second / (static_cast<double>(traffic.burst + 1) / 2);
  for (std::uint32_t key = 0; key < traffic.keys; ++key) {
    Group& group = evidence.groups.emplace_back();
    group.entries = {{.limit = 0, .variant = 0}};
    Instant at = evidence.environment.start + exponential(1e9, draws);
    for (std::size_t sent = 0; sent < each;) {
      for (std::uint64_t n = 1 + draws.below(traffic.burst); n > 0 && sent < each; --n, ++sent) {
        const auto number = static_cast<std::uint32_t>(evidence.observations.size());
        Observation& observation = evidence.observations.emplace_back();
        observation.sent = at;
        observation.asks = {{.entry = 0,
                             .cost = 1 + static_cast<policy::Cost>(draws.below(
                                             static_cast<std::uint64_t>(traffic.most_cost)))}};
        group.observations.push_back(number);
        const bool is_late = traffic.one_late_in > 0 && draws.below(traffic.one_late_in) == 0;
        const Duration stall = is_late ? Duration::from_ms(300) : Duration();
        arrivals.push_back(
            {number, key, at + leg(traffic.delay, draws) + stall + traffic.clock_offset});
        at += exponential(2e5, draws);
      }
      at += exponential(1e9 / bursts_per_second, draws);
    }
  }
}

/// What the gateway's clock shows; its ticks lie anywhere.
Instant shown(Instant at, Duration tick) {
  constexpr std::int64_t phase_ns = 1'300'000;
  if (tick == Duration()) return at;
  const std::int64_t ns = at.unix_ns() - phase_ns;
  return Instant::from_unix_ns(ns - ns % tick.ns() + phase_ns);
}

}  // namespace

policy::Limit limit_of(std::string_view words) {
  policy::Limit limit;
  const std::size_t space = std::min(words.find(' '), words.size());
  limit.spec.name = limit.spec.algorithm = words.substr(0, space);
  const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.spec.algorithm);
  const auto parameters = limiter::parameters_of(*info, words.substr(space));
  EXPECT_TRUE(parameters) << words << ": " << (parameters ? "" : parameters.error());
  limit.variants = {*parameters};
  limit.spec.parameters = *parameters;
  return limit;
}

Evidence observe(const policy::Limit& limit, const VirtualTraffic& traffic,
                 const policy::Limit& believed) {
  Evidence evidence;
  evidence.limits = {believed};
  evidence.environment.start = Instant::from_unix_seconds(1'800'000'000);
  evidence.offset = {traffic.clock_offset - Duration::from_ms(900),
                     traffic.clock_offset + Duration::from_ms(700)};
  RandomSequence draws(RandomStream(traffic.seed).named("virtual target"));
  std::vector<Arrival> arrivals;
  send_all(traffic, draws, evidence, arrivals);
  std::stable_sort(arrivals.begin(), arrivals.end(),
                   [](const Arrival& a, const Arrival& b) { return a.decided < b.decided; });
  const auto gateway = policy::make_limiter(limit, evidence.environment);
  gateway->reset(traffic.keys);
  for (const Arrival& arrival : arrivals) {
    Observation& observation = evidence.observations[arrival.number];
    const policy::Charge charge{arrival.key, 0, shown(arrival.decided, traffic.clock_tick),
                                observation.asks[0].cost};
    policy::Promise told{0, Duration::max(), Duration::max()};
    const limiter::Verdict verdict = gateway->decide(charge, told);
    observation.allowed = verdict.allowed;
    const limiter::AdvertisedQuota quota = gateway->advertised_quota(charge);
    observation.told = {quota.remaining, quota.reset_after, std::nullopt};
    if (told.advertised != Duration::max()) observation.told.retry_after = told.advertised;
    observation.received =
        arrival.decided - traffic.clock_offset + verdict.delay + leg(traffic.delay, draws);
  }
  return evidence;
}

void decide_jointly(Evidence& evidence) {
  const auto decided = [](const Observation& observation) {
    return observation.sent + Duration::from_ns((observation.received - observation.sent).ns() / 3);
  };
  StateBank gateway(evidence.limits, evidence.environment);
  for (const Group& group : evidence.groups) {
    std::vector<std::uint32_t> order = group.observations;
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return decided(evidence.observations[a]) < decided(evidence.observations[b]);
    });
    gateway.begin(group.entries);
    const Row row = gateway.add_new();
    for (const std::uint32_t n : order) {
      Observation& observation = evidence.observations[n];
      observation.allowed = gateway.check(row, observation, decided(observation)).allowed;
      gateway.charge(row, observation.allowed);
    }
  }
}

}  // namespace weir::oracle
