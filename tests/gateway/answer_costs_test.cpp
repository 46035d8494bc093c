#include "gateway/answer_costs.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::gateway {
namespace {

using boost::beast::http::fields;

const scenario::Identification total =
    *scenario::parse_identification("answer:/usage/total_tokens or answer-header:X-Tokens");

/// What an answer of that type in these pieces tells.
std::optional<std::int64_t> told(const std::string& type, const std::vector<std::string>& pieces,
                                 const fields& more = {}) {
  fields headers = more;
  headers.set(boost::beast::http::field::content_type, type);
  AnswerCosts costs({&total});
  costs.begin(headers);
  for (const std::string& piece : pieces) costs.feed(piece);
  return costs.finish().at(0);
}

TEST(AnswerCosts, AreReadFromJson) {
  EXPECT_EQ(told("application/json", {R"({"usage": {"total_)", R"(tokens": 42}})"}), 42);
  EXPECT_EQ(told("application/json; charset=utf-8", {R"({"usage": {}})"}), std::nullopt);
  EXPECT_EQ(told("application/json", {R"({"usage": {"total_tokens": 4)"}), std::nullopt);
  EXPECT_EQ(told("text/html", {R"({"usage": {"total_tokens": 42}})"}), std::nullopt);
  EXPECT_EQ(told("application/json", {R"({"usage": {"total_tokens": -4}})"}), std::nullopt);
}

TEST(AnswerCosts, AreReadFromTheLastEventThatTells) {
  const std::string word = "data: {\"choices\": [], \"usage\": null}\n\n";
  EXPECT_EQ(told("text/event-stream",
                 {word, word, "data: {\"usage\": {\"total_tokens\": 7}}\n\n", "data: [DONE]\n\n"}),
            7);
  EXPECT_EQ(told("text/event-stream", {"data: {\"usage\": {\"total_tokens\": 3}}\n\ndata: {\"usa",
                                       "ge\": {\"total_tokens\": 9}}\r\n\r\n"}),
            9);
  // The last line need not end where the client left.
  EXPECT_EQ(told("text/event-stream", {"data: {\"usage\": {\"total_tokens\": 3}}"}), 3);
  EXPECT_EQ(told("text/event-stream", {word}), std::nullopt);
}

TEST(AnswerCosts, AreReadFromHeaders) {
  fields headers;
  headers.set("x-tokens", "11");
  EXPECT_EQ(told("text/plain", {"any"}, headers), 11);
  headers.set("x-tokens", "eleven");
  EXPECT_EQ(told("text/plain", {"any"}, headers), std::nullopt);
}

TEST(AnswerCosts, KeepNoMoreThanTheyMay) {
  const std::string piece(1 << 20, ' ');
  AnswerCosts costs({&total});
  fields headers;
  headers.set(boost::beast::http::field::content_type, "application/json");
  costs.begin(headers);
  for (int i = 0; i < 9; ++i) costs.feed(piece);
  costs.feed(R"({"usage": {"total_tokens": 42}})");
  EXPECT_EQ(costs.finish().at(0), std::nullopt);
}

}  // namespace
}  // namespace weir::gateway
