#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace weir::gateway {

/// What OpenAI's API is asked for.
enum class OpenAiTask : std::uint8_t { chat, completion, embedding };

/// As much of a request as decides how its answer looks.
struct OpenAiRequest {
  OpenAiTask task = OpenAiTask::chat;
  std::string model;
  bool is_streamed = false;
  /// Whether a stream ends with what was used.
  bool wants_usage = false;
  /// How many answers.
  std::int64_t choices = 1;
  std::optional<std::int64_t> max_tokens;
  /// Of all text that is asked about, in bytes.
  std::int64_t text_bytes = 0;
  /// Of embeddings: how many texts, how long each vector is and in which form.
  std::int64_t inputs = 1;
  std::int64_t dimensions = 8;
  bool is_base64 = false;
};

/// What is wrong with a request.
struct OpenAiError {
  int status = 400;
  std::string message;
  /// The field that is meant; empty if none is.
  std::string param;
};

tl::expected<OpenAiRequest, OpenAiError> read_openai_request(OpenAiTask task,
                                                             std::string_view body);

}  // namespace weir::gateway
