#include "oracle/likeness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "oracle/admitted_beyond.hpp"
#include "oracle/other_keys.hpp"
#include "oracle/virtual_target.hpp"

// What a gateway behaves like that does not do as it was believed to.

namespace weir::oracle {
namespace {

VirtualTraffic likeness_traffic() {
  VirtualTraffic traffic;
  traffic.delay = Duration::from_us(200);
  traffic.requests_per_second = 30.0;
  traffic.requests = 800;
  traffic.keys = 8;
  return traffic;
}

struct Alike {
  const char* truth;
  const char* belief;
  const char* words;
};

void PrintTo(const Alike& alike, std::ostream* out) {
  *out << alike.truth << " instead of " << alike.belief;
}

class Likenesses : public ::testing::TestWithParam<Alike> {};

TEST_P(Likenesses, IsNamed) {
  const Evidence evidence =
      observe(limit_of(GetParam().truth), likeness_traffic(), limit_of(GetParam().belief));
  const auto likeness = find_likeness(evidence, verify(evidence));
  ASSERT_TRUE(likeness);
  EXPECT_EQ(likeness->words, GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    Round, Likenesses,
    ::testing::Values(Alike{"gcra rate=20/s burst=10", "gcra rate=21/s burst=10", "a rate of 20/s"},
                      Alike{"gcra rate=21/s burst=10", "gcra rate=20/s burst=10", "a rate of 21/s"},
                      Alike{"sliding-window-log limit=20 window=1s",
                            "sliding-window-log limit=20 window=1050ms", "a window of 1s"}));

INSTANTIATE_TEST_SUITE_P(Queue, Likenesses,
                         ::testing::Values(Alike{"nginx-limit-req rate=10/s burst=9",
                                                 "sliding-window-log limit=10 window=1s",
                                                 "nginx-limit-req burst=9 rate=10/s"},
                                           Alike{"leaky-bucket-queue capacity=3 rate=4/s",
                                                 "leaky-bucket-queue capacity=4 rate=4/s",
                                                 "a capacity of 3"}));

/// Another policy explains as made in time what is wrong with the believed one, and settles it.
void expect_settled_as(const Evidence& evidence, const Verification& prompt, const char* words) {
  const auto likeness = find_likeness(evidence, prompt);
  ASSERT_TRUE(likeness) << words;
  EXPECT_TRUE(likeness->settles) << words;
  EXPECT_EQ(likeness->words, words);
}

VirtualTraffic queue_traffic() {
  VirtualTraffic traffic = likeness_traffic();
  traffic.requests_per_second = 12.0;
  traffic.requests = 2'000;
  traffic.keys = 20;
  return traffic;
}

// Late decisions would explain it, but another burst, or rate, explains that nothing was late.
TEST(Likeness, OfAQueueSettlesWhatLateDecisionsLeaveOpen) {
  for (const auto& [belief, words] :
       {std::pair("nginx-limit-req rate=10/s burst=6", "a burst of 5"),
        std::pair("nginx-limit-req rate=11/s burst=5", "a rate of 10/s"),
        std::pair("nginx-limit-req rate=630/m burst=5", "a rate of 600/1m"),
        std::pair("nginx-limit-req rate=570/m burst=5", "a rate of 600/1m")}) {
    const Evidence evidence =
        observe(limit_of("nginx-limit-req rate=10/s burst=5"), queue_traffic(), limit_of(belief));
    const auto prompt = verify_prompt(evidence);
    ASSERT_TRUE(prompt) << belief;
    EXPECT_GT(prompt->findings.disagree, 20U) << belief;
    expect_settled_as(evidence, *prompt, words);
  }
}

// Late decisions would explain answers that were held back for too long, and leave nothing open.
TEST(Likeness, OfADelaySettlesWhatLateDecisionsExplain) {
  VirtualTraffic traffic = likeness_traffic();
  traffic.requests_per_second = 17.0;
  traffic.requests = 1'400;
  traffic.keys = 12;
  const Evidence evidence = observe(limit_of("nginx-limit-req rate=10/s burst=20 delay=8"), traffic,
                                    limit_of("nginx-limit-req rate=10/s burst=20 delay=12"));
  const Verification found = verify(evidence);
  EXPECT_TRUE(found.findings.disagree > 0 || found.takes_late);
  const auto prompt = verify_prompt(evidence);
  ASSERT_TRUE(prompt);
  EXPECT_GT(prompt->findings.delays_too_long, 100U);
  expect_settled_as(evidence, *prompt, "a delay of 8");
}

// Each key asks for more than a window admits, in every window of it.
VirtualTraffic windowed_traffic() {
  VirtualTraffic traffic = likeness_traffic();
  traffic.keys = 2;
  traffic.requests = 1'000;
  traffic.requests_per_second = 60.0;
  return traffic;
}

struct ByItsClock {
  const char* truth;
  const char* belief;
  /// Of what the policy admits, how much more the gateway does.
  double beyond;
};

void PrintTo(const ByItsClock& windows, std::ostream* out) {
  *out << windows.truth << " instead of " << windows.belief;
}

class LikenessByItsClock : public ::testing::TestWithParam<ByItsClock> {};

// A clock of its own would explain some of what a wrong policy does not, and make more of others.
TEST_P(LikenessByItsClock, CountsWhatIsAdmittedWrongly) {
  const Evidence evidence =
      observe(limit_of(GetParam().truth), windowed_traffic(), limit_of(GetParam().belief));
  const auto likeness = find_likeness(evidence, verify(evidence));
  ASSERT_TRUE(likeness);
  EXPECT_TRUE(likeness->settles);
  const auto found = verify_by_its_clock(evidence, *likeness);
  ASSERT_TRUE(found);
  const bool admits_more = GetParam().beyond > 0.0;
  EXPECT_GT(admits_more ? found->findings.over_admitted : found->findings.under_admitted, 10U);
  EXPECT_EQ(admits_more ? found->findings.under_admitted : found->findings.over_admitted, 0U);
  const auto beyond = admitted_beyond(evidence, found->judged_with);
  ASSERT_TRUE(beyond);
  EXPECT_NEAR(*beyond, GetParam().beyond, 0.02);
}

INSTANTIATE_TEST_SUITE_P(Windows, LikenessByItsClock,
                         ::testing::Values(ByItsClock{"fixed-window limit=38 window=1s",
                                                      "fixed-window limit=40 window=1s", -0.05},
                                           ByItsClock{"fixed-window limit=40 window=1s",
                                                      "fixed-window limit=38 window=1s", 0.05}));

// Windows of a length that is a little wrong lie where no clock says.
class LikenessOfLongWindows : public ::testing::TestWithParam<Alike> {};

TEST_P(LikenessOfLongWindows, NamesTheirLength) {
  VirtualTraffic traffic = likeness_traffic();
  traffic.keys = 3;
  traffic.requests = 900;
  traffic.burst = 8;
  const Evidence evidence =
      observe(limit_of(GetParam().truth), traffic, limit_of(GetParam().belief));
  const auto likeness = find_likeness(evidence, verify(evidence));
  ASSERT_TRUE(likeness);
  EXPECT_EQ(likeness->words, GetParam().words);
  EXPECT_TRUE(likeness->settles);
}

INSTANTIATE_TEST_SUITE_P(
    LongerThanTheClockIsUnknown, LikenessOfLongWindows,
    ::testing::Values(Alike{"fixed-window limit=80 window=5s",
                            "fixed-window limit=80 window=5250ms", "a window of 5s"},
                      Alike{"fixed-window limit=80 window=5s",
                            "fixed-window limit=80 window=4750ms", "a window of 5s"}));

// Whether a user's requests, of several models, are those of one limit for all, for each user, or
// for each of both.
struct Keyed {
  std::vector<const char*> truth;
  std::vector<const char*> belief;
  const char* words;
};

void PrintTo(const Keyed& keyed, std::ostream* out) { *out << keyed.words; }

constexpr std::uint32_t users = 5;
constexpr std::uint32_t models = 4;

std::vector<Trait> traits_of(std::size_t requests, const std::vector<const char*>& key) {
  std::vector<Trait> traits = {{"user", {}, false}, {"model", {}, false}, {"batch", {}, false}};
  RandomSequence draws(RandomStream(1).named("traits"));
  for (std::size_t n = 0; n < requests; ++n) {
    traits[0].values.push_back(static_cast<std::uint32_t>(draws.below(users)));
    traits[1].values.push_back(static_cast<std::uint32_t>(draws.below(models)));
    traits[2].values.push_back(static_cast<std::uint32_t>(n));
  }
  for (Trait& trait : traits) {
    trait.is_in_key = std::find(key.begin(), key.end(), trait.name) != key.end();
  }
  return traits;
}

/// Traffic whose keys are those attributes.
Evidence keyed_by(Evidence evidence, const std::vector<const char*>& key) {
  evidence.traits = traits_of(evidence.observations.size(), key);
  OtherKey its;
  for (std::size_t t = 0; t < evidence.traits.size(); ++t) {
    if (evidence.traits[t].is_in_key) its.traits.push_back(t);
  }
  return with_key(evidence, its);
}

class LikenessOfKeys : public ::testing::TestWithParam<Keyed> {};

TEST_P(LikenessOfKeys, NamesWhatTheGatewayGoesBy) {
  const policy::Limit limit = limit_of("gcra rate=4/s burst=5");
  VirtualTraffic traffic = likeness_traffic();
  traffic.keys = 1;
  traffic.requests = 1'500;
  traffic.requests_per_second = 150.0;
  Evidence gateway = keyed_by(observe(limit, traffic, limit), GetParam().truth);
  decide_jointly(gateway);
  const Evidence evidence = keyed_by(gateway, GetParam().belief);
  const Verification found = verify(evidence);
  EXPECT_GT(found.findings.disagree, 50U);
  const auto likeness = find_likeness(evidence, found);
  ASSERT_TRUE(likeness);
  EXPECT_EQ(likeness->words, GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    Keys, LikenessOfKeys,
    ::testing::Values(
        Keyed{{}, {"user"}, "one limit for all keys, as if by the client's address or by nothing"},
        Keyed{{"user"}, {}, "a limit for each user"},
        Keyed{{"user"}, {"user", "model"}, "a limit for each user, whatever the model"},
        Keyed{{"user", "model"}, {"user"}, "a limit for each user and model"},
        Keyed{{"model"}, {"user"}, "a limit for each model, whatever the user"}));

// A gateway that denies all, or admits all, needs no other key and no other number.
TEST(Likeness, OfAGatewayThatAdmitsAllOrNothingIsThat) {
  for (const auto& [truth, words] :
       {std::pair("deny-all", "a limit that admits nothing"),
        std::pair("unlimited", "no limit, or one that this traffic does not reach")}) {
    const Evidence evidence =
        observe(limit_of(truth), likeness_traffic(), limit_of("gcra rate=5/s burst=10"));
    const auto likeness = find_likeness(evidence, verify(evidence));
    ASSERT_TRUE(likeness) << truth;
    EXPECT_EQ(likeness->words, words);
    EXPECT_TRUE(likeness->settles) << truth;
  }
}

}  // namespace
}  // namespace weir::oracle
