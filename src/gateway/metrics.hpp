#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace weir::gateway {

/// A histogram as Prometheus has them: how many took at most so long.
class LatencyBuckets {
 public:
  static constexpr std::array<std::int64_t, 19> bounds_ns = {
      500,        1'000,      2'000,       5'000,       10'000,       20'000,    50'000,
      100'000,    200'000,    500'000,     1'000'000,   2'000'000,    5'000'000, 10'000'000,
      20'000'000, 50'000'000, 100'000'000, 500'000'000, 1'000'000'000};

  void add(Duration took);
  struct Sums {
    /// Not cumulative; the last is what took longer than all bounds.
    std::array<std::uint64_t, bounds_ns.size() + 1> counts{};
    std::uint64_t total_ns = 0;
  };
  void add_to(Sums& sums) const;

 private:
  std::array<std::atomic<std::uint64_t>, bounds_ns.size() + 1> counts_{};
  std::atomic<std::uint64_t> total_ns_{0};
};

/// What one thread's decisions under one policy came to. Only that thread writes.
struct DecisionCounts {
  explicit DecisionCounts(std::vector<std::string> limit_names)
      : limits(std::move(limit_names)), denied_by(limits.size()) {}

  using Count = std::atomic<std::uint64_t>;
  static void increment(Count& count) {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  Count allowed{0};
  Count denied{0};
  /// Would have been denied, but for a dry run.
  Count passed_anyway{0};
  /// Were told 400: what the policy needs to know was not there.
  Count unclear{0};
  Count exempt{0};
  /// Answered without the store: it failed, or was full.
  Count unavailable{0};
  Count repeated{0};
  /// Ended without anybody having told what they cost.
  Count cost_unknown{0};
  std::vector<std::string> limits;
  std::vector<Count> denied_by;
  /// All of a decision, and the store's part of it.
  LatencyBuckets decision;
  LatencyBuckets store;
};

/// The counts of all threads.
class Metrics {
 public:
  /// For a thread, which keeps it; what it counted stays when it goes.
  std::shared_ptr<DecisionCounts> make_counts(std::vector<std::string> limit_names);

  struct Totals {
    std::uint64_t allowed = 0, denied = 0, passed_anyway = 0, unclear = 0, exempt = 0,
                  unavailable = 0, repeated = 0, cost_unknown = 0;
    std::map<std::string, std::uint64_t> denied_by;
    LatencyBuckets::Sums decision, store;

    std::uint64_t requests() const { return allowed + denied; }
  };
  Totals totals() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<DecisionCounts>> all_;
};

}  // namespace weir::gateway
