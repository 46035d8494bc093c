#include "scenario/overrides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace weir::scenario {
namespace {

/// The value as JSON, or else as a string.
Json value_of(const Override& given, Reading& reading) {
  JsonText text = read_json(given.value);
  if (!text.document) return given.value;
  for (Problem& problem : text.problems) {
    reading.problem(given.pointer + problem.pointer, std::move(problem.message));
  }
  return *std::move(text.document);
}

std::optional<std::size_t> as_index(const std::string& token) {
  std::size_t index = 0;
  const char* const last = token.data() + token.size();
  const auto [end, error] = std::from_chars(token.data(), last, index);
  const bool has_leading_zero = token.size() > 1 && token[0] == '0';
  if (error != std::errc() || end != last || has_leading_zero) return std::nullopt;
  return index;
}

/// The element that the token names, made if it is one past the end ("-") and null.
tl::expected<Json*, std::string> element(Json& array, const std::string& token) {
  if (token == "-") {
    array.push_back(nullptr);
    return &array.back();
  }
  const std::optional<std::size_t> index = as_index(token);
  if (!index) {
    return tl::unexpected(fmt::format(
        "\"{}\" is no index of an array; write a number from 0, or - to append", token));
  }
  if (*index >= array.size()) {
    return tl::unexpected(fmt::format("index {} is out of range: the array has {} element{}",
                                      *index, array.size(), array.size() == 1 ? "" : "s"));
  }
  return &array[*index];
}

/// The value below `parent` that the token names, made where it is missing.
tl::expected<Json*, std::string> step(Json& parent, const std::string& token) {
  if (parent.is_null()) parent = Json::object();
  if (parent.is_array()) return element(parent, token);
  if (parent.is_object()) return &parent[token];
  return tl::unexpected(fmt::format("\"{}\" cannot be set inside {}", token, show(parent)));
}

std::optional<std::string> apply(Json& document, const std::vector<std::string>& tokens,
                                 Json value) {
  // Nothing is changed before all of the way is known to be right.
  Json changed = document;
  Json* place = &changed;
  for (const std::string& token : tokens) {
    const auto below = step(*place, token);
    if (!below) return below.error();
    place = *below;
  }
  *place = std::move(value);
  document = std::move(changed);
  return std::nullopt;
}

}  // namespace

void apply_overrides(Json& document, const std::vector<Override>& overrides, Reading& reading) {
  for (const Override& given : overrides) {
    const auto tokens = pointer_tokens(given.pointer);
    if (!tokens || tokens->empty()) {
      reading.problem(given.pointer,
                      "must be a JSON pointer such as \"/policy/limits/0/rate\" to be set");
      continue;
    }
    if (tokens->size() > deepest_nesting) {
      reading.problem(given.pointer,
                      fmt::format("must not nest deeper than {} levels", deepest_nesting));
      continue;
    }
    const auto problem = apply(document, *tokens, value_of(given, reading));
    if (problem) reading.problem(given.pointer, "cannot be set: " + *problem);
  }
}

}  // namespace weir::scenario
