#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/openai_request.hpp"

namespace weir::gateway {

/// What is the same in all parts of an answer.
struct OpenAiAnswerFacts {
  std::string id;
  std::int64_t created = 0;
  std::int64_t prompt_tokens = 0;
  /// Of each choice.
  std::int64_t completion_tokens = 0;
  /// Cut off by the most that was asked for.
  bool is_cut = false;
};

/// The text that stands for each token.
inline constexpr std::string_view openai_token = "flow ";

std::string openai_error_text(const OpenAiError& error);
std::string openai_models_text();
/// The whole answer, as JSON.
std::string openai_answer_text(const OpenAiRequest& request, const OpenAiAnswerFacts& facts);

/// The events of a stream, each with its empty line: the one before the first token, one that every
/// token has, and those after the last.
std::string openai_first_event(const OpenAiRequest& request, const OpenAiAnswerFacts& facts);
std::string openai_token_event(const OpenAiRequest& request, const OpenAiAnswerFacts& facts);
std::string openai_last_events(const OpenAiRequest& request, const OpenAiAnswerFacts& facts);

}  // namespace weir::gateway
