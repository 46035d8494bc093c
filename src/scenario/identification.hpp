#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.hpp"

namespace weir::scenario {

/// A place of a request, or of its answer, where a gateway finds an attribute or a cost.
struct FieldPlace {
  enum class Kind {
    /// The header `name`.
    header,
    /// Authorization: Bearer.
    bearer,
    /// X-API-Key or Api-Key, else bearer.
    api_key,
    /// The client's address.
    client,
    /// The query parameter `name`.
    query,
    /// The segment of the path with that `number`, from 1.
    path,
    /// The JSON pointer `name` into the body.
    body,
    /// The same into the answer's body; of an event stream, the last event that has it.
    answer,
    /// The answer's header `name`.
    answer_header,
    /// The text `name` itself.
    literal,
  };
  Kind kind = Kind::header;
  std::string name;
  std::size_t number = 0;

  bool is_of_answer() const { return kind == Kind::answer || kind == Kind::answer_header; }
  bool operator==(const FieldPlace&) const = default;
};

/// Where a gateway finds something: the first of these places that has it.
struct Identification {
  /// As it was written.
  std::string text;
  std::vector<FieldPlace> places;
  bool operator==(const Identification&) const = default;
};

/// "header:X-User", "bearer", "body:/max_tokens or =1024": places with " or " between them.
Parsed<Identification> parse_identification(std::string_view text);

}  // namespace weir::scenario
