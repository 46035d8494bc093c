#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/subject.hpp"
#include "limiter/catalogue.hpp"

// A store forgets keys whose state equals a new one's. Nobody may be able to tell: from then on the
// key decides, promises and tells what one never seen does.

namespace weir::limiter {
namespace {

class NewStates : public testing::TestWithParam<std::string_view> {};

std::vector<std::string_view> all_ids() {
  std::vector<std::string_view> all;
  for (const AlgorithmInfo& entry : catalogue()) all.push_back(entry.id);
  return all;
}

std::string test_name(const testing::TestParamInfo<std::string_view>& tested) {
  std::string name(tested.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, NewStates, testing::ValuesIn(all_ids()), test_name);

/// Wherever the key that is walked says that it is as new, random traffic goes to it and to one
/// never seen.
class LivesOnAsNew : public Observer {
 public:
  LivesOnAsNew(const Subject& subject, int& seen)
      : Observer(subject), traffic_(traffic(11)), seen_(seen) {}

  void new_key() override { is_blank_ = true; }

  void before(Instant now, Cost) override {
    if (is_blank_ || !limiter().is_as_new(Slot::walked, now)) return;
    if (++seen_ > most_) return;
    limiter().copy(Slot::walked, Slot::first);
    limiter().copy(Slot::blank, Slot::second);
    Instant at = now;
    std::optional<Instant> promised;
    for (int i = 0; i < 30 && at <= last() && !testing::Test::HasFailure(); ++i) {
      promised = expect_alike(at);
      at = traffic_.next_instant(at, promised);
    }
  }

  void after(Instant, Cost cost, const Verdict&) override { is_blank_ = is_blank_ && cost == 0; }

 private:
  std::optional<Instant> expect_alike(Instant at) {
    const Cost cost = traffic_.next_cost(limiter().quota(Slot::first, at).limit);
    EXPECT_EQ(limiter().quota(Slot::first, at), limiter().quota(Slot::second, at)) << where(at);
    const Verdict verdict = limiter().decide(Slot::first, at, cost);
    EXPECT_EQ(verdict, limiter().decide(Slot::second, at, cost)) << where(at) << cost;
    const auto earliest = limiter().earliest(Slot::first, at, cost);
    EXPECT_EQ(earliest, limiter().earliest(Slot::second, at, cost)) << where(at) << cost;
    EXPECT_EQ(limiter().advertised_quota(Slot::first, at),
              limiter().advertised_quota(Slot::second, at))
        << where(at) << cost;
    return verdict.allowed ? std::nullopt : earliest;
  }

  std::string where(Instant at) const {
    return fmt::format("{} at {}, cost ", subject().name, format_instant(at));
  }

  static constexpr int most_ = 20'000;
  RandomTraffic traffic_;
  int& seen_;
  bool is_blank_ = true;
};

/// Those of which a key that was charged is never as new, or that cannot be charged.
const std::set<std::string_view>& never_as_new() {
  static const std::set<std::string_view> all = {"apisix-limit-req",
                                                 "deny-all",
                                                 "go-uber-ratelimit",
                                                 "go-x-time-rate",
                                                 "gradient2",
                                                 "gubernator-leaky",
                                                 "haproxy-http-req-rate",
                                                 "java-bucket4j",
                                                 "java-guava-bursty",
                                                 "java-guava-warming-up",
                                                 "python-limits-sliding-window-counter",
                                                 "traefik",
                                                 "vegas"};
  return all;
}

TEST_P(NewStates, NobodyCanTellThatAKeyWasForgotten) {
  const AlgorithmInfo* info = find_algorithm(GetParam());
  const ConformanceCase* expected = find_case(GetParam());
  ASSERT_NE(expected, nullptr);
  int seen = 0;
  const int requests = requests_each(*expected, 60'000);
  for_each_subject(*info, *expected, [&](const Subject& subject) {
    LivesOnAsNew observer(subject, seen);
    Walk(subject).run(requests, observer);
  });
  // Fewer requests may not come across one.
  if (slowdown > 1 || never_as_new().contains(GetParam())) return;
  EXPECT_GT(seen, 0) << "no key can ever be forgotten";
}

}  // namespace
}  // namespace weir::limiter
