#include "load/status_meaning.hpp"

#include <gtest/gtest.h>

namespace weir::load {
namespace {

policy::PolicySpec policy_of(const std::string& algorithm) {
  policy::PolicySpec policy;
  policy.limits.emplace_back().algorithm = algorithm;
  return policy;
}

TEST(StatusMeanings, WithoutAnyPolicyDenyBy429) {
  const StatusMeanings meanings({}, {});
  EXPECT_EQ(meanings.of(429), Meaning::denied);
  EXPECT_EQ(meanings.of(200), Meaning::allowed);
  EXPECT_EQ(meanings.of(399), Meaning::allowed);
  for (const int status : {0, 101, 199, 400, 404, 500, 503, 599, 600, 999}) {
    EXPECT_EQ(meanings.of(status), Meaning::unexpected) << status;
  }
  EXPECT_EQ(meanings.denied_list(), "429");
}

TEST(StatusMeanings, AreThoseOfThePolicysProducts) {
  const StatusMeanings meanings({}, {policy_of("nginx-limit-req"), policy_of("gcra")});
  EXPECT_EQ(meanings.of(503), Meaning::denied);
  EXPECT_EQ(meanings.of(429), Meaning::denied);
}

TEST(StatusMeanings, ThePolicysOwnStatusComesFirst) {
  policy::PolicySpec policy = policy_of("nginx-limit-req");
  policy.response.denied_status = 418;
  const StatusMeanings meanings({}, {policy});
  EXPECT_EQ(meanings.denied_list(), "418");
}

TEST(StatusMeanings, TheTargetsComesBeforeAll) {
  scenario::TargetSpec target;
  target.denied = {402, 200};
  target.allowed = {404, 402};
  const StatusMeanings meanings(target, {policy_of("nginx-limit-req")});
  EXPECT_EQ(meanings.denied_list(), "200, 402");
  EXPECT_EQ(meanings.of(402), Meaning::denied);
  EXPECT_EQ(meanings.of(404), Meaning::allowed);
  EXPECT_EQ(meanings.of(503), Meaning::unexpected);
}

}  // namespace
}  // namespace weir::load
