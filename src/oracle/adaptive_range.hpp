#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "limiter/parameters.hpp"

namespace weir::oracle {

/// Between which numbers a limit on concurrency lies.
struct SlotCaps {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

/// From the least to the most that a number may be.
struct Interval {
  double least = 0.0;
  double most = 0.0;

  void join(const Interval& other);
  bool operator==(const Interval&) const = default;
};

/// What can be known from outside of a request that has ended: how long it was held, in
/// nanoseconds, and how many were in flight when it was admitted, itself included.
struct EndedSample {
  Interval rtt;
  Interval in_flight;
};

/// How aimd moves its limit.
struct AimdRange {
  AimdRange() = default;
  explicit AimdRange(const limiter::Parameters& parameters);
  /// Each way in which it may have moved.
  std::vector<AimdRange> after(const EndedSample& sample) const;
  bool is_like(const AimdRange& other) const { return limit == other.limit; }
  void join(const AimdRange& other) { limit.join(other.limit); }

  Interval limit;
  double least = 0, most = 0, backoff = 1, timeout_ns = 0;
};

/// How vegas does. When it measures the shortest time anew is drawn at random.
struct VegasRange {
  VegasRange() = default;
  explicit VegasRange(const limiter::Parameters& parameters);
  /// Each way in which it may have moved.
  std::vector<VegasRange> after(const EndedSample& sample) const;
  bool is_like(const VegasRange& other) const {
    return limit == other.limit && since_probe == other.since_probe;
  }
  void join(const VegasRange& other);

  Interval limit;
  /// Of the shortest time, where there is one.
  Interval shortest;
  bool may_have_none = true;
  bool may_have_one = false;
  Interval since_probe;
  double most = 0, smoothing = 1, probe_multiplier = 1;

 private:
  void add_shortest(const EndedSample& sample, std::vector<VegasRange>& into) const;
  void add_moved(const EndedSample& sample, std::vector<VegasRange>& into) const;
  /// Moved by so much, since so many at least and at most seem to wait.
  void add_step(Interval by, Interval waits, const Interval& rtt,
                std::vector<VegasRange>& into) const;
};

/// How gradient2 does.
struct Gradient2Range {
  Gradient2Range() = default;
  explicit Gradient2Range(const limiter::Parameters& parameters);
  /// One that encloses all ways in which it may have moved.
  std::vector<Gradient2Range> after(const EndedSample& sample) const;
  bool is_like(const Gradient2Range&) const { return true; }
  void join(const Gradient2Range& other);

  Interval limit;
  Interval average, warmup_sum;
  std::int64_t warmup_count = 0;
  double least = 0, most = 0, queue_size = 0, smoothing = 0, tolerance = 1, long_window = 1;

 private:
  void update(const EndedSample& sample);
  void add_to_average(const Interval& rtt);
};

/// What is known of a limit on concurrency that may move with every request that ends: the states
/// that it may be in, each an enclosure, since from outside nobody knows exactly how long a request
/// was held.
class AdaptiveRange {
 public:
  AdaptiveRange(std::string_view algorithm, const limiter::Parameters& parameters);

  SlotCaps caps() const;
  bool is_adaptive() const { return !std::holds_alternative<Interval>(states_.front()); }
  /// A request has ended.
  void update(const EndedSample& sample);
  /// What is known where it is the one or the other.
  void join(const AdaptiveRange& other);
  /// The limit is known otherwise to be in there; what cannot be says nothing.
  void refine(SlotCaps caps);

 private:
  using State = std::variant<Interval, AimdRange, VegasRange, Gradient2Range>;
  static Interval& limit_of(State& state);
  static const Interval& limit_of(const State& state);
  static bool are_like(const State& one, const State& other);
  static void join_into(State& known, const State& other);
  void merge_like();
  void make_few();

  std::vector<State> states_;
};

}  // namespace weir::oracle
