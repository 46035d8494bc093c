#include "gateway/openai_answer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/running_server.hpp"

namespace weir::gateway {
namespace {

using testing::HasSubstr;
using OpenAiJson = nlohmann::json;

class OpenAiAnswer : public testing::Test {
 protected:
  ServerOptions options() {
    ServerOptions made = options_for_test(script);
    made.make_backend = openai_answer(spec);
    return made;
  }
  OpenAiJson asked(std::string_view path, const OpenAiJson& request, int status = 200) {
    RunningServer server(options());
    RawClient client = server.client();
    const ClientAnswer answer = client.ask(post(path, request.dump()));
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.header("content-type"), "application/json");
    return OpenAiJson::parse(answer.body, nullptr, false);
  }
  GatekeeperScript script;
  OpenAiSpec spec;
};

/// The JSON of every event, up to the one that ends the stream.
std::vector<OpenAiJson> events_of(std::string_view body) {
  std::vector<OpenAiJson> events;
  while (body.starts_with("data: ")) {
    const std::size_t end = body.find("\n\n");
    const std::string_view data = body.substr(6, end - 6);
    body.remove_prefix(end + 2);
    if (data == "[DONE]") {
      EXPECT_EQ(body, "");
      return events;
    }
    events.push_back(OpenAiJson::parse(data));
  }
  ADD_FAILURE() << "the stream does not end: " << body;
  return events;
}

OpenAiJson chat(OpenAiJson more = OpenAiJson::object()) {
  more["model"] = "m";
  more["messages"] = OpenAiJson::parse(R"([
      {"role": "system", "content": "12345678"},
      {"role": "user", "content": [{"type": "text", "text": "1234"}, {"type": "image_url"}]}])");
  return more;
}

TEST_F(OpenAiAnswer, AnswersAChat) {
  spec.completion_tokens = traffic::ConstantNumber{5};
  const OpenAiJson answer = asked("/v1/chat/completions", chat());
  EXPECT_EQ(answer["object"], "chat.completion");
  EXPECT_EQ(answer["model"], "m");
  EXPECT_THAT(answer["id"].get<std::string>(), testing::StartsWith("chatcmpl-"));
  EXPECT_EQ(answer["choices"].size(), 1u);
  EXPECT_EQ(answer["choices"][0]["message"]["role"], "assistant");
  EXPECT_EQ(answer["choices"][0]["message"]["content"], "flow flow flow flow flow ");
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(answer["usage"]["prompt_tokens"], 3);
  EXPECT_EQ(answer["usage"]["completion_tokens"], 5);
  EXPECT_EQ(answer["usage"]["total_tokens"], 8);
}

TEST_F(OpenAiAnswer, StopsAtTheMostThatIsAskedFor) {
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    const OpenAiJson answer = asked("/v1/chat/completions", chat({{name, 2}, {"n", 3}}));
    EXPECT_EQ(answer["choices"].size(), 3u);
    EXPECT_EQ(answer["choices"][2]["finish_reason"], "length");
    EXPECT_EQ(answer["usage"]["completion_tokens"], 6);
  }
}

TEST_F(OpenAiAnswer, StreamsTokenByToken) {
  spec.completion_tokens = traffic::ConstantNumber{3};
  script.reads_answers = true;
  RunningServer server(options());
  RawClient client = server.client();
  const OpenAiJson request =
      chat({{"stream", true}, {"stream_options", {{"include_usage", true}}}});
  const ClientAnswer answer = client.ask(post("/v1/chat/completions", request.dump()));
  EXPECT_EQ(answer.header("content-type"), "text/event-stream");
  const std::vector<OpenAiJson> events = events_of(answer.body);
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[0]["choices"][0]["delta"]["role"], "assistant");
  for (std::size_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(events[i]["object"], "chat.completion.chunk");
    EXPECT_EQ(events[i]["id"], events[0]["id"]);
    EXPECT_EQ(events[i]["choices"][0]["delta"]["content"], "flow ");
    EXPECT_EQ(events[i]["choices"][0]["finish_reason"], nullptr);
    EXPECT_EQ(events[i]["usage"], nullptr);
  }
  EXPECT_EQ(events[4]["choices"][0]["finish_reason"], "stop");
  EXPECT_TRUE(events[5]["choices"].empty());
  EXPECT_EQ(events[5]["usage"]["completion_tokens"], 3);
  const EndedRequest ended = script.wait_for_ended(1).at(0);
  EXPECT_EQ(ended.body_read, answer.body);
  EXPECT_EQ(ended.content_type_read, "text/event-stream");
  // The connection stays, and usage comes only if it is asked for.
  const ClientAnswer plain =
      client.ask(post("/v1/chat/completions", chat({{"stream", true}}).dump()));
  EXPECT_EQ(events_of(plain.body).size(), 5u);
  EXPECT_FALSE(events_of(plain.body)[0].contains("usage"));
}

TEST_F(OpenAiAnswer, TakesItsTimeForEachToken) {
  spec.completion_tokens = traffic::ConstantNumber{4};
  spec.latency = traffic::ConstantNumber{10e6};
  spec.time_per_token = Duration::from_ms(10);
  RunningServer server(options());
  RawClient client = server.client();
  const auto begun = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::steady_clock::now() - begun; };
  EXPECT_EQ(client.ask(post("/v1/chat/completions", chat().dump())).status, 200);
  EXPECT_GE(passed(), std::chrono::milliseconds(50));
  ASSERT_TRUE(client.send(post("/v1/chat/completions", chat({{"stream", true}}).dump())));
  EXPECT_THAT(client.read_until("flow "), HasSubstr("text/event-stream"));
  EXPECT_THAT(client.read_until("0\r\n\r\n"), HasSubstr("[DONE]"));
  EXPECT_GE(passed(), std::chrono::milliseconds(90));
}

TEST_F(OpenAiAnswer, StreamsMoreThanTheSocketHolds) {
  spec.completion_tokens = traffic::ConstantNumber{40'000};
  RunningServer server(options());
  RawClient client = server.client();
  const ClientAnswer answer =
      client.ask(post("/v1/chat/completions", chat({{"stream", true}}).dump()));
  EXPECT_EQ(events_of(answer.body).size(), 40'002u);
}

TEST_F(OpenAiAnswer, AnswersTheOtherTasks) {
  spec.completion_tokens = traffic::ConstantNumber{2};
  const OpenAiJson text = asked("/v1/completions", {{"model", "m"}, {"prompt", "12345"}});
  EXPECT_EQ(text["object"], "text_completion");
  EXPECT_EQ(text["choices"][0]["text"], "flow flow ");
  EXPECT_EQ(text["usage"]["prompt_tokens"], 2);
  const OpenAiJson list =
      asked("/v1/embeddings", {{"model", "m"}, {"input", {"a", "b"}}, {"dimensions", 4}});
  ASSERT_EQ(list["data"].size(), 2u);
  EXPECT_EQ(list["data"][1]["embedding"].size(), 4u);
  EXPECT_EQ(list["usage"]["total_tokens"], 1);
  const OpenAiJson coded =
      asked("/v1/embeddings",
            {{"model", "m"}, {"input", "a"}, {"dimensions", 1}, {"encoding_format", "base64"}});
  EXPECT_EQ(coded["data"][0]["embedding"], "AACAPw==");
  RunningServer server(options());
  RawClient client = server.client();
  const ClientAnswer models = client.ask(get("/v1/models"));
  EXPECT_EQ(OpenAiJson::parse(models.body)["data"][0]["object"], "model");
}

TEST_F(OpenAiAnswer, SaysWhatIsWrongAsOpenAiDoes) {
  const std::vector<std::pair<std::string, std::string>> bodies = {
      {"", ""},
      {"{", ""},
      {"[]", ""},
      {std::string(10'000, '['), ""},
      {R"({"messages": [{}]})", "model"},
      {R"({"model": "m"})", "messages"},
      {R"({"model": "m", "messages": []})", "messages"},
      {R"({"model": "m", "messages": [1]})", "messages"},
      {R"({"model": "m", "messages": [{}], "n": 0})", "n"},
      {R"({"model": "m", "messages": [{}], "max_tokens": -1})", "max_tokens"},
      {R"({"model": "m", "messages": [{}], "max_tokens": "x"})", "max_tokens"},
  };
  RunningServer server(options());
  RawClient client = server.client();
  for (const auto& [body, param] : bodies) {
    const ClientAnswer answer = client.ask(post("/v1/chat/completions", body));
    EXPECT_EQ(answer.status, 400) << body;
    const OpenAiJson error = OpenAiJson::parse(answer.body)["error"];
    EXPECT_EQ(error["type"], "invalid_request_error");
    EXPECT_EQ(error["param"], param.empty() ? OpenAiJson(nullptr) : OpenAiJson(param)) << body;
  }
  EXPECT_EQ(client.ask(get("/v1/chat/completions")).status, 405);
  EXPECT_EQ(client.ask(get("/v1/other")).status, 404);
  EXPECT_EQ(
      asked("/v1/embeddings",
            {{"model", "m"}, {"input", std::vector<std::string>(1000, "a")}, {"dimensions", 4096}},
            400)["error"]["param"],
      "input");
}

}  // namespace
}  // namespace weir::gateway
