#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "core/int128.hpp"
#include "core/random.hpp"
#include "probe/counter_replay.hpp"
#include "probe/virtual_gateway.hpp"

namespace weir::probe {
namespace {

struct Explained {
  std::string name;
  Kind kind;
  /// With the limit and the window in milliseconds to be filled in.
  std::string words;
};

struct Asked {
  std::int64_t limit = 0;
  std::int64_t window_ms = 0;
  /// Where windows of the epoch begin, since the probe's begin.
  std::int64_t phase_ns = 0;
  Histories histories;
};

// Bursts, pauses and single requests, at random.
Track random_track(RandomSequence& draws, std::uint32_t key, std::int64_t window_ms) {
  Track track;
  track.key = {key};
  const std::uint64_t parts = 5 + draws.below(8);
  for (std::uint64_t p = 0; p < parts; ++p) {
    const auto pause = static_cast<std::int64_t>(
        draws.below(static_cast<std::uint64_t>(window_ms) * (draws.below(4) == 0 ? 2'500 : 600)));
    const std::uint64_t count = 1 + draws.below(6);
    for (std::uint64_t n = 0; n < count; ++n) {
      track.steps.push_back({n == 0 ? Duration::from_us(pause) : Duration::from_ms(5), false});
    }
  }
  return track;
}

// What a gateway with such a limit decided behind some way of its network.
Asked asked_of(const Explained& limit, std::uint64_t seed) {
  RandomSequence draws(RandomStream(seed).named(limit.name));
  constexpr std::array legs_us = {200, 1'000, 20'000};
  Asked asked;
  asked.limit = 2 + static_cast<std::int64_t>(draws.below(8));
  asked.window_ms = 300 + static_cast<std::int64_t>(draws.below(2'000));
  VirtualSetup setup;
  setup.limits = {fmt::format(fmt::runtime(limit.words), asked.limit, asked.window_ms)};
  setup.leg = Duration::from_us(legs_us[draws.below(legs_us.size())]);
  setup.clock_offset = Duration::from_us(static_cast<std::int64_t>(draws.below(5'000'000)));
  setup.seed = seed;
  VirtualGateway gateway(setup);
  const Instant begin = gateway.now();
  Evidence evidence(begin);
  Experiment experiment{"random", "", {}};
  for (std::uint32_t key = 0; key < 4; ++key) {
    experiment.tracks.push_back(random_track(draws, key, asked.window_ms));
  }
  for (const Sighting& sighting : gateway.run(experiment)) {
    evidence.add(experiment.tracks[sighting.track].key, sighting);
  }
  const std::int64_t window_ns = asked.window_ms * 1'000'000;
  const std::int64_t clock_ns = (begin + setup.clock_offset).unix_ns();
  asked.phase_ns = floor_div(clock_ns, window_ns) * window_ns - clock_ns;
  asked.histories = evidence.by_key({true});
  return asked;
}

std::string name_of_case(const testing::TestParamInfo<Explained>& tested) {
  return tested.param.name;
}

class ProbeExplains : public testing::TestWithParam<Explained> {};

// Whatever a counter decided, its own numbers explain it, in whichever order requests arrived.
TEST_P(ProbeExplains, EveryDecisionByTheTruth) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Asked asked = asked_of(GetParam(), seed);
    const Counted counted(asked.histories, GetParam().kind == Kind::counter_count_denied);
    const Counter truth{GetParam().kind, asked.limit, asked.window_ms * 1'000'000, asked.phase_ns};
    for (const EventId id : unexplained_by(counted, truth, 3)) {
      const Event& event = asked.histories[id.key][id.event];
      ADD_FAILURE() << fmt::format("seed {}, limit {} in {}ms: key {}, event {} {}, {} to {} ns",
                                   seed, asked.limit, asked.window_ms, id.key, id.event,
                                   event.allowed ? "admitted" : "denied", event.sent,
                                   event.decided);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Counters, ProbeExplains,
    testing::Values(Explained{"fixed_epoch", Kind::fixed_epoch,
                              "fixed-window anchor=epoch limit={} window={}ms"},
                    Explained{"counter_epoch", Kind::counter_epoch,
                              "sliding-window-counter anchor=epoch limit={} window={}ms"},
                    Explained{"counter_first", Kind::counter_first_request,
                              "sliding-window-counter anchor=first-request limit={} window={}ms"},
                    Explained{"haproxy", Kind::counter_count_denied,
                              "haproxy-http-req-rate limit={} period={}ms"}),
    name_of_case);

struct Fitted {
  Explained limit;
  /// Of a hundred; where little is known of a window's length, the closest is not always found.
  int least;
};

std::string name_of_fitted(const testing::TestParamInfo<Fitted>& tested) {
  return tested.param.limit.name;
}

Fit fit_of(Kind kind, const Clues& clues) {
  if (kind == Kind::token_bucket) return fit_bucket_or_queue(clues);
  if (kind == Kind::fixed_first_request) return fit_fixed_first_request(clues);
  return fit_log(clues, kind == Kind::log_count_denied);
}

class ProbeFits : public testing::TestWithParam<Fitted> {};

// A fit looks for numbers that leave nothing unexplained, and the truth is among them.
TEST_P(ProbeFits, LeaveNothingUnexplained) {
  const auto& [limit, least] = GetParam();
  int explained = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Asked asked = asked_of(limit, seed);
    Clues clues;
    clues.histories = asked.histories;
    const Fit fit = fit_of(limit.kind, clues);
    explained += fit.unexplained.empty() ? 1 : 0;
    if (fit.unexplained.empty()) continue;
    fmt::print("seed {}, limit {} in {}ms: found {} in {} ns ({} to {}), {} unexplained\n", seed,
               asked.limit, asked.window_ms, fit.limit, fit.window.ns(), fit.least_window_ns,
               fit.most_window_ns, fit.unexplained.size());
  }
  EXPECT_GE(explained, least);
}

INSTANTIATE_TEST_SUITE_P(
    Windows, ProbeFits,
    testing::Values(
        Fitted{{"bucket", Kind::token_bucket, "token-bucket capacity={0} rate={0}/{1}ms"}, 100},
        Fitted{{"log", Kind::log, "sliding-window-log limit={} window={}ms"}, 100},
        Fitted{{"log_denied", Kind::log_count_denied,
                "sliding-window-log count_denied=true limit={} window={}ms"},
               100},
        Fitted{{"fixed_first", Kind::fixed_first_request,
                "fixed-window anchor=first-request limit={} window={}ms"},
               95}),
    name_of_fitted);

}  // namespace
}  // namespace weir::probe
