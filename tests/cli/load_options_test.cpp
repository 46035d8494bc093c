#include "cli/load_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/live_line.hpp"
#include "support/run_weir.hpp"

namespace weir::cli {
namespace {

using testing::HasSubstr;
using Json = nlohmann::ordered_json;

Json document_of(const LoadWords& words) {
  const auto document = load_document(words);
  EXPECT_TRUE(document) << document.error().message;
  return document.value_or(Json());
}

/// The changes as one object, by pointer.
Json changes_of(const LoadWords& words) {
  const auto overrides = words.overrides();
  EXPECT_TRUE(overrides) << overrides.error().message;
  Json changes = Json::object();
  for (const scenario::Override& one : overrides.value_or(std::vector<scenario::Override>())) {
    changes[one.pointer] = Json::parse(one.value);
  }
  return changes;
}

TEST(LoadDocument, WithoutARateSendsAsFastAsConnectionsCan) {
  LoadWords words;
  words.target = "http://a/";
  const Json document = document_of(words);
  EXPECT_EQ(document["traffic"][0]["clients"], (Json{{"count", 64}}));
  EXPECT_EQ(document["duration"], "10s");
  words.connections = "5";
  EXPECT_EQ(document_of(words)["traffic"][0]["clients"], (Json{{"count", 5}}));
}

TEST(LoadDocument, WithARateSendsOnTime) {
  LoadWords words;
  words.target = "http://a/";
  words.rate = "100";
  words.duration = "3s";
  const Json document = document_of(words);
  EXPECT_EQ(document["traffic"][0]["arrivals"], (Json{{"process", "constant"}, {"rate", "100/s"}}));
  EXPECT_EQ(document["duration"], "3s");
  words.rate = "6000/1m";
  EXPECT_EQ(document_of(words)["traffic"][0]["arrivals"]["rate"], "6000/1m");
}

TEST(LoadDocument, WithANumberOfRequestsTakesAsLongAsTheyTake) {
  LoadWords words;
  words.target = "http://a/";
  words.requests = "1000";
  EXPECT_EQ(document_of(words)["duration"], "2h");
  words.duration = "3s";
  EXPECT_EQ(document_of(words)["duration"], "3s");
}

TEST(LoadDocument, HasUsers) {
  LoadWords words;
  words.target = "http://a/";
  EXPECT_EQ(document_of(words)["traffic"][0]["attributes"]["user"]["uniform"]["count"], 100);
  words.users = "7";
  EXPECT_EQ(document_of(words)["traffic"][0]["attributes"]["user"]["uniform"]["count"], 7);
}

TEST(LoadOverrides, AreWhatTheWordsSay) {
  LoadWords words;
  words.requests = "10";
  words.connections = "3";
  words.headers = {"X-User: {user}", "X-Path/~: 5", "Empty:"};
  words.denied = "429, 503";
  words.insecure = words.http2 = words.no_audit = true;
  const Json changes = changes_of(words);
  EXPECT_EQ(changes["/target/max_requests"], 10);
  EXPECT_EQ(changes["/target/connections"], 3);
  EXPECT_EQ(changes["/target/headers/X-User"], "{user}");
  EXPECT_EQ(changes["/target/headers/X-Path~1~0"], "5");
  EXPECT_EQ(changes["/target/headers/Empty"], "");
  EXPECT_EQ(changes["/target/denied"], Json::array({429, 503}));
  EXPECT_EQ(changes["/target/insecure"], true);
  EXPECT_EQ(changes["/target/http"], "2");
  EXPECT_EQ(changes["/target/audit"], (Json{{"share", 0}, {"keys", 0}}));
}

TEST(LoadOverrides, ReadTheBodyFromAFile) {
  LoadWords words;
  const std::string path = test::temporary_path("body.json");
  std::ofstream(path) << R"({"user": "{user}"})";
  words.body = "@" + path;
  EXPECT_EQ(changes_of(words)["/target/body"], R"({"user": "{user}"})");
  words.body = "plain";
  EXPECT_EQ(changes_of(words)["/target/body"], "plain");
  words.body = "@/nowhere/body";
  EXPECT_FALSE(words.overrides());
}

TEST(LoadOverrides, SayWhatIsWrong) {
  const auto message = [](auto change) {
    LoadWords words;
    change(words);
    const auto overrides = words.overrides();
    return overrides ? std::string() : overrides.error().message;
  };
  EXPECT_THAT(message([](LoadWords& w) { w.requests = "0"; }), HasSubstr("-n 0: must be"));
  EXPECT_THAT(message([](LoadWords& w) { w.connections = "many"; }),
              HasSubstr("--connections many"));
  EXPECT_THAT(message([](LoadWords& w) { w.headers = {"no colon"}; }), HasSubstr("-H no: must be"));
  EXPECT_THAT(message([](LoadWords& w) {
                w.headers = {"X: 1", "x: 2"};
              }),
              HasSubstr("given twice"));
  EXPECT_THAT(message([](LoadWords& w) { w.denied = "429,"; }), HasSubstr("--denied"));
  EXPECT_THAT(message([](LoadWords& w) { w.denied = "abc"; }),
              HasSubstr("--denied abc: must be statuses such as 429 or 429,503"));
}

TEST(LoadDocument, ProblemsAreNamedByOption) {
  const Problems problems = by_option({{"/traffic/0/arrivals/rate", "no"},
                                       {"/target/headers/Bad Name", "no"},
                                       {"/target/denied/0", "no"},
                                       {"/duration", "no"},
                                       {"/nope", "unknown field"}});
  EXPECT_EQ(problems, (Problems{{"--rate", "no"},
                                {"-H", "no"},
                                {"--denied", "no"},
                                {"--duration", "no"},
                                {"/nope", "unknown field"}}));
}

TEST(LiveLineText, SaysHowItGoes) {
  load::LiveGlance glance;
  glance.allowed = 900;
  glance.denied = 300;
  EXPECT_EQ(live_line(72, 1'200, 1'100, 101, glance),
            "01:12  sent 1,200  100/s of 101/s planned  allowed 900  denied 300  errors 0");
  for (int i = 0; i < 100; ++i) glance.recent.record(1'234'000);
  EXPECT_THAT(live_line(72, 1'200, 1'100, 101, glance), HasSubstr("  p50 1.23ms  p99 1.23ms"));
}

}  // namespace
}  // namespace weir::cli
