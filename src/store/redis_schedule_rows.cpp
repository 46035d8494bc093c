#include <array>
#include <numeric>

#include "core/int128.hpp"
#include "limiter/catalogue.hpp"
#include "store/redis_rows.hpp"

namespace weir::store {
namespace {

using limiter::Cost;
using limiter::Parameters;
using Schedule = limiter::VirtualSchedule<Int128>;

/// For how long a key may be in debt at most, so that times stay exact.
constexpr Duration longest_debt = Duration::from_seconds(std::int64_t{50} * 366 * 86'400);

/// What one unit of a rate takes: so many microseconds over a denominator. With a rate of 0, where
/// time stands still, one.
class UnitTime {
 public:
  explicit UnitTime(const Rate& rate) : stands_still(rate.units == 0) {
    if (stands_still) return;
    const Int128 thousand_units = Int128{1000} * rate.units;
    const Int128 divisor = gcd(thousand_units, rate.per.ns());
    denominator = thousand_units / divisor;
    numerator = rate.per.ns() / divisor;
    const auto divisor_of_ticks = std::gcd(static_cast<std::int64_t>(rate.units), rate.per.ns());
    ticks_per_ns_ = static_cast<std::int64_t>(rate.units) / divisor_of_ticks;
  }

  Int128 whole(Int128 units) const { return units * numerator / denominator; }
  Int128 rest(Int128 units) const { return units * numerator % denominator; }
  /// The ticks of a VirtualSchedule that counts from 1970, at so many microseconds and a rest.
  Int128 ticks(std::int64_t us, std::int64_t rest) const {
    if (stands_still) return us;
    return Int128{us} * 1000 * ticks_per_ns_ + Int128{rest} * 1000 * ticks_per_ns_ / denominator;
  }

  bool stands_still;
  Int128 numerator = 1;
  Int128 denominator = 1;

 private:
  static Int128 gcd(Int128 a, Int128 b) {
    while (b != 0) a = std::exchange(b, a % b);
    return a;
  }
  std::int64_t ticks_per_ns_ = 0;
};

std::optional<Problem> schedule_problem(std::string_view rate_name, const Rate& rate,
                                        std::string_view count_name, std::int64_t count) {
  if (auto problem = count_problem(count_name, count)) return problem;
  const UnitTime unit(rate);
  if (unit.denominator > most_in_redis) {
    return Problem{std::string(rate_name),
                   "is too fine for a Redis store: write it with fewer units in a shorter period"};
  }
  if (!unit.stands_still && unit.whole(count) > whole_us(longest_debt)) {
    return Problem{std::string(count_name),
                   "must come back within 50 years at its rate in a Redis store"};
  }
  return std::nullopt;
}

/// What a request of that cost takes and what may be owed, then the denominator. A cost beyond the
/// allowance is -1; a settlement beyond what is exact is the most that is.
void write_schedule(RedisCommand& command, const UnitTime& unit, std::int64_t allowance, Cost cost,
                    bool is_request) {
  if (is_request && cost > allowance) {
    command.add(-1);
    command.add(0);
  } else {
    const Int128 most = whole_us(longest_debt);
    const bool beyond = unit.whole(cost) > most && !unit.stands_still;
    command.add(limiter::saturate(beyond ? most : unit.whole(cost)));
    command.add(beyond ? 0 : static_cast<std::int64_t>(unit.rest(cost)));
  }
  command.add(static_cast<std::int64_t>(unit.whole(allowance)));
  command.add(static_cast<std::int64_t>(unit.rest(allowance)));
  command.add(static_cast<std::int64_t>(unit.denominator));
}

/// What is the schedule's: a GCRA, a leaky bucket, a token bucket.
template <class L>
class ScheduleRow final : public RedisRow {
 public:
  struct Setting {
    Rate rate;
    std::int64_t allowance = 0;
    std::int64_t initial = 0;
  };

  ScheduleRow(L limiter, const Setting& setting)
      : limiter_(std::move(limiter)),
        unit_(setting.rate),
        allowance_(setting.allowance),
        missing_(setting.allowance - setting.initial),
        kept_(setting.rate.units == 0 ? kept_for_ever
              : missing_ > 0          ? kept_when_full
                                      : Duration()) {}

  std::string_view letter() const override { return "s"; }

  void write(RedisCommand& command, Cost cost, bool is_request, std::string_view) const override {
    write_schedule(command, unit_, allowance_, cost, is_request);
    command.add(static_cast<std::int64_t>(unit_.whole(missing_)));
    command.add(static_cast<std::int64_t>(unit_.rest(missing_)));
    command.add(unit_.stands_still ? 1 : 0);
    command.add(whole_us(kept_));
  }

  std::size_t state_size() const override { return 3; }

  LimitSaid said(const RedisAnswer& answer) const override {
    typename L::State state;
    if (answer.state[0] != 0) state.tat = unit_.ticks(answer.state[1], answer.state[2]);
    LimitSaid said = said_of(answer, limiter_, state);
    if (!answer.admits) return said;
    // The delay is by the state before; one that was behind now makes no difference.
    if (answer.charged) state.tat -= ticks_of(answer.cost);
    said.verdict.delay = limiter_.check(state, answer.now, answer.cost).delay;
    return said;
  }

 private:
  Int128 ticks_of(Cost cost) const {
    return unit_.ticks(static_cast<std::int64_t>(unit_.whole(cost)),
                       static_cast<std::int64_t>(unit_.rest(cost)));
  }

  L limiter_;
  UnitTime unit_;
  std::int64_t allowance_;
  std::int64_t missing_;
  Duration kept_;
};

class MarkerRow final : public RedisRow {
 public:
  explicit MarkerRow(const Parameters& p)
      : committed_(p.rate("rate")),
        peak_(p.rate("peak_rate")),
        burst_(p.count("burst")),
        peak_burst_(p.count("peak_burst")),
        limiter_(Schedule(p.rate("rate"), burst_, Instant()),
                 Schedule(p.rate("peak_rate"), peak_burst_, Instant())) {}

  std::string_view letter() const override { return "m"; }

  void write(RedisCommand& command, Cost cost, bool is_request, std::string_view) const override {
    write_schedule(command, committed_, burst_, cost, is_request);
    command.add(committed_.stands_still ? 1 : 0);
    write_schedule(command, peak_, peak_burst_, cost, is_request);
    command.add(peak_.stands_still ? 1 : 0);
  }

  std::size_t state_size() const override { return 5; }

  LimitSaid said(const RedisAnswer& answer) const override {
    limiter::TwoRateThreeColorMarker<Int128>::State state;
    if (answer.state[0] != 0) {
      state.committed.tat = committed_.ticks(answer.state[1], answer.state[2]);
      state.peak.tat = peak_.ticks(answer.state[3], answer.state[4]);
    }
    return said_of(answer, limiter_, state);
  }

 private:
  UnitTime committed_;
  UnitTime peak_;
  std::int64_t burst_;
  std::int64_t peak_burst_;
  limiter::TwoRateThreeColorMarker<Int128> limiter_;
};

template <class L>
MadeRow schedule_row(L made, std::string_view count_name, std::int64_t allowance,
                     std::int64_t initial, const Rate& rate) {
  if (auto problem = schedule_problem("rate", rate, count_name, allowance)) {
    return tl::unexpected(*problem);
  }
  return std::make_unique<const ScheduleRow<L>>(
      std::move(made),
      typename ScheduleRow<L>::Setting{.rate = rate, .allowance = allowance, .initial = initial});
}

MadeRow make_marker_row(const Parameters& p) {
  if (auto problem = schedule_problem("rate", p.rate("rate"), "burst", p.count("burst"))) {
    return tl::unexpected(*problem);
  }
  if (auto problem =
          schedule_problem("peak_rate", p.rate("peak_rate"), "peak_burst", p.count("peak_burst"))) {
    return tl::unexpected(*problem);
  }
  return std::make_unique<const MarkerRow>(p);
}

}  // namespace

MadeRow make_schedule_row(std::string_view algorithm, const Parameters& p) {
  if (algorithm == "trtcm") return make_marker_row(p);
  const Rate rate = p.rate("rate");
  const std::string_view count_name = algorithm == "gcra" ? "burst" : "capacity";
  const std::int64_t count = p.count(count_name);
  if (algorithm == "leaky-bucket-queue") {
    return schedule_row(limiter::LeakyBucketQueue<Int128>(rate, count, Instant()), count_name,
                        count + 1, count + 1, rate);
  }
  if (algorithm == "token-bucket") {
    const std::int64_t initial = p.has("initial") ? p.count("initial") : count;
    return schedule_row(limiter::ContinuousTokenBucket<Int128>(rate, count, initial, Instant()),
                        count_name, count, initial, rate);
  }
  return schedule_row(Schedule(rate, count, Instant()), count_name, count, count, rate);
}

}  // namespace weir::store
