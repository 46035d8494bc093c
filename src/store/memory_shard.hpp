#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "policy/joint_ask.hpp"
#include "store/admitted_ids.hpp"
#include "store/definition.hpp"
#include "store/key_table.hpp"
#include "store/store.hpp"

namespace weir::store {

/// Which table of every shard has the keys of each row of each limit of a policy.
struct TablePlan {
  Definition definition;
  /// By limit, then by variant.
  std::vector<std::vector<std::uint32_t>> tables;
};

/// What all shards of a store share.
struct MemoryLimits {
  std::atomic<std::size_t> max_keys{1'000'000};
  /// What a new key is answered when there are as many.
  std::atomic<bool> full_allows{false};
  std::atomic<Duration> request_id_ttl{Duration::from_seconds(600)};
  std::atomic<std::size_t> keys{0};
  /// Requests that wait for what others hold.
  std::atomic<std::size_t> waiting{0};
};

/// The states of the keys of one part of the partition. What is decided together lies in one of
/// these, behind one lock.
class MemoryShard {
 public:
  /// Remembers so many request ids.
  MemoryShard(MemoryLimits& limits, std::size_t most_ids) : limits_(limits), admitted_(most_ids) {}

  void add_table(std::unique_ptr<policy::KeyedLimiter> limiter);

  /// A request that was admitted and waits for what others hold. It may go once `lines` is 0.
  struct Waiter {
    Said said;
    std::size_t lines = 0;
    boost::asio::io_context* loop = nullptr;
    StoreClient::Decided decided;
  };

  enum class Outcome { decided, waits };
  /// Decides; with `waiter` null a request that would have to wait changes nothing.
  Outcome decide(const TablePlan& plan, const Ask& ask, Said& said,
                 const std::shared_ptr<Waiter>& waiter);
  void end(const TablePlan& plan, const std::vector<Owed>& owed, const Ended& ended);

  /// Forgets keys that are as new, among so many of each table.
  void sweep(std::size_t looks, Instant now);
  /// Lets those go that wait for what has expired.
  void expire(Instant now);

  void inspect(const TablePlan& plan, const KeyFilter& filter, std::size_t most, Instant now,
               std::vector<KeyCount>& found);
  std::size_t reset(const TablePlan& plan, const KeyFilter& filter);

 private:
  struct InLine {
    std::shared_ptr<Waiter> waiter;
    std::size_t owed = 0;
    policy::Charge charge;
  };
  using LineName = std::pair<std::uint32_t, policy::KeyIndex>;

  bool find_keys(const TablePlan& plan, const Ask& ask, Instant now);
  void explain(Said& said);
  void note_debts(const Ask& ask, Said& said, Instant now) const;
  void stand_in_lines(const TablePlan& plan, const std::shared_ptr<Waiter>& waiter);
  void settle(const LimitDefinition& limit, KeyTable& table, const Owed& owed, Instant now,
              policy::Cost actual);
  void wake_line(std::uint32_t table, policy::KeyIndex key, Instant now);
  Instant forward(Instant now) { return last_ = std::max(last_, now); }

  MemoryLimits& limits_;
  std::mutex mutex_;
  std::deque<KeyTable> tables_;
  AdmittedIds admitted_;
  std::map<LineName, std::deque<InLine>> lines_;
  /// Of the request that is being decided.
  std::vector<policy::JointAsk> asked_;
  /// Threads read their clocks before they get here.
  Instant last_ = Instant::min();
};

}  // namespace weir::store
