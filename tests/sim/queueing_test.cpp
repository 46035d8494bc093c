#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "sim/outcome_for_test.hpp"
#include "support/paths.hpp"

namespace weir::sim {
namespace {

// Whole simulations beside queueing theory. Each figure is the mean of independent runs with seeds
// 1 to `runs`, each of some 20,000 requests after a warm-up, and must lie within four standard
// errors of what theory says; the standard error is estimated from the runs themselves, so that
// chance alone would break a test less than once in a thousand times (Student's t, 19 degrees of
// freedom). That it is small enough for the comparison to mean something is tested, too.
constexpr std::uint64_t runs = 20;

struct Estimate {
  double mean = 0.0;
  double standard_error = 0.0;
};

Estimate estimate(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0.0, squares = 0.0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (n - 1.0) / n)};
}

void expect_theory(const std::string& what, const std::vector<double>& values, double theory,
                   double precision) {
  const Estimate measured = estimate(values);
  EXPECT_NEAR(measured.mean, theory, 4.0 * measured.standard_error) << what;
  EXPECT_LT(measured.standard_error, precision * theory) << what << " is not measured precisely";
}

/// Poisson arrivals at a back end, nothing else: requests a second, what serves them.
struct Queue {
  int rate = 0;
  std::string latency;
  int slots = 0;
  int queue = -1;

  /// In seconds.
  int duration() const { return 20'000 / rate; }

  std::string text(std::uint64_t seed) const {
    const std::string waiting = queue < 0 ? "" : fmt::format(R"(, "queue": {})", queue);
    return fmt::format(
        R"({{"name": "q", "seed": {}, "warmup": "100s", "duration": "{}s",
            "policy": {{"limits": []}},
            "backend": {{"latency": {}, "slots": {}{}}},
            "traffic": [{{"arrivals": {{"process": "poisson", "rate": "{}/1s"}}}}]}})",
        seed, duration(), latency, slots, waiting, rate);
  }
};

using Figure = std::function<double(const metrics::Accumulator&)>;

/// Each figure of each run.
std::vector<std::vector<double>> figures_of(const Queue& queue, const std::vector<Figure>& wanted) {
  std::vector<std::vector<double>> figures(wanted.size());
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    const metrics::Outcome outcome = outcome_of(queue.text(seed), {.threads = 1});
    for (std::size_t f = 0; f < wanted.size(); ++f) figures[f].push_back(wanted[f](only(outcome)));
  }
  return figures;
}

double seconds(double ns) { return ns / 1e9; }

Figure mean_wait() {
  return [](const metrics::Accumulator& a) {
    return seconds(static_cast<double>(a.backend.wait.mean()));
  };
}

/// The share of the requests that waited longer than so long.
Figure share_waiting_longer_than(double time) {
  return [time](const metrics::Accumulator& a) {
    const auto longest = static_cast<std::int64_t>(time * 1e9);
    std::uint32_t low = 0, high = 1'000'000;
    while (low < high) {
      const std::uint32_t middle = (low + high + 1) / 2;
      if (a.backend.wait.percentile(middle) <= longest) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return 1.0 - low / 1e6;
  };
}

Figure share_refused() {
  return [](const metrics::Accumulator& a) {
    return static_cast<double>(a.backend.refused) / static_cast<double>(a.totals.attempts);
  };
}

Figure mean_running(const Queue& queue) {
  const double length = queue.duration();
  return [length](const metrics::Accumulator& a) {
    return seconds(static_cast<double>(a.backend.busy_ns)) / length;
  };
}

Figure mean_present(const Queue& queue) {
  const double length = queue.duration();
  return [length](const metrics::Accumulator& a) {
    return seconds(static_cast<double>(a.backend.present_ns)) / length;
  };
}

/// The share that finds all of so many servers busy and is turned away, with an offered load in
/// erlangs.
double erlang_b(int servers, double load) {
  double blocked = 1.0;
  for (int n = 1; n <= servers; ++n) blocked = load * blocked / (n + load * blocked);
  return blocked;
}

/// The share that finds all of them busy and waits.
double erlang_c(int servers, double load) {
  const double blocked = erlang_b(servers, load);
  return blocked / (1.0 - load / servers * (1.0 - blocked));
}

void expect_mmc(int servers, int rate, double service_rate, const std::string& latency,
                double precision) {
  const Queue queue{.rate = rate, .latency = latency, .slots = servers};
  const double load = rate / service_rate;
  const double spare = servers * service_rate - rate;
  const double waiting = erlang_c(servers, load);
  const double some_time = 1.0 / spare, long_time = 3.0 / spare;
  const auto figures = figures_of(
      queue, {mean_wait(), share_waiting_longer_than(0.0), share_waiting_longer_than(some_time),
              share_waiting_longer_than(long_time), mean_running(queue), mean_present(queue)});
  expect_theory("mean wait", figures[0], waiting / spare, precision);
  expect_theory("P(W > 0)", figures[1], waiting, precision);
  expect_theory("P(W > t)", figures[2], waiting * std::exp(-1.0), precision);
  expect_theory("P(W > 3t)", figures[3], waiting * std::exp(-3.0), 3.0 * precision);
  expect_theory("mean running", figures[4], load, precision);
  expect_theory("mean present", figures[5], load + rate * waiting / spare, precision);
}

TEST(Queueing, OneServerWithExponentialService) {
  expect_mmc(1, 70, 100, R"({"exponential": {"mean": "10ms"}})", 0.02);
}

TEST(Queueing, SeveralServersWithExponentialService) {
  expect_mmc(4, 300, 100, R"({"exponential": {"mean": "10ms"}})", 0.03);
}

TEST(Queueing, ManyServersWithExponentialService) {
  expect_mmc(20, 160, 10, R"({"exponential": {"mean": "100ms"}})", 0.05);
}

/// The mean wait of Pollaczek and Khinchine, of one server.
double pollaczek_khinchine(double rate, double mean, double mean_square) {
  return rate * mean_square / (2.0 * (1.0 - rate * mean));
}

TEST(Queueing, OneServerWithConstantService) {
  const Queue queue{.rate = 80, .latency = R"("10ms")", .slots = 1};
  const auto figures = figures_of(queue, {mean_wait(), share_waiting_longer_than(0.0)});
  expect_theory("mean wait", figures[0], pollaczek_khinchine(80, 0.01, 0.0001), 0.02);
  expect_theory("P(W > 0)", figures[1], 0.8, 0.01);
}

TEST(Queueing, OneServerWithLognormalService) {
  // The mean is median exp(sigma^2 / 2), the mean square median^2 exp(2 sigma^2).
  const Queue queue{
      .rate = 70, .latency = R"({"lognormal": {"median": "8ms", "sigma": 0.5}})", .slots = 1};
  const double mean = 0.008 * std::exp(0.125), mean_square = 0.008 * 0.008 * std::exp(0.5);
  const auto figures = figures_of(queue, {mean_wait(), share_waiting_longer_than(0.0)});
  expect_theory("mean wait", figures[0], pollaczek_khinchine(70, mean, mean_square), 0.02);
  expect_theory("P(W > 0)", figures[1], 70 * mean, 0.01);
}

TEST(Queueing, WithoutAQueueTheShareOfErlangIsRefused) {
  const Queue queue{
      .rate = 400, .latency = R"({"exponential": {"mean": "10ms"}})", .slots = 5, .queue = 0};
  const auto figures = figures_of(queue, {share_refused(), mean_running(queue)});
  expect_theory("refused", figures[0], erlang_b(5, 4.0), 0.01);
  expect_theory("mean running", figures[1], 4.0 * (1.0 - erlang_b(5, 4.0)), 0.01);
}

// Erlang's formula for loss depends on the mean of the service times alone.
TEST(Queueing, WithoutAQueueOnlyTheMeanServiceMatters) {
  const Queue queue{.rate = 400, .latency = R"("10ms")", .slots = 5, .queue = 0};
  expect_theory("refused", figures_of(queue, {share_refused()})[0], erlang_b(5, 4.0), 0.01);
}

// M/M/1/K: with K places in all, the share refused is (1 - r) r^K / (1 - r^(K + 1)).
TEST(Queueing, AShortQueueRefusesSome) {
  const Queue queue{
      .rate = 90, .latency = R"({"exponential": {"mean": "10ms"}})", .slots = 1, .queue = 4};
  const double refused = 0.1 * std::pow(0.9, 5) / (1.0 - std::pow(0.9, 6));
  expect_theory("refused", figures_of(queue, {share_refused()})[0], refused, 0.02);
}

// ---- Two ways to queue

std::string queue_in(const std::string& policy, const std::string& backend,
                     const std::string& traffic) {
  return R"({"name": "q", "seed": 3, "duration": "100s", "policy": {"limits": [)" + policy +
         R"(]}, "backend": {"latency": {"lognormal": {"median": "30ms", "sigma": 1}})" + backend +
         R"(}, "traffic": [{"attributes": {"user": "u"}, )" + traffic + "}]}";
}

// Slots of the back end or of a limit in front of one that has any number: the same requests wait
// for as long, and as many find no room.
TEST(Queueing, ALimitOnConcurrencyQueuesAsABackEndDoes) {
  for (const char* traffic :
       {R"("arrivals": {"process": "poisson", "rate": "80/s"})",
        R"("arrivals": {"process": "poisson", "rate": "80/s"}, "abandon": {"share": 0.5,
           "after": {"exponential": {"mean": "60ms"}}})",
        R"("arrivals": {"process": "poisson", "rate": "80/s"}, "abandon": 0.5)",
        R"("arrivals": {"process": "poisson", "rate": "80/s"}, "on_denied": {"behaviour": "fixed",
           "delay": "200ms", "max_attempts": 10})",
        R"("arrivals": {"process": "poisson", "rate": "80/s"}, "on_denied": {"behaviour":
           "exponential", "max_attempts": 4, "scope": "client", "client": "user"})",
        R"("clients": {"count": 12, "think_time": {"exponential": {"mean": "100ms"}}})"}) {
    SCOPED_TRACE(traffic);
    const metrics::Outcome one = outcome_of(queue_in("", R"(, "slots": 3, "queue": 4)", traffic));
    const metrics::Outcome other = outcome_of(queue_in(
        R"({"algorithm": "concurrency", "limit": 3, "queue": 4, "key": []})", "", traffic));
    const metrics::Accumulator& a = only(one);
    const metrics::Accumulator& b = only(other);
    EXPECT_GT(a.totals.errors, 100U);
    EXPECT_EQ(a.totals.errors, b.totals.denied);
    EXPECT_EQ(a.totals.allowed, b.totals.allowed);
    EXPECT_EQ(a.operations, b.operations);
    EXPECT_EQ(a.backend.served, b.backend.served);
    EXPECT_EQ(a.backend.left, b.backend.left);
    EXPECT_EQ(a.latency_operation, b.latency_operation);
    EXPECT_TRUE(a.backend.busy_ns == b.backend.busy_ns);
  }
}

// ---- Little's law

/// What a histogram's records add up to.
Uint128 sum_of(const metrics::Histogram& h) {
  const metrics::Histogram::Summary summary = h.summary();
  return static_cast<Uint128>(static_cast<std::uint64_t>(summary.sum_high)) << 64 | summary.sum_low;
}

/// The same traffic with a long quiet time after it, in which all that is on its way ends; from its
/// first request on; with clients that wait for their answers and send whenever they like, because
/// nobody records for how long those were in the back end that left it, and because what a client
/// has to wait for another of its operations is no time in the back end.
scenario::Scenario with_a_quiet_end(scenario::Scenario scenario) {
  scenario.warmup = Duration();
  scenario.series_interval.reset();
  const auto simulation = Simulation::prepare(scenario, {});
  if (!simulation) return scenario;
  const Duration busy = simulation->plan().end() - simulation->plan().start();
  for (traffic::ClassSpec& c : scenario.traffic) {
    if (!c.until) c.until = busy;
    c.abandon = {};
    c.on_denied.scope = traffic::RetryScope::operation;
  }
  scenario.duration = busy * 3 + Duration::from_seconds(3'600);
  return scenario;
}

/// The mean number present times the time is the number of arrivals times the mean time that each
/// is present; all in nanoseconds, and to the nanosecond, since the system is empty before and
/// after.
void expect_littles_law(const scenario::Scenario& scenario) {
  for (const metrics::PolicyOutcome& policy : outcome_of(with_a_quiet_end(scenario)).policies) {
    const metrics::Accumulator& a = policy.accumulator;
    SCOPED_TRACE(scenario.name + " " + policy.name);
    EXPECT_GT(a.backend.served, 0U);
    EXPECT_EQ(a.backend.served, a.latency_allowed.count());
    EXPECT_TRUE(a.backend.present_ns == sum_of(a.latency_allowed) - sum_of(a.delay));
    EXPECT_TRUE(a.backend.present_ns == a.backend.busy_ns + sum_of(a.backend.wait));
  }
}

TEST(Queueing, LittlesLawHoldsInABackEnd) {
  for (const Queue& queue :
       {Queue{70, R"({"exponential": {"mean": "10ms"}})", 1},
        Queue{300, R"({"exponential": {"mean": "10ms"}})", 4}, Queue{80, R"("10ms")", 1},
        Queue{400, R"("10ms")", 5, 0}, Queue{90, R"({"exponential": {"mean": "10ms"}})", 1, 4},
        Queue{500, R"({"exponential": {"mean": "10ms"}})", 4}}) {
    expect_littles_law(scenario_of(queue.text(1)));
  }
}

TEST(Queueing, LittlesLawHoldsBehindLimits) {
  const char* const text = R"({"name": "limits", "duration": "200s", "policies": {
      "line": {"limits": [{"algorithm": "concurrency", "limit": 4, "queue": 10, "key": []}]},
      "leased": {"limits": [{"algorithm": "concurrency", "limit": 4, "queue": 10,
                             "slot_ttl": "50ms", "key": []}]},
      "delayed": {"limits": [{"algorithm": "leaky-bucket-queue", "capacity": 30, "rate": "80/s",
                              "key": []}]}},
    "backend": {"latency": {"exponential": {"mean": "40ms"}}, "slots": 3, "queue": 2},
    "traffic": [{"arrivals": {"process": "poisson", "rate": "100/s"},
                 "on_denied": {"behaviour": "exponential", "max_attempts": 5}},
                {"clients": {"count": 5, "think_time": {"exponential": {"mean": "100ms"}}}}]})";
  expect_littles_law(scenario_of(text));
}

TEST(Queueing, LittlesLawHoldsInEveryScenarioWithABackEnd) {
  const std::filesystem::path folder = std::filesystem::path(WEIR_SOURCE_DIR) / "scenarios";
  int met = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".jsonc") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    scenario::LoadOptions options;
    options.base_directory = folder.string();
    const auto scenario = scenario::parse_scenario(text, options);
    ASSERT_TRUE(scenario.has_value()) << entry.path();
    if (!scenario->backend) continue;
    expect_littles_law(*scenario);
    ++met;
  }
  EXPECT_GT(met, 0);
}

}  // namespace
}  // namespace weir::sim
