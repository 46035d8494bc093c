#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace weir::store {

/// The SHA-1 of bytes in hexadecimal digits: the name that Redis knows a script by.
std::string sha1_hex(std::string_view bytes);

/// A Lua script that Redis runs at once, with nothing in between.
struct RedisScript {
  explicit RedisScript(std::string lua) : text(std::move(lua)), sha(sha1_hex(text)) {}
  std::string text;
  std::string sha;
};

/// The Lua script that decides and ends requests. Its arguments are
///   KEYS: a key for each limit asked, then, where a request id is to be known, the id's key
///   ARGV: "decide" or "end"; the time in microseconds since 1970 or "" for the server's;
///         milliseconds that every key outlives its state; for how many an id is known, 0 if there
///         is none; then for each limit a letter for its algorithm, the numbers of the request, and
///         the algorithm's parameters (redis_row.hpp)
/// "decide" checks all limits, then charges all or none, and returns an array of integers: whether
/// it repeats an earlier answer, the time, and for each limit whether it admits and its state just
/// after the decision. Times and counts stay below 2^53, so that doubles hold them exactly; a time
/// that is no whole microsecond is a whole one and a remainder over a denominator.
const RedisScript& decision_script();

}  // namespace weir::store
