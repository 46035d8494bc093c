#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "load/flight.hpp"
#include "load/rate_limit_headers.hpp"
#include "load/reply.hpp"
#include "load/status_meaning.hpp"
#include "metrics/fairness.hpp"
#include "metrics/key_ledger.hpp"
#include "metrics/recorder.hpp"
#include "policy/key_indexer.hpp"

namespace weir::load {

/// What a live run looks like at the moment: the sums so far and the latencies since it was asked
/// last.
struct LiveGlance {
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  std::uint64_t errors = 0;
  metrics::Histogram recent;
};

/// Everything that a run measures, of all its threads together, in one accumulator. A key is what
/// the values of some columns are together. Thread-safe.
class LiveRecord {
 public:
  using End = metrics::Recorder::End;

  LiveRecord(const Columns& columns, std::size_t classes, metrics::RecordClock clock,
             std::vector<std::size_t> key_columns);

  void operation_began(const RequestBlock& request, Instant due);
  void operation_ended(const RequestBlock& request, Instant due, Instant end, End how);

  /// An attempt is handed to a connection: finds its key, and says when another request of that key
  /// was sent last, and whether one is on its way.
  struct KeyUse {
    Instant last_sent = Instant::min();
    std::uint32_t in_flight = 0;
  };
  KeyUse sent(Flight& flight);
  /// How the key is used now, by others than the flight itself if that is under way.
  KeyUse use_of(policy::KeyIndex key);
  /// Its reply has come.
  void replied(Flight& flight, const Reply& reply, Meaning meaning,
               const RateLimitReading& reading);
  void unsent(const Flight& flight);

  /// The promise of a denial has been tested, or a request of the audit has failed.
  enum class Promise { kept, broken, contested };
  void audited(Promise promise);
  void audit_failed();
  /// Of a key of the audit's own: asked shortly before the promised instant as well.
  enum class Honesty { honest, too_short, too_long };
  void judged(Honesty honesty);
  void own_key_begun();

  LiveGlance glance();
  bool ever_answered();
  /// What was recorded; `connections` were opened. Nothing may be recorded afterwards.
  metrics::Accumulator finish(std::uint64_t connections);

 private:
  bool counts(const Flight& flight) const { return recorder_.counts(flight.due); }
  /// Makes room for the key, in the other records too.
  KeyUse& key_of(policy::KeyIndex key);
  void count_reply(const Flight& flight, const Reply& reply, const RateLimitReading& reading);
  void count_allowed(const Flight& flight, const Reply& reply);
  void count_denied(const Flight& flight, const Reply& reply, const RateLimitReading& reading);
  void count_failure(const Reply& reply);
  void count_headers(const RateLimitReading& reading);
  void add_keys();

  std::mutex mutex_;
  const Columns& columns_;
  metrics::Accumulator into_;
  metrics::LiveTotals live_;
  metrics::Recorder recorder_;
  std::size_t named_columns_;
  policy::KeyIndexer indexer_;
  std::vector<KeyUse> keys_;
  metrics::KeyLedger ledger_;
  metrics::KeyTally tally_;
  std::array<std::uint64_t, 1000> statuses_ = {};
  std::array<std::uint64_t, failure_count> failures_ = {};
  std::uint64_t unexpected_ = 0;
  std::array<metrics::HeaderTotals, header_family_count> families_ = {};
  LiveGlance glance_;
  bool ever_answered_ = false;
};

}  // namespace weir::load
