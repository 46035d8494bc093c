#include "probe/answer_tally.hpp"

#include <gtest/gtest.h>

namespace weir::probe {
namespace {

load::Reply answered(int status) {
  load::Reply reply;
  reply.status = status;
  return reply;
}

load::Reply unanswered() {
  load::Reply reply;
  reply.failure = load::Failure::reset;
  return reply;
}

TEST(AnswerTally, TakesWhatTheFieldDeniesWithForADenial) {
  AnswerTally tally{scenario::TargetSpec()};
  // Before anything was admitted it may as well be about the request.
  EXPECT_EQ(tally.add(answered(503)), std::nullopt);
  EXPECT_EQ(tally.add(answered(403)), std::nullopt);
  EXPECT_EQ(tally.add(answered(204)), true);
  EXPECT_EQ(tally.add(answered(503)), false);
  EXPECT_EQ(tally.add(answered(500)), std::nullopt);
  EXPECT_EQ(tally.add(answered(429)), false);
  // Who says 429 means something else by 503.
  EXPECT_EQ(tally.add(answered(503)), std::nullopt);
  EXPECT_EQ(tally.of_denials(), (std::map<int, std::uint64_t>{{429, 1}, {503, 1}}));
  EXPECT_EQ(tally.of_neither(), (std::map<int, std::uint64_t>{{403, 1}, {500, 1}, {503, 2}}));
  EXPECT_EQ(tally.decisions(), 3U);
}

TEST(AnswerTally, TakesWhatItIsToldForADenial) {
  scenario::TargetSpec target;
  target.denied = {418};
  target.allowed = {404};
  AnswerTally tally(target);
  EXPECT_EQ(tally.add(answered(429)), std::nullopt);
  EXPECT_EQ(tally.add(answered(418)), false);
  EXPECT_EQ(tally.add(answered(404)), true);
}

TEST(AnswerTally, IsHopelessWhereNobodyAnswers) {
  AnswerTally tally{scenario::TargetSpec()};
  for (int i = 0; i < 2; ++i) tally.add(unanswered());
  EXPECT_FALSE(tally.is_hopeless());
  tally.add(answered(200));
  for (int i = 0; i < 19; ++i) tally.add(unanswered());
  EXPECT_FALSE(tally.is_hopeless());
  tally.add(unanswered());
  EXPECT_TRUE(tally.is_hopeless());
  EXPECT_EQ(tally.failures().at("reset"), 22U);
}

TEST(AnswerTally, IsHopelessWhereNothingMeansAnything) {
  AnswerTally tally{scenario::TargetSpec()};
  for (int i = 0; i < 19; ++i) tally.add(answered(401));
  EXPECT_FALSE(tally.is_hopeless());
  tally.add(answered(401));
  EXPECT_TRUE(tally.is_hopeless());
}

TEST(AnswerTally, KnowsWhatDenialsCallTheirServer) {
  AnswerTally tally{scenario::TargetSpec()};
  load::Reply reply = answered(200);
  reply.head_lines = "Server: application\r\n";
  tally.add(reply);
  EXPECT_EQ(tally.server(), "");
  reply = answered(429);
  reply.head_lines = "HTTP/1.1 429 No\r\nX-Server: x\r\nserver:  nginx/1.2 \r\n";
  tally.add(reply);
  EXPECT_EQ(tally.server(), "nginx/1.2");
}

TEST(AnswerTally, CountsHeadersThatCannotBeRead) {
  AnswerTally tally{scenario::TargetSpec()};
  load::RateLimitReading reading;
  reading.families.add(load::HeaderFamily::retry_after);
  tally.add(reading);
  reading.malformed.add(load::HeaderFamily::retry_after);
  tally.add(reading);
  EXPECT_TRUE(tally.families().has(load::HeaderFamily::retry_after));
  EXPECT_EQ(tally.malformed(), (std::map<std::string, std::uint64_t>{{"retry_after", 1}}));
}

}  // namespace
}  // namespace weir::probe
