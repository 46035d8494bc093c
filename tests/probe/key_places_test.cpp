#include "probe/key_places.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::probe {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> names_of(const std::vector<std::string>& texts) {
  const auto keys = parse_key_places(texts);
  EXPECT_TRUE(keys) << keys.error().message;
  std::vector<std::string> names;
  if (keys) {
    for (const KeyPlace& key : *keys) names.push_back(key.name);
  }
  return names;
}

std::string error_of(const std::vector<std::string>& texts, scenario::TargetSpec target = {}) {
  const auto keys = parse_key_places(texts);
  if (!keys) return keys.error().message;
  const auto put = put_keys(*keys, target);
  return put ? "" : put.error().message;
}

scenario::TargetSpec with_keys(const std::vector<std::string>& texts, scenario::TargetSpec target) {
  const auto put = put_keys(parse_key_places(texts).value(), target);
  EXPECT_TRUE(put) << put.error().message;
  return target;
}

TEST(KeyPlaces, AreCalledByWhatStandsThere) {
  EXPECT_THAT(
      names_of({"header:X-User", "query:user", "header:X-Api-Key.2", "bearer", "api-key", "path:2",
                "body:/meta/tenant", "header:X-1"}),
      ElementsAre("user", "user_2", "api_key_2", "token", "api_key", "path_2", "tenant", "key_1"));
}

TEST(KeyPlaces, HaveToBeAClientsChoice) {
  EXPECT_THAT(error_of({"client"}), HasSubstr("--key client: a client cannot choose"));
  EXPECT_THAT(error_of({"=free"}), HasSubstr("is the same for every client"));
  EXPECT_THAT(error_of({"answer:/id"}), HasSubstr("known only once"));
  EXPECT_THAT(error_of({"header:A or header:B"}), HasSubstr("give --key several times"));
  EXPECT_THAT(error_of({"X-User"}), AllOf(HasSubstr("must be such as"), Not(HasSubstr("answer:"))));
  EXPECT_THAT(error_of({"query:user", "query:user"}), HasSubstr("is given twice"));
  EXPECT_THAT(error_of({"header:X-User", "header:x-user"}), HasSubstr("is given twice"));
  EXPECT_THAT(error_of({"bearer", "header:authorization"}), HasSubstr("is given twice"));
  EXPECT_EQ(error_of({"query:user", "query:User"}), "");
}

TEST(KeyPlaces, StandInThePathAndInTheQuery) {
  scenario::TargetSpec target;
  target.url = "http://host/v1/alice/chat?user=bob&x=1";
  EXPECT_EQ(with_keys({"path:2"}, target).url, "http://host/v1/{path_2}/chat?user=bob&x=1");
  EXPECT_EQ(with_keys({"query:user"}, target).url, "http://host/v1/alice/chat?user={user}&x=1");
  EXPECT_EQ(with_keys({"query:x"}, target).url, "http://host/v1/alice/chat?user=bob&x={x}");
  EXPECT_EQ(with_keys({"query:y"}, target).url, target.url);
  EXPECT_EQ(with_keys({"query:y"}, target).identify.at("y").text, "query:y");
  EXPECT_THAT(error_of({"path:4"}, target), HasSubstr("no such segment"));
  target.url = "http://host";
  EXPECT_THAT(error_of({"path:1"}, target), HasSubstr("no such segment"));
}

TEST(KeyPlaces, StandInTheBody) {
  scenario::TargetSpec target;
  target.body.text = R"({"model": "m", "meta": {"user": "u"}})";
  EXPECT_EQ(with_keys({"body:/meta/user"}, target).body.text,
            R"({"model":"m","meta":{"user":"{user}"}})");
  EXPECT_THAT(error_of({"body:/model/x"}, target), HasSubstr("no place in the --body"));
  target.body.text = "text";
  EXPECT_THAT(error_of({"body:/user"}, target), HasSubstr("needs a --body of JSON"));
}

TEST(KeyPlaces, AreNotGivenAValueAsWell) {
  scenario::TargetSpec target;
  target.headers["x-user"] = {scenario::TextSource::Kind::text, "bob"};
  EXPECT_THAT(error_of({"header:X-User"}, target), HasSubstr("-H gives X-User a value"));
  EXPECT_EQ(error_of({"header:X-Other"}, target), "");
}

}  // namespace
}  // namespace weir::probe
