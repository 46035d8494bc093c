#include "gateway/openai_text.hpp"

#include <fmt/format.h>

#include <bit>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base64.hpp"

namespace weir::gateway {
namespace {

using AnswerJson = nlohmann::ordered_json;

std::string json_text_of(const AnswerJson& json) {
  return json.dump(-1, ' ', false, AnswerJson::error_handler_t::replace);
}

std::string as_event(const AnswerJson& json) {
  return fmt::format("data: {}\n\n", json_text_of(json));
}

AnswerJson usage_of(const OpenAiRequest& request, const OpenAiAnswerFacts& facts) {
  AnswerJson usage = {{"prompt_tokens", facts.prompt_tokens}};
  const std::int64_t completion = facts.completion_tokens * request.choices;
  const bool has_completion = request.task != OpenAiTask::embedding;
  if (has_completion) usage["completion_tokens"] = completion;
  usage["total_tokens"] = facts.prompt_tokens + (has_completion ? completion : 0);
  return usage;
}

AnswerJson finish_of(const OpenAiAnswerFacts& facts) { return facts.is_cut ? "length" : "stop"; }

AnswerJson begun(const OpenAiRequest& request, const OpenAiAnswerFacts& facts, bool is_part) {
  std::string object = "text_completion";
  if (request.task == OpenAiTask::chat) {
    object = is_part ? "chat.completion.chunk" : "chat.completion";
  }
  return {{"id", facts.id},
          {"object", object},
          {"created", facts.created},
          {"model", request.model},
          {"choices", AnswerJson::array()}};
}

/// A part of the stream in which every choice says the same.
std::string choices_event(const OpenAiRequest& request, const OpenAiAnswerFacts& facts,
                          const AnswerJson& delta, std::string_view text,
                          const AnswerJson& finish) {
  AnswerJson part = begun(request, facts, true);
  for (std::int64_t i = 0; i < request.choices; ++i) {
    AnswerJson choice = {{"index", i}};
    if (request.task == OpenAiTask::chat) {
      choice["delta"] = delta;
    } else {
      choice["text"] = text;
    }
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = finish;
    part["choices"].push_back(std::move(choice));
  }
  if (request.wants_usage) part["usage"] = nullptr;
  return as_event(part);
}

/// Numbers without a meaning, of length 1 together.
AnswerJson embedding_of(const OpenAiRequest& request) {
  const std::vector<float> values(static_cast<std::size_t>(request.dimensions),
                                  1.0F / static_cast<float>(request.dimensions));
  if (!request.is_base64) return values;
  std::string bytes;
  for (const float value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift);
  }
  return to_base64(bytes);
}

std::string embeddings_text(const OpenAiRequest& request, const OpenAiAnswerFacts& facts) {
  AnswerJson list = {{"object", "list"}, {"data", AnswerJson::array()}};
  const AnswerJson embedding = embedding_of(request);
  for (std::int64_t i = 0; i < request.inputs; ++i) {
    list["data"].push_back({{"object", "embedding"}, {"index", i}, {"embedding", embedding}});
  }
  list["model"] = request.model;
  list["usage"] = usage_of(request, facts);
  return json_text_of(list);
}

}  // namespace

std::string openai_error_text(const OpenAiError& error) {
  const AnswerJson param = error.param.empty() ? AnswerJson(nullptr) : AnswerJson(error.param);
  return json_text_of({{"error",
                        {{"message", error.message},
                         {"type", "invalid_request_error"},
                         {"param", param},
                         {"code", nullptr}}}});
}

std::string openai_models_text() {
  return json_text_of(
      {{"object", "list"},
       {"data",
        AnswerJson::array(
            {{{"id", "weir"}, {"object", "model"}, {"created", 0}, {"owned_by", "weir"}}})}});
}

std::string openai_answer_text(const OpenAiRequest& request, const OpenAiAnswerFacts& facts) {
  if (request.task == OpenAiTask::embedding) return embeddings_text(request, facts);
  AnswerJson answer = begun(request, facts, false);
  std::string text;
  for (std::int64_t i = 0; i < facts.completion_tokens; ++i) text += openai_token;
  for (std::int64_t i = 0; i < request.choices; ++i) {
    AnswerJson choice = {{"index", i}};
    if (request.task == OpenAiTask::chat) {
      choice["message"] = {{"role", "assistant"}, {"content", text}, {"refusal", nullptr}};
    } else {
      choice["text"] = text;
    }
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = finish_of(facts);
    answer["choices"].push_back(std::move(choice));
  }
  answer["usage"] = usage_of(request, facts);
  return json_text_of(answer);
}

std::string openai_first_event(const OpenAiRequest& request, const OpenAiAnswerFacts& facts) {
  if (request.task != OpenAiTask::chat) return "";
  return choices_event(request, facts, {{"role", "assistant"}, {"content", ""}}, "", nullptr);
}

std::string openai_token_event(const OpenAiRequest& request, const OpenAiAnswerFacts& facts) {
  return choices_event(request, facts, {{"content", openai_token}}, openai_token, nullptr);
}

std::string openai_last_events(const OpenAiRequest& request, const OpenAiAnswerFacts& facts) {
  std::string events = choices_event(request, facts, AnswerJson::object(), "", finish_of(facts));
  if (request.wants_usage) {
    AnswerJson part = begun(request, facts, true);
    part["usage"] = usage_of(request, facts);
    events += as_event(part);
  }
  return events + "data: [DONE]\n\n";
}

}  // namespace weir::gateway
