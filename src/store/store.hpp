#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "limiter/limiter.hpp"
#include "policy/keyed_limiter.hpp"

namespace weir::store {

/// What one limit of the Definition is asked about a request.
struct LimitAsk {
  std::uint16_t limit = 0;
  policy::VariantIndex variant = 0;
  /// The values of the limit's state_key, each escaped (key_text.hpp), joined by "|".
  std::string key;
  /// What its admission asks for: the cost, an estimate of it that is reserved, or 1 where the
  /// whole cost is charged at the end (spec.charge).
  policy::Cost cost = 1;
};

/// A request as its limits see it. Only limits that apply are asked.
struct Ask {
  /// The gateway's clock. A store with a clock of its own decides by that.
  Instant now;
  /// The values of the Definition's partition, as text like a key.
  std::string partition;
  std::vector<LimitAsk> limits;
  /// A client's name for its request, under which a repetition of one that was admitted is admitted
  /// as well and charged nothing; empty where there is none. What was denied is decided anew.
  std::string request_id;
};

/// What one limit says, in the order of the Ask. Quota and waits are those just after the decision.
struct LimitSaid {
  policy::Verdict verdict;
  policy::Quota quota;
  limiter::AdvertisedQuota advertised;
  /// Of a limit that denied, or would have to: until the same request would be admitted if nothing
  /// else came; none where no wait helps. Zero where it admits.
  std::optional<Duration> retry_after = Duration();
  /// What its product tells a denied client.
  std::optional<Duration> advertised_retry_after;
};

/// Who decided.
enum class DecidedBy : std::uint8_t {
  store,
  /// It was admitted before, under the same request id.
  repetition,
  /// The store failed, and everything is allowed, denied, or decided by a share of the limit here.
  failure_allowed,
  failure_denied,
  failure_local,
  /// There was no room for another key.
  full_allowed,
  full_denied,
};

/// What an admitted request owes its limits until it has ended.
struct Owed {
  LimitAsk ask;
  Instant charged_at;
  /// What was charged at admission, where the cost is not final.
  policy::Cost charged = 0;
  bool holds = false;
  /// Whether it has what it holds; if not it waits in the limit's line.
  bool has_started = true;
  Instant started;
  bool is_late = false;
  /// Whether the store's stand-in for failures decided.
  bool is_local = false;
  /// The store's own name for what it holds.
  std::string held_as = {};
};

/// A decision. Limits with "enforce": false are asked and charged but deny and delay nothing.
struct Said {
  bool allowed = true;
  Duration delay;
  DecidedBy by = DecidedBy::store;
  /// Empty where the store failed and nobody else decided.
  std::vector<LimitSaid> limits;
  std::vector<Owed> owed;
};

/// How a request has ended, for those that owe.
struct Ended {
  Instant now;
  /// That of its Ask.
  std::string partition;
  /// It failed for want of capacity: a time-out, an answer of "overloaded".
  bool dropped = false;
  /// For each element of `owed` whose cost is late: what the request has really cost; none where
  /// nobody knows, so that what was charged stands.
  std::vector<std::optional<policy::Cost>> costs;
};

/// Which keys somebody means: those that have all of these values of attributes, of one limit or of
/// every.
struct KeyFilter {
  std::string limit;
  std::vector<std::pair<std::string, std::string>> values;
};

/// What is known of a key.
struct KeyCount {
  std::string limit;
  std::string key;
  policy::Quota quota;
};

/// A thread's way to a store; everything happens and is called back on that thread.
class StoreClient {
 public:
  using Decided = std::function<void(Said&& said)>;
  virtual ~StoreClient() = default;

  /// Decides without waiting, if the store can and the request need not wait in a line; else
  /// changes nothing and returns false.
  virtual bool decide_at_once(const Ask& ask, Said& said) = 0;
  /// Decides; `decided` is called once, at once or later, for what waits in a line once it has all
  /// that it waits for.
  virtual void decide(Ask ask, Decided decided) = 0;
  /// Ends an admitted request that owes anything. Called exactly once for each.
  virtual void end(std::vector<Owed> owed, Ended ended) = 0;

  /// At most `most` keys.
  virtual void inspect(KeyFilter filter, std::size_t most, Instant now,
                       std::function<void(std::vector<KeyCount>)> found) = 0;
  /// Makes keys new again; says how many.
  virtual void reset(KeyFilter filter, std::function<void(std::size_t)> done) = 0;
};

/// What a store tells of itself; counts since it was made, all threads together.
struct StoreFigures {
  /// None where only counting would tell.
  std::optional<std::uint64_t> active_keys;
  /// Decisions that it could not make, by why: "timeout", "connection", "error"; "down" where it
  /// was not asked since it had failed before, "overload" where too many were outstanding.
  std::vector<std::pair<std::string, std::uint64_t>> failures;
  /// Decisions that a stand-in made.
  std::uint64_t decided_locally = 0;
};

/// Where the states of a policy's limits live.
class Store {
 public:
  virtual ~Store() = default;
  /// May be called by any thread; the client lives no longer than the store and the loop.
  virtual std::unique_ptr<StoreClient> make_client(boost::asio::io_context& loop) = 0;
  virtual StoreFigures figures() const = 0;
};

}  // namespace weir::store
