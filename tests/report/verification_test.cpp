#include "report/verification.hpp"

#include <gmock/gmock.h>

#include <string>

#include "report/cells.hpp"
#include "report/terminal.hpp"

namespace weir::report {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::string last_sentence(const metrics::VerificationFacts& facts, const char* verdict) {
  const nlohmann::ordered_json report = {{"verdict", verdict},
                                         {"totals", {{"attempts", 2'000}, {"errors", 0}}},
                                         {"verify", make_verification(facts)}};
  return verification_sentences(report, Cells(TerminalOptions())).back();
}

metrics::VerificationFacts facts_of(std::uint64_t agree, std::uint64_t disagree,
                                    std::uint64_t undetermined) {
  metrics::VerificationFacts facts;
  facts.believed = "gcra rate=10/s burst=5";
  facts.counts.agree = agree;
  facts.counts.disagree = facts.counts.over_admitted = disagree;
  facts.counts.undetermined = undetermined;
  return facts;
}

TEST(VerificationSentences, TheLastOneSaysWhatTheVerdictSays) {
  EXPECT_EQ(last_sentence(facts_of(1'990, 0, 10), "pass"),
            "2,000 decisions, all as gcra rate=10/s burst=5 would make them; 10 too close to call");
  const std::string undecided = last_sentence(facts_of(1'500, 0, 500), "inconclusive");
  EXPECT_EQ(
      undecided,
      "undecided: none of 2,000 decisions contradicts gcra rate=10/s burst=5, but they do not "
      "show it either; 500 too close to call");
  EXPECT_THAT(last_sentence(facts_of(2'000, 0, 0), "inconclusive"), Not(HasSubstr("all as")));
  EXPECT_THAT(last_sentence(facts_of(0, 0, 300), "inconclusive"),
              HasSubstr("none of 300 decisions says anything of gcra"));
  EXPECT_THAT(last_sentence(facts_of(1'900, 100, 0), "fail"),
              HasSubstr("100 of 2,000 decisions not as gcra rate=10/s burst=5 would make them"));
}

TEST(VerificationFacts, WhatIsToldDecidesToo) {
  metrics::VerificationFacts facts = facts_of(2'000, 0, 0);
  facts.counts.retry_after = {.agree = 98, .disagree = 2, .undetermined = 0};
  EXPECT_TRUE(facts.passes());
  facts.told_decides = true;
  EXPECT_FALSE(facts.passes());
  EXPECT_EQ(last_sentence(facts, "fail"),
            "2,000 decisions, all as gcra rate=10/s burst=5 would make them, but Retry-After told "
            "wrongly 2 times");
  facts.least_agreement = 0.98;
  EXPECT_TRUE(facts.passes());
}

TEST(VerificationSentences, NameTheLimitsThatNoDecisionCameNear) {
  metrics::VerificationFacts facts = facts_of(1'990, 0, 10);
  facts.not_reached = {"minute", "day"};
  EXPECT_THAT(last_sentence(facts, "pass"), HasSubstr("all as"));
  nlohmann::ordered_json report = {{"verify", make_verification(facts)},
                                   {"verdict", "pass"},
                                   {"totals", {{"attempts", 2'000}, {"errors", 0}}}};
  EXPECT_THAT(verification_sentences(report, Cells(TerminalOptions())),
              Contains("no decision came near limits minute, day, of which nothing is said"));
}

// A decision that is not the policy's says only that: a window that ends five requests too early
// is one of them.
TEST(VerificationSentences, AnotherPolicyAdmitsSoManyMoreOrLessOfTheSameRequests) {
  metrics::VerificationFacts facts = facts_of(1'900, 100, 0);
  facts.counts.admitted = 1'000;
  facts.behaves_like = "a burst of 4";
  EXPECT_THAT(last_sentence(facts, "fail"), HasSubstr("about 11.1 % more than the policy"));
  facts.replayed_beyond = -0.05;
  EXPECT_EQ(last_sentence(facts, "fail"),
            "the gateway admits about 5.0 % less than the policy: it behaves like a burst of 4");
  facts.replayed_beyond = 18.824;
  EXPECT_EQ(last_sentence(facts, "fail"),
            "the gateway admits 19.8 times what the policy does: it behaves like a burst of 4");
}

}  // namespace
}  // namespace weir::report
