#include <numeric>

#include "core/int128.hpp"
#include "limiter/anchor.hpp"
#include "limiter/catalogue.hpp"
#include "store/redis_rows.hpp"

namespace weir::store {
namespace {

using limiter::Cost;
using limiter::Parameters;
using limiter::Quota;

void write_window(RedisCommand& command, const Parameters& p) {
  command.add(p.count("limit"));
  command.add(whole_us(p.duration("window")));
}

std::int64_t is_from_epoch(const Parameters& p) {
  return limiter::anchor_of(p) == limiter::Anchor::epoch ? 1 : 0;
}

class FixedRow final : public RedisRow {
 public:
  explicit FixedRow(const Parameters& p)
      : parameters_(p),
        limiter_(p.count("limit"), p.duration("window"), limiter::anchor_of(p),
                 p.boolean("count_denied")) {}

  std::string_view letter() const override { return "f"; }
  std::size_t state_size() const override { return 3; }

  void write(RedisCommand& command, Cost, bool, std::string_view) const override {
    write_window(command, parameters_);
    command.add(is_from_epoch(parameters_));
    command.add(parameters_.boolean("count_denied") ? 1 : 0);
  }

  LimitSaid said(const RedisAnswer& answer) const override {
    limiter::FixedWindow::State state;
    if (answer.state[0] != 0) state = {instant_of_us(answer.state[1]), answer.state[2]};
    return said_of(answer, limiter_, state);
  }

 private:
  Parameters parameters_;
  limiter::FixedWindow limiter_;
};

class CounterRow final : public RedisRow {
 public:
  explicit CounterRow(const Parameters& p)
      : parameters_(p),
        limiter_(p.count("limit"), p.duration("window"), limiter::anchor_of(p),
                 p.boolean("count_denied")) {}

  std::string_view letter() const override { return "c"; }
  std::size_t state_size() const override { return 4; }

  void write(RedisCommand& command, Cost, bool, std::string_view) const override {
    write_window(command, parameters_);
    command.add(is_from_epoch(parameters_));
    command.add(parameters_.boolean("count_denied") ? 1 : 0);
  }

  LimitSaid said(const RedisAnswer& answer) const override {
    limiter::SlidingWindowCounter::State state;
    if (answer.state[0] != 0) {
      state = {instant_of_us(answer.state[1]), answer.state[2], answer.state[3]};
    }
    return said_of(answer, limiter_, state);
  }

 private:
  Parameters parameters_;
  limiter::SlidingWindowCounter limiter_;
};

/// The log stays in Redis; its sum, its newest instant and the last one that has to go come back.
class LogRow final : public RedisRow {
 public:
  explicit LogRow(const Parameters& p)
      : limit_(p.count("limit")),
        window_(p.duration("window")),
        counts_denied_(p.boolean("count_denied")) {}

  std::string_view letter() const override { return "l"; }
  std::size_t state_size() const override { return 4; }

  void write(RedisCommand& command, Cost, bool, std::string_view) const override {
    command.add(limit_);
    command.add(whole_us(window_));
    command.add(counts_denied_ ? 1 : 0);
  }

  LimitSaid said(const RedisAnswer& answer) const override {
    const std::int64_t used = answer.state[0];
    const Duration age = answer.now - instant_of_us(answer.state[1]);
    const Quota quota = {.limit = limit_,
                         .remaining = std::max<std::int64_t>(limit_ - used, 0),
                         .reset_after = used == 0 ? Duration() : window_ - age};
    return said_of(answer, quota, earliest(answer));
  }

 private:
  std::optional<Instant> earliest(const RedisAnswer& answer) const {
    if (answer.cost > limit_ && answer.cost > 0) return std::nullopt;
    if (answer.state[2] == 0 || answer.cost == 0) return answer.now;
    return instant_of_us(answer.state[3]) + window_;
  }

  std::int64_t limit_;
  Duration window_;
  bool counts_denied_;
};

class SegmentsRow final : public RedisRow {
 public:
  explicit SegmentsRow(const Parameters& p)
      : limit_(p.count("limit")),
        window_(p.duration("window")),
        segments_(p.count("segments")),
        from_epoch_(is_from_epoch(p)) {
    const std::int64_t divisor = std::gcd(segments_, whole_us(window_));
    parts_ = segments_ / divisor;
    whole_ = whole_us(window_) / divisor;
  }

  std::string_view letter() const override { return "g"; }
  std::size_t state_size() const override { return 5; }

  void write(RedisCommand& command, Cost, bool, std::string_view) const override {
    for (const std::int64_t number :
         {limit_, whole_us(window_), segments_, from_epoch_, parts_, whole_}) {
      command.add(number);
    }
  }

  LimitSaid said(const RedisAnswer& answer) const override {
    const std::int64_t used = answer.state[1];
    const Quota quota = {
        .limit = limit_,
        .remaining = std::max<std::int64_t>(limit_ - used, 0),
        .reset_after = used == 0 ? Duration() : leaves_at(answer, answer.state[2]) - answer.now};
    return said_of(answer, quota, earliest(answer));
  }

 private:
  std::optional<Instant> earliest(const RedisAnswer& answer) const {
    if (answer.cost > limit_ && answer.cost > 0) return std::nullopt;
    if (answer.state[3] == 0 || answer.cost == 0) return answer.now;
    return leaves_at(answer, answer.state[4]);
  }

  /// The first instant at which that segment no longer counts.
  Instant leaves_at(const RedisAnswer& answer, std::int64_t segment) const {
    const Int128 begins = ceil_div(Int128{segment} * window_.ns(), Int128{segments_});
    return Instant::from_unix_ns(
        limiter::saturate(Int128{answer.state[0]} * 1000 + begins + window_.ns()));
  }

  std::int64_t limit_;
  Duration window_;
  std::int64_t segments_;
  std::int64_t from_epoch_;
  /// Segments and window in lowest terms, in microseconds.
  std::int64_t parts_;
  std::int64_t whole_;
};

class IntervalRow final : public RedisRow {
 public:
  IntervalRow(const Parameters& p, std::int64_t initial)
      : rate_(p.rate("rate")),
        capacity_(p.count("capacity")),
        initial_(initial),
        from_epoch_(is_from_epoch(p)),
        limiter_(rate_, capacity_, initial, limiter::anchor_of(p)) {}

  std::string_view letter() const override { return "i"; }
  std::size_t state_size() const override { return 3; }

  void write(RedisCommand& command, Cost, bool, std::string_view) const override {
    const Duration kept = rate_.units == 0       ? kept_for_ever
                          : initial_ < capacity_ ? kept_when_full
                                                 : Duration();
    command.add(capacity_);
    command.add(initial_);
    command.add(static_cast<std::int64_t>(rate_.units));
    command.add(whole_us(rate_.per));
    command.add(from_epoch_);
    command.add(whole_us(kept));
  }

  LimitSaid said(const RedisAnswer& answer) const override {
    limiter::IntervalTokenBucket::State state;
    if (answer.state[0] != 0) state = {instant_of_us(answer.state[1]), answer.state[2]};
    return said_of(answer, limiter_, state);
  }

 private:
  Rate rate_;
  std::int64_t capacity_;
  std::int64_t initial_;
  std::int64_t from_epoch_;
  limiter::IntervalTokenBucket limiter_;
};

}  // namespace

MadeRow make_window_row(std::string_view algorithm, const Parameters& p) {
  if (auto problem = count_problem("limit", p.count("limit"))) return tl::unexpected(*problem);
  if (auto problem = microsecond_problem("window", p.duration("window"))) {
    return tl::unexpected(*problem);
  }
  if (algorithm == "fixed-window") return std::make_unique<const FixedRow>(p);
  if (algorithm == "sliding-window-counter") return std::make_unique<const CounterRow>(p);
  if (algorithm == "sliding-window-log") return std::make_unique<const LogRow>(p);
  return std::make_unique<const SegmentsRow>(p);
}

MadeRow make_interval_row(const Parameters& p) {
  const std::int64_t capacity = p.count("capacity");
  if (auto problem = count_problem("capacity", capacity)) return tl::unexpected(*problem);
  if (auto problem = microsecond_problem("rate", p.rate("rate").per)) {
    problem->message = "must have a period of whole microseconds in a Redis store";
    return tl::unexpected(*problem);
  }
  return std::make_unique<const IntervalRow>(p, p.has("initial") ? p.count("initial") : capacity);
}

}  // namespace weir::store
