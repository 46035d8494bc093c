#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace weir {

/// What a failure means for the caller; the values are the exit codes of the command line.
enum class ErrorKind { cannot_run = 1, usage = 2, invalid_scenario = 3, target_unreachable = 5 };

/// A failure as a value: what was wrong, where, and what would be right.
struct Error {
  ErrorKind kind = ErrorKind::cannot_run;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}

/// One thing wrong with a document: the JSON pointer of the place and a sentence about it.
struct Problem {
  std::string pointer;
  std::string message;

  bool operator==(const Problem&) const = default;
};

using Problems = std::vector<Problem>;

}  // namespace weir
