#include "probe/live_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "load/scripted_server.hpp"

namespace weir::probe {
namespace {

using load::ScriptedAnswer;
using load::ScriptedServer;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;

constexpr Duration ms = Duration::from_ms(1);

ScriptedAnswer answer(int status, const std::string& headers = "") {
  return {"HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers + "Content-Length: 0\r\n\r\n",
          ScriptedAnswer::Then::keep};
}

Track one_of(KeyNumbers key) {
  Track track;
  track.key = std::move(key);
  track.steps = {{}};
  return track;
}

Track track_of(std::size_t steps, Step step, std::uint32_t key = 0) {
  Track track;
  track.key = {key, key};
  track.steps.assign(steps, step);
  return track;
}

/// A target on a server of the test.
class LiveTargetTest : public testing::Test {
 protected:
  LiveTarget& target_on(const std::string& url, Budget budget = {},
                        std::vector<std::string> values = {},
                        Duration timeout = Duration::from_seconds(5)) {
    LiveTargetSpec spec;
    spec.target.timeout = timeout;
    spec.keys = parse_key_places({"header:X-User", "query:tenant"}).value();
    spec.target.url = url;
    spec.values = std::move(values);
    spec.budget = budget;
    EXPECT_TRUE(put_keys(spec.keys, spec.target));
    target_ = LiveTarget::make(std::move(spec), control_).value();
    const auto reached = target_->reach();
    EXPECT_TRUE(reached) << reached.error().message;
    return *target_;
  }

  load::LoadControl control_;
  std::unique_ptr<LiveTarget> target_;
};

TEST_F(LiveTargetTest, SendsStepsWhenTheyAreDue) {
  ScriptedServer server(answer(200));
  LiveTarget& target = target_on(server.url());
  const Experiment experiment{"", "", {track_of(4, {ms * 20, false}), track_of(3, {ms * 30}, 1)}};
  const Instant begin = target.now();
  const std::vector<Sighting> seen = target.run(experiment);
  ASSERT_THAT(seen, SizeIs(7));
  Instant last_answer = Instant::min();
  for (const Sighting& sighting : seen) {
    EXPECT_LE(sighting.sent, sighting.received);
    EXPECT_LE(sighting.received, sighting.ended);
    EXPECT_TRUE(sighting.is_known && sighting.allowed);
    if (sighting.track == 0) {
      EXPECT_GE(sighting.sent - begin, ms * 20 * (sighting.step + 1));
    } else {
      if (sighting.step > 0) {
        EXPECT_GE(sighting.sent - last_answer, ms * 30);
      }
      last_answer = sighting.ended;
    }
  }
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end(),
                             [](const auto& a, const auto& b) { return a.sent < b.sent; }));
}

TEST_F(LiveTargetTest, BeginsNoTrackBeforeItsInstant) {
  ScriptedServer server(answer(200));
  LiveTarget& target = target_on(server.url());
  Track track = track_of(1, {});
  track.not_before = target.now() + ms * 80;
  const std::vector<Sighting> seen = target.run({"", "", {track}});
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_GE(seen[0].sent, *track.not_before);
}

TEST_F(LiveTargetTest, OpensConnectionsBeforeItSends) {
  ScriptedServer server(answer(200));
  LiveTarget& target = target_on(server.url());
  const std::vector<Sighting> seen = target.run({"", "", {track_of(30, {Duration(), false})}});
  ASSERT_THAT(seen, SizeIs(30));
  // One more to see whether there is a server.
  EXPECT_GE(server.connections(), 30);
}

TEST_F(LiveTargetTest, SendsFewBeforeTheFirstAnswer) {
  ScriptedServer server(ScriptedAnswer{"", ScriptedAnswer::Then::keep});
  LiveTarget& target = target_on(server.url(), {}, {}, ms * 200);
  const std::vector<Sighting> seen = target.run({"", "", {track_of(30, {ms, false})}});
  EXPECT_GE(seen.size(), 3U);
  EXPECT_LE(seen.size(), 6U);
  EXPECT_EQ(target.stopped(), Stop::unreachable);
}

TEST_F(LiveTargetTest, EndsATrackWithADenialOrAnAdmission) {
  ScriptedServer server(
      [](int, int request) { return answer(request % 4 == 3 ? 429 : 200, "Retry-After: 7\r\n"); });
  LiveTarget& target = target_on(server.url());
  Track track = track_of(20, {});
  track.ends_after_denials = 2;
  std::vector<Sighting> seen = target.run({"", "", {track}});
  ASSERT_THAT(seen, SizeIs(8));
  EXPECT_FALSE(seen[7].allowed);
  EXPECT_EQ(seen[7].told.retry_after, Duration::from_seconds(7));
  EXPECT_EQ(most_frequent(target.answers().of_denials()), 429);
  track.ends_after_denials = 0;
  track.ends_after_admissions = 1;
  seen = target.run({"", "", {track}});
  EXPECT_THAT(seen, SizeIs(1));
}

TEST_F(LiveTargetTest, NeverPassesItsBudgetOfRequests) {
  ScriptedServer server(answer(200));
  LiveTarget& target = target_on(server.url(), {.max_requests = 10});
  EXPECT_THAT(target.run({"", "", {track_of(7, {})}}), SizeIs(7));
  EXPECT_EQ(target.stopped(), Stop::none);
  EXPECT_EQ(target.requests_left(), 3U);
  EXPECT_THAT(target.run({"", "", {track_of(7, {}), track_of(7, {Duration(), false})}}), SizeIs(3));
  EXPECT_EQ(target.stopped(), Stop::requests);
  EXPECT_THAT(target.run({"", "", {track_of(7, {})}}), SizeIs(0));
  EXPECT_THAT(server.requests(), SizeIs(10));
}

TEST_F(LiveTargetTest, NeverPassesItsTime) {
  ScriptedServer server([](int, int request) {
    return request == 0 ? answer(200) : ScriptedAnswer{"", ScriptedAnswer::Then::stall};
  });
  LiveTarget& target = target_on(server.url(), {.max_time = ms * 300});
  const Instant begin = target.now();
  const std::vector<Sighting> seen = target.run({"", "", {track_of(2, {ms * 10})}});
  EXPECT_LT(target.now() - begin, ms * 1'500);
  EXPECT_EQ(target.stopped(), Stop::time);
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_TRUE(seen[0].is_known);
  EXPECT_FALSE(seen[1].is_known);
}

TEST_F(LiveTargetTest, DoesNotWaitForWhatIsDueAfterItsTime) {
  ScriptedServer server(answer(200));
  LiveTarget& target = target_on(server.url(), {.max_time = Duration::from_seconds(30)});
  const Instant begin = target.now();
  EXPECT_THAT(target.run({"", "", {track_of(2, {Duration::from_seconds(40)})}}), SizeIs(0));
  EXPECT_LT(target.now() - begin, Duration::from_seconds(30));
}

TEST_F(LiveTargetTest, IsSlowedDownToItsRate) {
  ScriptedServer server(answer(200));
  LiveTarget& target = target_on(server.url(), {.max_per_second = 20});
  const std::vector<Sighting> seen = target.run({"", "", {track_of(45, {Duration(), false})}});
  ASSERT_THAT(seen, SizeIs(45));
  for (std::size_t i = 20; i < seen.size(); ++i) {
    EXPECT_GT(seen[i].sent - seen[i - 20].sent, Duration::from_seconds(1));
  }
}

TEST_F(LiveTargetTest, SendsNothingTwice) {
  ScriptedServer server([](int, int request) {
    return request == 0 ? answer(200) : ScriptedAnswer{"", ScriptedAnswer::Then::close};
  });
  LiveTarget& target = target_on(server.url());
  const std::vector<Sighting> seen = target.run({"", "", {track_of(4, {ms * 5})}});
  ASSERT_THAT(seen, SizeIs(4));
  EXPECT_FALSE(seen[1].is_known);
  EXPECT_THAT(server.requests(), SizeIs(4));
}

TEST_F(LiveTargetTest, StopsWhenItIsInterrupted) {
  ScriptedServer server(answer(200));
  LiveTarget& target = target_on(server.url());
  const Instant begin = target.now();
  std::jthread other([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    control_.stop = true;
  });
  const auto seen = target.run({"", "", {track_of(2, {}), track_of(1, {ms * 60'000})}});
  EXPECT_EQ(target.stopped(), Stop::interrupted);
  EXPECT_THAT(seen, SizeIs(2));
  EXPECT_LT(target.now() - begin, Duration::from_seconds(30));
}

TEST_F(LiveTargetTest, TellsThatItCannotBeReachedAnyMore) {
  auto server = std::make_unique<ScriptedServer>(answer(200));
  LiveTarget& target = target_on(server->url());
  EXPECT_THAT(target.run({"", "", {track_of(2, {})}}), SizeIs(2));
  server.reset();
  const auto seen = target.run({"", "", {track_of(100, {})}});
  EXPECT_EQ(target.stopped(), Stop::unreachable);
  EXPECT_LT(seen.size(), 30U);
}

TEST_F(LiveTargetTest, MakesUpValuesThatDiffer) {
  ScriptedServer server(answer(200));
  LiveTarget& target = target_on(server.url());
  target.run({"", "", {one_of({0, 5}), one_of({3, 5})}});
  const std::string user = "X-User: user-3-" + target.nonce();
  std::set<std::string> seen;
  for (const std::string& request : server.requests()) {
    EXPECT_THAT(request, HasSubstr("GET /?tenant=tenant-5-" + target.nonce() + " HTTP/1.1"));
    seen.insert(request);
  }
  EXPECT_THAT(seen, SizeIs(2));
  EXPECT_THAT(seen, testing::Contains(HasSubstr(user)));
}

TEST_F(LiveTargetTest, TakesValuesThatAreGivenOnceEach) {
  ScriptedServer server(answer(200));
  LiveTarget& target = target_on(server.url(), {}, {"alice", "bob"});
  EXPECT_EQ(target.fresh_keys_left(), 2U);
  target.run({"", "", {one_of({7, 0})}});
  EXPECT_EQ(target.fresh_keys_left(), 1U);
  const auto seen = target.run({"", "", {one_of({7, 0}), one_of({8, 0}), one_of({9, 0})}});
  EXPECT_EQ(target.fresh_keys_left(), 0U);
  // Nobody can be the third.
  EXPECT_THAT(seen, SizeIs(2));
  EXPECT_THAT(server.requests(),
              testing::UnorderedElementsAre(HasSubstr("X-User: alice"), HasSubstr("X-User: alice"),
                                            HasSubstr("X-User: bob")));
}

TEST_F(LiveTargetTest, KnowsWhatStatusesMean) {
  ScriptedServer server([](int, int request) {
    constexpr std::array<int, 6> statuses = {503, 200, 503, 403, 429, 500};
    return answer(statuses[static_cast<std::size_t>(request)]);
  });
  LiveTarget& target = target_on(server.url());
  std::string seen;
  for (const Sighting& s : target.run({"", "", {track_of(6, {})}})) {
    seen += !s.is_known ? '?' : s.allowed ? 'a' : 'd';
  }
  EXPECT_EQ(seen, "?addd?");
}

TEST(Pace, AllowsBurstsAndNeverMoreInASecond) {
  Pace pace(2);
  const Instant begin = Instant::from_unix_seconds(100);
  EXPECT_LE(pace.earliest(), begin);
  pace.sent(begin);
  EXPECT_LE(pace.earliest(), begin);
  pace.sent(begin + ms);
  EXPECT_GT(pace.earliest(), begin + Duration::from_seconds(1));
  EXPECT_LT(pace.earliest(), begin + ms * 1'100);
  pace.sent(begin + ms * 2'000);
  EXPECT_LT(pace.earliest(), begin + ms * 1'100);
}

}  // namespace
}  // namespace weir::probe
