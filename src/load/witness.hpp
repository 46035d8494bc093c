#pragma once

#include <optional>
#include <string_view>

#include "core/request.hpp"
#include "core/time.hpp"
#include "load/rate_limit_headers.hpp"

namespace weir::load {

/// One attempt and what a gateway made of it; instants are those of this machine's wall clock.
struct Testimony {
  /// Valid only while it is handed over.
  const RequestBlock& request;
  Instant sent;
  Instant first_byte;
  /// When all of the answer was there; at the earliest with its first byte.
  Instant end = Instant::min();
  /// Absent where nobody knows: there was no answer, it said neither, or the request may have been
  /// sent twice.
  std::optional<bool> allowed;
  RateLimitReading reading;
  /// What the answer's Date shows.
  std::optional<Instant> date;
  /// Of a witness that wants them: as Reply has them.
  std::string_view head_lines = {};
  std::string_view body = {};
};

/// Hears of every attempt of a run, from any of its threads.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void hear(const Testimony& testimony) = 0;
};

}  // namespace weir::load
