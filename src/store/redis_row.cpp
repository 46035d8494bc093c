#include "store/redis_row.hpp"

#include <array>

#include "limiter/catalogue.hpp"
#include "store/redis_rows.hpp"

namespace weir::store {
namespace {

using limiter::Cost;
using limiter::Parameters;
using limiter::Quota;

/// What holds slots until the request has ended, or its lease has.
class SlotsRow final : public RedisRow {
 public:
  SlotsRow(const Parameters& p, Duration longest_hold)
      : limit_(p.count("limit")),
        expires_(p.has("slot_ttl")),
        lease_(expires_ ? p.duration("slot_ttl") : longest_hold) {}

  std::string_view letter() const override { return "n"; }
  std::size_t state_size() const override { return 4; }
  bool holds() const override { return true; }

  void write(RedisCommand& command, Cost, bool, std::string_view token) const override {
    command.add(limit_);
    command.add(whole_us(lease_));
    command.add(token);
  }

  LimitSaid said(const RedisAnswer& answer) const override {
    const std::int64_t running = answer.state[0];
    Quota quota = {.limit = limit_,
                   .remaining = std::max<std::int64_t>(limit_ - running, 0),
                   .reset_after = {}};
    if (running > 0) {
      quota.reset_after = expires_ ? instant_of_us(answer.state[1]) - answer.now : Duration::max();
    }
    return said_of(answer, quota, earliest(answer));
  }

 private:
  std::optional<Instant> earliest(const RedisAnswer& answer) const {
    if (answer.cost == 0 || answer.cost <= limit_ - answer.state[0]) return answer.now;
    if (!expires_ || answer.state[2] == 0) return std::nullopt;
    return instant_of_us(answer.state[3]);
  }

  std::int64_t limit_;
  /// Whether the limit says so itself, so that its clients may be told.
  bool expires_;
  Duration lease_;
};

/// An algorithm without any state.
template <class L>
class StatelessRow final : public RedisRow {
 public:
  std::string_view letter() const override {
    return std::is_same_v<L, limiter::Unlimited> ? "o" : "x";
  }
  std::size_t state_size() const override { return 0; }
  void write(RedisCommand&, Cost, bool, std::string_view) const override {}
  LimitSaid said(const RedisAnswer& answer) const override {
    return said_of(answer, L(), typename L::State());
  }
};

constexpr std::array<std::string_view, 4> schedules = {"gcra", "leaky-bucket", "leaky-bucket-queue",
                                                       "trtcm"};
constexpr std::array<std::string_view, 4> windows = {
    "fixed-window", "sliding-window-log", "sliding-window-counter", "sliding-window-segments"};

constexpr std::array<std::string_view, 3> adaptive = {"aimd", "vegas", "gradient2"};

template <std::size_t n>
bool is_one_of(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

MadeRow make_slots_row(const Parameters& p, Duration longest_hold) {
  if (auto problem = count_problem("limit", p.count("limit"))) return tl::unexpected(*problem);
  if (p.count("queue") > 0) {
    return tl::unexpected(
        Problem{"queue", "must be 0 in a Redis store, which wakes nobody who waits"});
  }
  if (p.has("slot_ttl")) {
    if (auto problem = microsecond_problem("slot_ttl", p.duration("slot_ttl"))) {
      return tl::unexpected(*problem);
    }
  }
  return std::make_unique<const SlotsRow>(p, longest_hold);
}

MadeRow make_redis_row(std::string_view algorithm, const Parameters& p, Duration longest_hold) {
  if (algorithm == "token-bucket") {
    return p.choice("refill") == "interval" ? make_interval_row(p)
                                            : make_schedule_row(algorithm, p);
  }
  if (is_one_of(schedules, algorithm)) return make_schedule_row(algorithm, p);
  if (is_one_of(windows, algorithm)) return make_window_row(algorithm, p);
  if (algorithm == "concurrency") return make_slots_row(p, longest_hold);
  if (algorithm == "unlimited") return std::make_unique<const StatelessRow<limiter::Unlimited>>();
  if (algorithm == "deny-all") return std::make_unique<const StatelessRow<limiter::DenyAll>>();
  return tl::unexpected(Problem{
      "algorithm",
      fmt::format("{} {}; in a Redis store there are the canonical algorithms without adaptive "
                  "concurrency",
                  algorithm,
                  is_one_of(adaptive, algorithm)
                      ? "learns from what each gateway measures itself"
                      : "imitates a product that keeps its state elsewhere")});
}

}  // namespace weir::store
