#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/request.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameters.hpp"

namespace weir::policy {

using limiter::Cost;
using limiter::Quota;
using limiter::Verdict;
/// A dense number for one key of one limit.
using KeyIndex = std::uint32_t;
/// Which row of a limit's parameter tables holds for a request.
using VariantIndex = std::uint16_t;

/// One request of a limit: which key's state, under which row of its tables, when, at what cost.
struct Charge {
  KeyIndex key = 0;
  VariantIndex variant = 0;
  Instant now;
  Cost cost = 1;
};

/// Requests for one limit in time order, column by column; empty columns stand for variant 0 and
/// cost 1 throughout.
struct ChargeBlock {
  std::span<const Instant> at;
  std::span<const KeyIndex> key;
  std::span<const VariantIndex> variant;
  std::span<const Cost> cost;
};

/// What a denied request was told to wait, and what it would really have to, were it the only one;
/// Duration::max() where it was told nothing, and where no wait helps.
struct Promise {
  std::uint32_t row = 0;
  Duration advertised;
  Duration exact;
};

/// One limit's algorithm with the states of all its keys, the algorithm's type erased: one virtual
/// call a block of requests, or one a request where several limits have to agree.
class KeyedLimiter {
 public:
  virtual ~KeyedLimiter() = default;

  /// Forgets everything and makes room for keys 0 to count - 1.
  virtual void reset(std::size_t count) = 0;
  /// Makes room for more keys; those that exist keep their states.
  virtual void grow(std::size_t count) = 0;

  /// Decides and charges a block. Writes 0 or 1 into `allowed`, the delays of those admitted into
  /// `delay`, and what those denied were told to the front of `promises`; all have room for as many
  /// as the block has rows.
  struct Decided {
    bool any_delay = false;
    std::size_t promises = 0;
  };
  virtual Decided decide(const ChargeBlock& block, std::uint8_t* allowed, Duration* delay,
                         Promise* promises) = 0;

  /// Decides and charges one request, and says what it was told if it was denied.
  virtual Verdict decide(const Charge& charge, Promise& promise) = 0;

  virtual Verdict check(const Charge& charge) const = 0;
  virtual void charge(const Charge& charge) = 0;
  virtual void charge_denied(const Charge& charge) = 0;
  virtual std::optional<Instant> earliest(const Charge& charge) const = 0;
  virtual std::optional<Duration> advertised_retry_after(const Charge& charge) const = 0;
  virtual Quota quota(const Charge& charge) const = 0;
  virtual limiter::AdvertisedQuota advertised_quota(const Charge& charge) const = 0;
  /// limiter::Limiter's bound, of one row of the tables.
  virtual std::optional<std::int64_t> bound(VariantIndex variant, Duration interval) const = 0;

  /// Whether admissions are held until complete() is called for them.
  virtual bool holds_until_end() const = 0;
  /// Ends what `started` to be held; `charge.now` is when it ended.
  virtual void complete(const Charge& charge, Instant started, bool dropped) = 0;
  /// Whether an admitted request need not wait for what others hold; asked before charge().
  virtual bool starts_at_once(const Charge& charge) const = 0;
  /// Starts a request that was admitted to wait, if what it waits for is free.
  virtual bool start_waiting(const Charge& charge) = 0;
  /// Lets a request go that was admitted to wait and has not started.
  virtual void leave_line(const Charge& charge) = 0;
  /// When the next of what the key holds will be free although its request has not ended.
  virtual std::optional<Instant> next_expiry(const Charge& charge) const = 0;

  /// Whether settle() may be called.
  virtual bool settles_late() const = 0;
  /// Corrects the `charged` of a request that was charged at `charged_at` to charge.cost, now that
  /// it has ended; returns how far beyond its budget the key is then.
  virtual std::int64_t settle(const Charge& charge, Instant charged_at, Cost charged) = 0;

  /// Whether the key decides from charge.now on as one never seen would; its cost does not matter.
  virtual bool is_as_new(const Charge& charge) const = 0;
  /// Makes the state of one key that of another.
  virtual void copy_state(KeyIndex from, KeyIndex to) = 0;

  /// Bytes of a key's state, with what it owns elsewhere.
  virtual std::size_t state_bytes(KeyIndex key) const = 0;

  /// Whether the states of two keys are known to be the same; they may be although they are not.
  virtual bool has_same_state(KeyIndex a, KeyIndex b) const = 0;
};

/// The limiter of one catalogue entry; `variants` are its complete parameters, one for each row of
/// the limit's tables (one if it has none). A problem's pointer is the parameter to blame.
tl::expected<std::unique_ptr<KeyedLimiter>, Problem> make_keyed_limiter(
    std::string_view algorithm, std::span<const limiter::Parameters> variants,
    const limiter::Environment& environment);

}  // namespace weir::policy
