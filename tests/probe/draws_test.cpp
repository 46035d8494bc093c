#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <string>

#include "core/random.hpp"
#include "limiter/catalogue.hpp"
#include "probe/probe.hpp"
#include "probe/virtual_gateway.hpp"

namespace weir::probe {
namespace {

/// A kind of gateway, one way of its network, and what is drawn of it.
struct Draws {
  std::string kind;
  Duration leg;
};

struct Drawn {
  VirtualSetup setup;
  std::string family;
  std::int64_t limit = 0;
  /// In nanoseconds, or units a second.
  double window = 0.0;
  double rate = 0.0;
  /// Of a slower limit beside it, if there is one.
  std::string slower_family = {};
  std::int64_t slower_limit = 0;
};

std::int64_t between(RandomSequence& draws, std::int64_t least, std::int64_t most) {
  const double ratio = static_cast<double>(most) / static_cast<double>(least);
  return std::llround(static_cast<double>(least) * std::pow(ratio, draws.uniform()));
}

// Within reach: limits from 2 to 100, windows from half a second, or from 25 round trips, to 15 s,
// at most 50 a second.
Drawn draw(const std::string& kind, Duration leg, std::uint64_t number) {
  RandomSequence draws(
      RandomStream(number).named(kind).numbered(static_cast<std::uint64_t>(leg.ns())));
  Drawn drawn;
  drawn.setup.leg = leg;
  drawn.setup.seed = number * 1'000 + static_cast<std::uint64_t>(leg.ns());
  drawn.setup.clock_offset =
      Duration::from_ms(static_cast<std::int64_t>(draws.below(4'000)) - 2'000);
  drawn.limit = between(draws, 2, 60);
  const std::int64_t least_ms =
      std::max({std::int64_t{500}, drawn.limit * 20, 25 * 2 * leg.ns() / 1'000'000});
  const std::int64_t window_ms = between(draws, least_ms, 10'000);
  drawn.window = static_cast<double>(window_ms) * 1e6;
  const double round_trip = 2e-9 * static_cast<double>(leg.ns());
  const double fastest = std::min(50.0, 0.3 / round_trip);
  const std::int64_t rate =
      between(draws, std::max<std::int64_t>(1, drawn.limit * 60 / 10), std::llround(fastest * 60));
  drawn.rate = static_cast<double>(rate) / 60;
  const auto window = [&](const char* algorithm, const char* more) {
    drawn.setup.limits = {
        fmt::format("{} limit={} window={}ms {}", algorithm, drawn.limit, window_ms, more)};
    drawn.family = algorithm;
  };
  if (kind == "none") {
    drawn.family = "none";
  } else if (kind == "token-bucket") {
    drawn.setup.limits = {fmt::format("token-bucket capacity={} rate={}/1m", drawn.limit, rate)};
    drawn.family = kind;
  } else if (kind == "queue") {
    drawn.setup.limits = {
        fmt::format("leaky-bucket-queue capacity={} rate={}/1m", drawn.limit, rate)};
    drawn.family = "leaky-bucket-queue";
  } else if (kind == "concurrency") {
    drawn.limit = between(draws, 2, 60);
    drawn.setup.service = Duration::from_ns(
        std::max<std::int64_t>(leg.ns() * 6, drawn.limit * 5'500'000 + 20'000'000 + leg.ns() * 6));
    drawn.setup.limits = {fmt::format("concurrency limit={}", drawn.limit)};
    drawn.family = kind;
  } else if (kind == "concurrency-at-once") {
    // Never reached by requests one after the other at 200 a second.
    drawn.limit = between(draws, 10, 80);
    drawn.setup.service = Duration::from_ms(drawn.limit * 3);
    drawn.setup.limits = {fmt::format("concurrency limit={}", drawn.limit)};
    drawn.family = "concurrency";
  } else if (kind == "fixed-epoch") {
    window("fixed-window", "anchor=epoch");
  } else if (kind == "fixed-first") {
    window("fixed-window", "anchor=first-request");
  } else if (kind == "log") {
    window("sliding-window-log", "");
  } else if (kind == "log-denied") {
    window("sliding-window-log", "count_denied=true");
  } else if (kind == "counter") {
    window("sliding-window-counter", "");
  } else if (kind == "counter-first") {
    window("sliding-window-counter", "anchor=first-request");
  } else {
    drawn.setup.limits = {
        fmt::format("haproxy-http-req-rate limit={} period={}ms", drawn.limit, window_ms)};
    drawn.family = "sliding-window-counter";
  }
  return drawn;
}

// As in "10 a second and 100 a minute".
Drawn draw_two(const std::string& kind, std::uint64_t number) {
  RandomSequence draws(RandomStream(number).named(kind));
  Drawn drawn;
  drawn.setup.seed = number;
  drawn.setup.clock_offset = Duration::from_ms(static_cast<std::int64_t>(draws.below(4'000)));
  drawn.limit = between(draws, 5, 20);
  drawn.slower_limit = between(draws, 4 * drawn.limit, 8 * drawn.limit);
  const std::int64_t slower_s = between(draws, 20, 40);
  drawn.window = 1e9;
  drawn.rate = static_cast<double>(drawn.limit);
  constexpr std::array firsts = {"token-bucket", "fixed-window", "sliding-window-log"};
  drawn.family = firsts[draws.below(firsts.size())];
  const auto words = [](const std::string& family, std::int64_t limit, std::int64_t seconds) {
    return family == "token-bucket"
               ? fmt::format("{} capacity={} rate={}/{}s", family, limit, limit, seconds)
               : fmt::format("{} limit={} window={}s", family, limit, seconds);
  };
  drawn.slower_family = kind.substr(kind.find(' ') + 1);
  drawn.setup.limits = {words(drawn.family, drawn.limit, 1),
                        words(drawn.slower_family, drawn.slower_limit, slower_s)};
  return drawn;
}

std::string text_of(const metrics::ProbeFacts::Limit& limit) {
  std::string text = limit.family + ": " + limit.algorithm;
  for (const auto& p : limit.parameters) {
    text += fmt::format(" {}={} ({} to {})", p.name, p.value, p.least, p.most);
  }
  return text;
}

std::string limit_of(const metrics::ProbeFacts::Limit& limit) {
  for (const auto& p : limit.parameters) {
    if (p.name == "limit" || p.name == "capacity") return p.value;
  }
  return "";
}

/// The value of the found policy's parameter, as a number.
double number_of(const ProbeResult& found, std::string_view name) {
  if (found.policy.limits.empty()) return 0.0;
  const auto& values = found.policy.limits[0].parameters.values();
  const auto value = values.find(name);
  if (value == values.end()) return 0.0;
  if (const auto* count = std::get_if<std::int64_t>(&value->second)) {
    return static_cast<double>(*count);
  }
  if (const auto* window = std::get_if<Duration>(&value->second)) {
    return static_cast<double>(window->ns());
  }
  if (const auto* rate = std::get_if<Rate>(&value->second)) return per_second(*rate);
  return 0.0;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int usual_draws = 1;
#else
constexpr int usual_draws = 2;
#endif

int number_in_environment(const char* name, int usual) {
  const char* given = std::getenv(name);
  return given == nullptr ? usual : std::atoi(given);
}

int draws_wanted() { return number_in_environment("WEIR_PROBE_DRAWS", usual_draws); }
/// The draws' numbers begin here, so that one that failed can be looked at alone.
int first_draw() { return number_in_environment("WEIR_PROBE_FIRST", 1); }

/// A probe by one key candidate, within the usual budget.
ProbeResult probe_by_user(VirtualGateway& gateway) {
  ProbeOptions options;
  options.candidates = {"header:X-User"};
  ProbeResult found = run_probe(gateway, options);
  EXPECT_LE(gateway.used(), 1'000U);
  return found;
}

class ProbeDrawsOf : public testing::TestWithParam<std::tuple<std::string, int>> {};

// Behind one of them a probe sees the other where it is slower; where budget and time do not tell
// its kind, it says so, and never names a wrong one.
TEST(ProbeDraws, TwoLimitsAreFound) {
  for (const std::string second :
       {"two token-bucket", "two fixed-window", "two sliding-window-log"}) {
    const int wanted = draws_wanted();
    int found_both = 0;
    int wrong = 0;
    for (int n = first_draw(); n < first_draw() + wanted; ++n) {
      const Drawn drawn = draw_two(second, static_cast<std::uint64_t>(n));
      VirtualGateway gateway(drawn.setup);
      const ProbeResult found = probe_by_user(gateway);
      const auto& further = found.facts.further_limits;
      const bool is_decided = found.facts.found.family != "undecided";
      const bool is_right = found.facts.found.family == drawn.family && further.size() == 1 &&
                            further[0].family == drawn.slower_family &&
                            limit_of(further[0]) == std::to_string(drawn.slower_limit);
      found_both += is_right ? 1 : 0;
      wrong += is_decided && !is_right ? 1 : 0;
      if (is_right && std::getenv("WEIR_PROBE_STORY") == nullptr) continue;
      fmt::print("{} {}: {} and {}\n  found {}; {} requests, {:.3g} s; {}\n", second, n,
                 drawn.setup.limits[0], drawn.setup.limits[1], text_of(found.facts.found),
                 gateway.used(), static_cast<double>(found.facts.time_used.ns()) / 1e9,
                 found.facts.why_undecided);
      for (const auto& limit : further) fmt::print("    and {}\n", text_of(limit));
      for (const auto& e : found.facts.experiments) {
        fmt::print("      {}: {} requests, {}\n", e.name, e.requests, e.showed);
      }
    }
    fmt::print("{}: of {} draws both found {}, wrong {}\n", second, wanted, found_both, wrong);
    EXPECT_LE(wrong, wanted / 50);
    EXPECT_GE(found_both, wanted / 2);
  }
}

// Few at once, and beside that a bucket that lasts for longer.
TEST(ProbeDraws, ABucketBesideALimitOnConcurrencyIsFound) {
  const int wanted = draws_wanted();
  int found_both = 0;
  int wrong = 0;
  for (int n = first_draw(); n < first_draw() + wanted; ++n) {
    RandomSequence draws(RandomStream(static_cast<std::uint64_t>(n)).named("two at once"));
    VirtualSetup setup;
    setup.seed = static_cast<std::uint64_t>(n);
    setup.leg = Duration::from_us(between(draws, 200, 2'000));
    setup.service = Duration::from_ms(between(draws, 60, 200));
    const std::int64_t slots = between(draws, 2, 8);
    const std::int64_t capacity = between(draws, 20, 60);
    // So slow that as many at once as there are slots, or one after the other, are too fast.
    const std::int64_t fastest = 450 * slots / (setup.service.ns() / 1'000'000);
    const std::int64_t rate = between(draws, 2, std::clamp<std::int64_t>(fastest, 3, 12));
    setup.limits = {fmt::format("concurrency limit={}", slots),
                    fmt::format("token-bucket capacity={} rate={}/s", capacity, rate)};
    VirtualGateway gateway(setup);
    const ProbeResult found = probe_by_user(gateway);
    const auto& further = found.facts.further_limits;
    const bool is_decided = found.facts.found.family != "undecided";
    const bool is_right = found.facts.found.family == "concurrency" &&
                          limit_of(found.facts.found) == std::to_string(slots) &&
                          further.size() == 1 && further[0].family == "token-bucket" &&
                          limit_of(further[0]) == std::to_string(capacity);
    found_both += is_right ? 1 : 0;
    wrong += is_decided && !is_right ? 1 : 0;
    if (is_right && std::getenv("WEIR_PROBE_STORY") == nullptr) continue;
    fmt::print("two at once {}: {} and {}, {} served, {} away\n  found {}{}; {} requests; {}\n", n,
               setup.limits[0], setup.limits[1], setup.service.ns() / 1'000'000,
               setup.leg.ns() / 1'000, text_of(found.facts.found),
               further.empty() ? "" : " and " + text_of(further[0]), gateway.used(),
               found.facts.why_undecided);
    for (const auto& e : found.facts.experiments) {
      fmt::print("      {}: {} requests, {}\n", e.name, e.requests, e.showed);
    }
  }
  fmt::print("two at once: of {} draws both found {}, wrong {}\n", wanted, found_both, wrong);
  EXPECT_LE(wrong, wanted / 50);
  EXPECT_GE(found_both, wanted / 2);
}

TEST_P(ProbeDrawsOf, AreFound) {
  const auto& [kind, leg_us] = GetParam();
  const int wanted = draws_wanted();
  int family = 0;
  int limit = 0;
  int pace = 0;
  std::uint64_t requests = 0;
  for (int n = first_draw(); n < first_draw() + wanted; ++n) {
    const Drawn drawn = draw(kind, Duration::from_us(leg_us), static_cast<std::uint64_t>(n));
    VirtualGateway gateway(drawn.setup);
    const ProbeResult found = probe_by_user(gateway);
    EXPECT_LE(gateway.most_in_a_second(), 200U);
    requests += gateway.used();
    const bool right =
        found.facts.found.family == drawn.family && found.facts.further_limits.empty();
    family += right ? 1 : 0;
    const double found_limit = std::max({number_of(found, "limit"), number_of(found, "capacity")});
    const bool same_limit =
        drawn.family == "none" || found_limit == static_cast<double>(drawn.limit);
    limit += same_limit ? 1 : 0;
    const double found_pace = std::max({number_of(found, "window") / drawn.window,
                                        number_of(found, "period") / drawn.window,
                                        number_of(found, "rate") / drawn.rate});
    const bool no_pace = drawn.family == "none" || drawn.family == "concurrency";
    const bool same_pace = no_pace || std::abs(found_pace - 1.0) <= 0.05;
    pace += same_pace ? 1 : 0;
    if (!right || !same_limit || !same_pace || std::getenv("WEIR_PROBE_STORY") != nullptr) {
      fmt::print("{} {}: {}\n  found {} ({} unexplained), {} requests, {:.3g} s; {}\n", kind, n,
                 drawn.setup.limits.empty() ? "none" : drawn.setup.limits[0],
                 text_of(found.facts.found), found.facts.unexplained, gateway.used(),
                 static_cast<double>(found.facts.time_used.ns()) / 1e9, found.facts.why_undecided);
      for (const auto& other : found.facts.alternatives) {
        fmt::print("    {}: {} ({})\n", text_of(other.limit), other.against, other.unexplained);
      }
      for (const auto& e : found.facts.experiments) {
        fmt::print("      {}: {} requests, {}\n", e.name, e.requests, e.showed);
      }
    }
  }
  fmt::print("{} at {} us: of {} draws family {}, limit {}, pace {}; {} requests each\n", kind,
             leg_us, wanted, family, limit, pace, requests / static_cast<std::uint64_t>(wanted));
  const int least = wanted * 98 / 100;
  EXPECT_GE(family, least);
  EXPECT_GE(limit, least);
  EXPECT_GE(pace, least);
}

std::string name_of_draws(const testing::TestParamInfo<std::tuple<std::string, int>>& drawn) {
  std::string name =
      std::get<0>(drawn.param) + "_" + std::to_string(std::get<1>(drawn.param)) + "us";
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Virtual, ProbeDrawsOf,
                         testing::Combine(testing::Values("none", "token-bucket", "queue",
                                                          "concurrency", "fixed-epoch",
                                                          "fixed-first", "log", "log-denied",
                                                          "counter", "counter-first", "haproxy"),
                                          testing::Values(200, 1'000, 20'000)),
                         name_of_draws);

// Behind 20 ms each way what comes at once does not arrive at once.
INSTANTIATE_TEST_SUITE_P(Near, ProbeDrawsOf,
                         testing::Combine(testing::Values("concurrency-at-once"),
                                          testing::Values(200, 1'000)),
                         name_of_draws);

}  // namespace
}  // namespace weir::probe
