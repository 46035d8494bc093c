#include <map>
#include <memory>
#include <string>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// Finds calendar windows by walking through the years and months from 1970 on.
class Calendar {
 public:
  /// The second at which the unit that `unix_s` lies in began.
  static Int128 beginning(const std::string& unit, Int128 unix_s) {
    if (unit == "month" || unit == "year") return walk(unit == "month", unix_s);
    const std::map<std::string, Int128> length = {
        {"second", 1}, {"minute", 60}, {"hour", 3'600}, {"day", 86'400}};
    const Int128 past = unix_s % length.at(unit);
    return unix_s - (past < 0 ? past + length.at(unit) : past);
  }

 private:
  static constexpr Int128 day = 86'400;

  static bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

  static Int128 year_length(int year) { return (is_leap(year) ? 366 : 365) * day; }

  static Int128 month_length(int year, int month) {
    constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return (days[month] + (month == 1 && is_leap(year) ? 1 : 0)) * day;
  }

  static Int128 walk(bool by_month, Int128 unix_s) {
    int year = 1970;
    Int128 begins = 0;
    while (begins > unix_s) begins -= year_length(--year);
    while (begins + year_length(year) <= unix_s) begins += year_length(year++);
    for (int month = 0; by_month && begins + month_length(year, month) <= unix_s; ++month) {
      begins += month_length(year, month);
    }
    return begins;
  }
};

/// The plugin's shared dictionary, or Redis: one counter per window, each with its expiry.
class KongReference : public Reference {
 public:
  KongReference(const Parameters& p, bool redis)
      : limit_(p.count("limit")), unit_(p.choice("period")), redis_(redis) {
    const std::map<std::string, Int128> expiration = {{"second", 1},        {"minute", 60},
                                                      {"hour", 3'600},      {"day", 86'400},
                                                      {"month", 2'592'000}, {"year", 31'536'000}};
    lives_ms_ = expiration.at(unit_) * 1000;
  }

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    const Int128 now_ms = floored(at.unix_ns(), 1'000'000);
    const Int128 window = Calendar::beginning(unit_, floored(at.unix_ns(), 1'000'000'000));
    const auto found = counters_.find(window);
    if (found != counters_.end() && now_ms > found->second.expires_ms) counters_.erase(found);
    const bool counted = counters_.count(window) != 0;
    const Int128 usage = counted ? counters_.at(window).usage : 0;
    // As if n requests came one after another: the last one must find less than the limit.
    const bool allowed = limit_ - (usage + cost - 1) > 0;
    if (!allowed && !redis_) return {.allowed = false, .delay = {}};
    if (!counted) counters_[window] = {.usage = 0, .expires_ms = now_ms + lives_ms_};
    counters_[window].usage += cost;
    return {.allowed = allowed, .delay = {}};
  }

 private:
  struct Counter {
    Int128 usage = 0;
    Int128 expires_ms = 0;
  };

  static Int128 floored(Int128 ns, Int128 unit) {
    return ns >= 0 ? ns / unit : -((-ns + unit - 1) / unit);
  }

  Int128 limit_;
  std::string unit_;
  bool redis_;
  Int128 lives_ms_;
  std::map<Int128, Counter> counters_;
};

bool register_kong(const std::string& id, bool redis) {
  return register_case(
      {.id = id,
       .settings = {"limit=5 period=second", "limit=100 period=minute", "limit=1 period=hour",
                    "limit=3 period=day", "limit=2 period=month", "limit=0 period=month",
                    "limit=4 period=year", "limit=9007199254740992 period=year"},
       .reference = [redis](
                        const Parameters& p,
                        const Environment&) { return std::make_unique<KongReference>(p, redis); },
       .denials_are_free = !redis});
}

const bool kong_local_registered = register_kong("kong-local", false);
const bool kong_redis_registered = register_kong("kong-redis", true);

}  // namespace
}  // namespace weir::limiter
