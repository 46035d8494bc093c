#pragma once

#include <cstdint>

#include "core/time.hpp"
#include "load/status_meaning.hpp"

namespace weir::load {

/// The audit of Retry-After on a key that nobody else uses: requests one after another until one is
/// denied, one a second (the header's own resolution) before the promised instant, which should be
/// denied, and one at it, which should be admitted. A pure state machine: it is told what became of
/// each request and says what to do next.
class OwnKeyAudit {
 public:
  struct Step {
    enum class Kind : std::uint8_t { send, over } kind = Kind::over;
    /// When to send.
    Instant at;
    /// With the end of it: what has been found out, if anything.
    enum class Finding : std::uint8_t { none, honest, too_short, too_long } finding = Finding::none;
  };

  /// A limit that lets more through than this in a row is not found.
  static constexpr int most_requests = 1'000;

  Step begin(Instant now) const { return {Step::Kind::send, now, Step::Finding::none}; }

  /// The request that was to be sent was decided at some time from `written` to `end`; a denial
  /// with a promise to wait `told`, or Duration::max() without.
  Step answered(Meaning meaning, Instant written, Instant end, Duration told);

 private:
  enum class Stage : std::uint8_t { filling, early, promised };

  Step denied_first(Instant written, Instant end, Duration told);
  Step denied_early(Instant end, Duration told);

  Stage stage_ = Stage::filling;
  int sent_ = 0;
  /// The gateway's promised instant is not before the first and not after the second of these.
  Instant promised_from_;
  Instant promised_until_;
};

}  // namespace weir::load
