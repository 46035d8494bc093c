#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "conformance/conformance_case.hpp"
#include "core/int128.hpp"

namespace weir::limiter {
namespace {

/// What a Python program reads from its clock: Unix seconds in double precision.
double python_clock(Instant at) {
  const std::int64_t ns = at.unix_ns();
  const std::int64_t second = 1'000'000'000;
  return ns % second != 0 ? static_cast<double>(ns) / 1e9 : static_cast<double>(ns / second);
}

double whole_seconds(const Parameters& p) {
  return static_cast<double>(p.duration("window").ns() / 1'000'000'000);
}

/// Keeps every hit and goes through the windows anew from the first one on.
class PythonFixedReference : public Reference {
 public:
  explicit PythonFixedReference(const Parameters& p)
      : limit_(p.count("limit")), window_(whole_seconds(p)) {}

  Verdict decide(Instant at, Cost cost) override {
    if (cost == 0) return {};
    hits_.push_back({python_clock(at), cost});
    double expiry = hits_.front().time + window_;
    Int128 count = 0;
    for (const Hit& hit : hits_) {
      if (expiry <= hit.time) {
        expiry = hit.time + window_;
        count = 0;
      }
      count += hit.cost;
    }
    return {.allowed = count <= limit_, .delay = {}};
  }

 private:
  struct Hit {
    double time;
    Cost cost;
  };

  Int128 limit_;
  double window_;
  std::vector<Hit> hits_;
};

/// The list of events, looked up at the index at which the library looks: hits of one request are
/// kept together, instead of one by one.
class PythonMovingReference : public Reference {
 public:
  explicit PythonMovingReference(const Parameters& p)
      : limit_(p.count("limit")), window_(whole_seconds(p)) {}

  Verdict decide(Instant at, Cost amount) override {
    if (amount == 0) return {};
    if (amount > limit_) return {.allowed = false, .delay = {}};
    const double now = python_clock(at);
    const Event* event = newest_but(limit_ - amount);
    if (event != nullptr && event->time >= now - window_) return {.allowed = false, .delay = {}};
    events_.push_back({now, amount});
    return {};
  }

 private:
  struct Event {
    double time;
    Cost amount;
  };

  /// The event behind so many newer ones, or null.
  const Event* newest_but(Int128 newer) const {
    for (auto e = events_.rbegin(); e != events_.rend(); ++e) {
      if (newer < e->amount) return &*e;
      newer -= e->amount;
    }
    return nullptr;
  }

  Int128 limit_;
  double window_;
  std::vector<Event> events_;
};

/// The storage's counters by the number that stands in their keys.
class PythonSlidingReference : public Reference {
 public:
  explicit PythonSlidingReference(const Parameters& p)
      : limit_(p.count("limit")), window_(whole_seconds(p)) {}

  Verdict decide(Instant at, Cost amount) override {
    if (amount == 0) return {};
    if (amount > limit_) return {.allowed = false, .delay = {}};
    const double now = python_clock(at);
    const double windows_before = (now - window_) / window_;
    const double before = counter(std::floor(windows_before));
    const double part = windows_before - std::floor(windows_before);
    const double lives = before == 0.0 ? 0.0 : (1.0 - part) * window_;
    double& current = counters_[std::floor(now / window_)];
    const double estimate = before * lives / window_ + current;
    if (std::floor(estimate) + static_cast<double>(amount) > static_cast<double>(limit_)) {
      return {.allowed = false, .delay = {}};
    }
    current += static_cast<double>(amount);
    return {};
  }

 private:
  double counter(double window) const {
    const auto found = counters_.find(window);
    return found == counters_.end() ? 0.0 : found->second;
  }

  std::int64_t limit_;
  double window_;
  std::map<double, double> counters_;
};

/// Keeps every item, and counts those that are not below the lower bound.
class PyrateReference : public Reference {
 public:
  explicit PyrateReference(const Parameters& p)
      : limit_(p.count("limit")), interval_(p.duration("window").ns() / 1'000'000) {}

  Verdict decide(Instant at, Cost weight) override {
    Int128 now = at.unix_ns() / 1'000'000;
    if (now * 1'000'000 > at.unix_ns()) --now;
    Int128 count = 0;
    for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
      if (item->ms < now - interval_) break;
      count += item->weight;
    }
    if (weight > 0 && limit_ - count < weight) return {.allowed = false, .delay = {}};
    items_.push_back({now, weight});
    return {};
  }

 private:
  struct Item {
    Int128 ms;
    Cost weight;
  };

  Int128 limit_;
  Int128 interval_;
  std::vector<Item> items_;
};

template <class PythonReference>
bool register_python(const std::string& id, std::vector<std::string> settings, bool denials_free) {
  return register_case(
      {.id = id,
       .settings = std::move(settings),
       .reference = [](const Parameters& p,
                       const Environment&) { return std::make_unique<PythonReference>(p); },
       .denials_are_free = denials_free});
}

const bool python_limits_fixed_window_registered = register_python<PythonFixedReference>(
    "python-limits-fixed-window",
    {"limit=3 window=1s", "limit=100 window=60s", "limit=0 window=1s", "limit=1 window=3600s",
     "limit=9007199254740992 window=360d"},
    false);

const bool python_limits_moving_window_registered = register_python<PythonMovingReference>(
    "python-limits-moving-window",
    {"limit=3 window=1s", "limit=100 window=60s", "limit=0 window=1s", "limit=1 window=3600s",
     "limit=12 window=7s", "limit=9007199254740992 window=360d"},
    true);

const bool python_limits_sliding_window_counter_registered =
    register_python<PythonSlidingReference>(
        "python-limits-sliding-window-counter",
        {"limit=3 window=1s", "limit=100 window=60s", "limit=0 window=1s", "limit=1 window=3600s",
         "limit=12 window=7s", "limit=30 window=3s", "limit=1000000 window=360d"},
        true);

const bool python_pyrate_limiter_registered = register_python<PyrateReference>(
    "python-pyrate-limiter",
    {"limit=3 window=1s", "limit=100 window=1m", "limit=1 window=1ms", "limit=5 window=7ms",
     "limit=9007199254740992 window=366d"},
    true);

}  // namespace
}  // namespace weir::limiter
