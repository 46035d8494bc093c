#pragma once

#include <atomic>
#include <cstdint>

namespace weir::load {

/// What a running load and its surroundings tell each other; safe to use from a signal handler and
/// from any thread.
struct LoadControl {
  /// Set from outside: send nothing more, wait for what is on its way, and report.
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> planned{0};
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> in_flight{0};
};

/// What a load may still send: the caps that stop a run, shared by its threads.
class Budget {
 public:
  void limit(std::int64_t requests) { left_ = requests; }

  /// Takes one request out, if there is any left; notes that the run ends if not.
  bool take() {
    if (left_.fetch_sub(1, std::memory_order_relaxed) > 0) return true;
    spent_.store(true, std::memory_order_relaxed);
    return false;
  }
  void give_back() { left_.fetch_add(1, std::memory_order_relaxed); }
  /// No cost may be added any more.
  void end_by_cost() {
    by_cost_.store(true, std::memory_order_relaxed);
    spent_.store(true, std::memory_order_relaxed);
  }
  bool is_spent() const { return spent_.load(std::memory_order_relaxed); }
  /// Which cap has ended the run; empty if none has.
  const char* ended_by() const {
    return !is_spent()                                ? ""
           : by_cost_.load(std::memory_order_relaxed) ? "max_cost"
                                                      : "max_requests";
  }

 private:
  std::atomic<std::int64_t> left_{INT64_MAX / 2};
  std::atomic<bool> spent_{false};
  std::atomic<bool> by_cost_{false};
};

}  // namespace weir::load
