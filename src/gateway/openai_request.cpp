#include "gateway/openai_request.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace weir::gateway {
namespace {

using RequestJson = nlohmann::json;
using Problem = std::optional<OpenAiError>;

constexpr std::int64_t most_choices = 128;
constexpr std::int64_t most_dimensions = 4096;
/// Of all embeddings of an answer.
constexpr std::int64_t most_numbers = 1'000'000;

OpenAiError wrong(std::string message, std::string param = "") {
  return {400, std::move(message), std::move(param)};
}

/// The field, or null if there is none.
const RequestJson& field_of(const RequestJson& object, const char* name) {
  static const RequestJson null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

/// The bytes of every text in a prompt, a message's content, or a list of them.
std::int64_t text_bytes_of(const RequestJson& content) {
  if (content.is_string()) {
    return static_cast<std::int64_t>(content.get_ref<const std::string&>().size());
  }
  std::int64_t bytes = 0;
  if (content.is_array()) {
    for (const RequestJson& part : content) {
      // Numbers are tokens, of four bytes each.
      bytes +=
          part.is_number() ? 4 : text_bytes_of(part.is_object() ? field_of(part, "text") : part);
    }
  }
  return bytes;
}

Problem read_whole(const RequestJson& object, const char* name, std::int64_t most,
                   std::int64_t& out) {
  const RequestJson& value = field_of(object, name);
  if (value.is_null()) return std::nullopt;
  const bool is_right = value.is_number_integer() && value >= 1 && value <= most;
  if (!is_right) {
    return wrong(
        fmt::format("Invalid value for '{}': expected a whole number from 1 to {}.", name, most),
        name);
  }
  out = value.get<std::int64_t>();
  return std::nullopt;
}

Problem read_max_tokens(const RequestJson& object, OpenAiRequest& request) {
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    std::int64_t most = 0;
    if (auto problem = read_whole(object, name, std::int64_t{1} << 31, most)) return problem;
    if (most > 0) request.max_tokens = most;
  }
  return std::nullopt;
}

Problem read_messages(const RequestJson& object, OpenAiRequest& request) {
  const RequestJson& messages = field_of(object, "messages");
  if (!messages.is_array() || messages.empty()) {
    return wrong("Missing required parameter: 'messages'.", "messages");
  }
  for (const RequestJson& message : messages) {
    if (!message.is_object()) {
      return wrong("Invalid type for 'messages': expected objects.", "messages");
    }
    request.text_bytes += text_bytes_of(field_of(message, "content"));
  }
  return std::nullopt;
}

Problem read_text(const RequestJson& object, const char* name, OpenAiRequest& request) {
  const RequestJson& text = field_of(object, name);
  if (!text.is_string() && !text.is_array()) {
    return wrong(fmt::format("Missing required parameter: '{}'.", name), name);
  }
  request.text_bytes = text_bytes_of(text);
  const bool is_list = text.is_array() && !text.empty() && !text[0].is_number();
  request.inputs = is_list ? static_cast<std::int64_t>(text.size()) : 1;
  return std::nullopt;
}

Problem read_task(const RequestJson& object, OpenAiRequest& request) {
  if (request.task == OpenAiTask::chat) return read_messages(object, request);
  if (request.task == OpenAiTask::completion) return read_text(object, "prompt", request);
  request.is_base64 = field_of(object, "encoding_format") == "base64";
  if (auto problem = read_whole(object, "dimensions", most_dimensions, request.dimensions)) {
    return problem;
  }
  if (auto problem = read_text(object, "input", request)) return problem;
  if (request.inputs * request.dimensions <= most_numbers) return std::nullopt;
  return wrong(fmt::format("Too much at once: at most {} numbers are answered.", most_numbers),
               "input");
}

Problem read_object(const RequestJson& object, OpenAiRequest& request) {
  const RequestJson& model = field_of(object, "model");
  if (!model.is_string()) return wrong("you must provide a model parameter", "model");
  request.model = model.get<std::string>();
  request.is_streamed = request.task != OpenAiTask::embedding && field_of(object, "stream") == true;
  const RequestJson& stream_options = field_of(object, "stream_options");
  request.wants_usage =
      stream_options.is_object() && field_of(stream_options, "include_usage") == true;
  if (auto problem = read_whole(object, "n", most_choices, request.choices)) return problem;
  if (auto problem = read_max_tokens(object, request)) return problem;
  return read_task(object, request);
}

}  // namespace

tl::expected<OpenAiRequest, OpenAiError> read_openai_request(OpenAiTask task,
                                                             std::string_view body) {
  const RequestJson object = RequestJson::parse(body, nullptr, false);
  if (!object.is_object()) {
    return tl::unexpected(
        wrong("We could not parse the JSON body of your request: the API expects a JSON object."));
  }
  OpenAiRequest request;
  request.task = task;
  if (auto problem = read_object(object, request)) return tl::unexpected(std::move(*problem));
  return request;
}

}  // namespace weir::gateway
