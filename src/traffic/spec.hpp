#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/rate.hpp"
#include "core/time.hpp"

namespace weir::traffic {

// ---- How fast: a rate that may change over time; every time counts from the class's `from`.

/// Each rate holds from its instant to the next one's; the first instant is 0.
struct StepProfile {
  std::vector<std::pair<Duration, Rate>> steps;
};

/// The rate goes from `from` to `to` in a straight line over `over`, and then stays at `to`.
struct RampProfile {
  Rate from, to;
  Duration over;
};

/// mean + amplitude sin(2 pi t / period); the amplitude is at most the mean.
struct SineProfile {
  Rate mean, amplitude;
  Duration period;
};

using RateProfile = std::variant<Rate, StepProfile, RampProfile, SineProfile>;

// ---- When: arrival processes of the open model.

struct ConstantArrivals {
  RateProfile rate;
};
struct PoissonArrivals {
  RateProfile rate;
};
/// Gamma-distributed gaps: shape 1 is Poisson, less is burstier, more is more regular.
struct GammaArrivals {
  RateProfile rate;
  double shape = 1.0;
};
/// Poisson of `rate` while on, nothing while off; exponential sojourns of mean `on` and `off`.
struct OnOffArrivals {
  RateProfile rate;
  Duration on, off;
};
/// `size` requests at one instant, again after every `every`; the first at `from`.
struct BatchArrivals {
  std::int64_t size = 1;
  Duration every;
};

using Arrivals =
    std::variant<ConstantArrivals, PoissonArrivals, GammaArrivals, OnOffArrivals, BatchArrivals>;

// ---- Who: attributes. Generated values of attribute `user` read user-0, user-1, ...

/// Value k (from 0) has a weight of (k + 1) to the power of -exponent.
struct ZipfValues {
  std::int64_t count = 1;
  double exponent = 1.0;
};
struct UniformValues {
  std::int64_t count = 1;
};
/// Operation i has value i modulo count.
struct SequenceValues {
  std::int64_t count = 1;
};
/// Each value with its weight; order as in the file.
struct WeightedValues {
  std::vector<std::pair<std::string, double>> weights;
};
/// One value a line, all as likely; `path` is as given, `values` what was read.
struct FileValues {
  std::string path;
  std::vector<std::string> values;
};
struct ConstantValue {
  std::string value;
};

using ValueDistribution = std::variant<ConstantValue, ZipfValues, UniformValues, SequenceValues,
                                       WeightedValues, FileValues>;

struct AttributeSpec {
  std::string name;
  ValueDistribution values;
  /// Where set, the value is a function of that attribute's value: the same user always has the
  /// same tier, whatever class it comes in.
  std::string of;
};

// ---- How much: costs and latencies.

struct ConstantNumber {
  double value = 1.0;
};
struct UniformNumber {
  double min = 0.0, max = 1.0;
};
struct ExponentialNumber {
  double mean = 1.0;
};
struct LognormalNumber {
  double median = 1.0, sigma = 1.0;
};
/// One of the recorded numbers, each as likely.
struct EmpiricalNumber {
  std::vector<double> values;
};

using NumberDistribution = std::variant<ConstantNumber, UniformNumber, ExponentialNumber,
                                        LognormalNumber, EmpiricalNumber>;

/// The cost of a request, rounded to the nearest whole number and never below 0; it may depend on
/// an attribute's value, with "default" for every other value.
struct CostSpec {
  std::string name;
  NumberDistribution amount;
  /// Where set, `rows` counts and `amount` is what holds for values that have no row.
  std::string by;
  std::map<std::string, NumberDistribution> rows;
};

// ---- Recorded traffic.

enum class TraceFormat { csv, jsonl, azure_llm, common_log, combined_log };

struct TraceSpec {
  std::string path;
  TraceFormat format = TraceFormat::csv;
  /// 2 replays twice as fast.
  double speed = 1.0;
  std::int64_t repeat = 1;
  /// Each row is moved later by a seeded uniform draw from [0, spread).
  Duration spread;
};

// ---- What a client does when it is denied, or when it is told that there is no capacity.

/// The least time between two requests that a client sends one after the other: what an answer
/// takes to come back over a fast network.
inline constexpr Duration round_trip = Duration::from_ms(1);

struct GiveUp {};
/// Tries again after a round trip.
struct RetryImmediately {};
struct RetryFixed {
  Duration delay = Duration::from_seconds(1);
};
enum class BackoffJitter { full, equal, decorrelated, none };
/// After attempt n, up to min(cap, base 2^(n - 1)). Jitter as in Brooker, "Exponential Backoff And
/// Jitter", AWS Architecture Blog, 2015: full draws evenly from 0 to that; equal from half of it to
/// all of it; decorrelated from `base` to three times the wait before, at most `cap`.
struct RetryExponential {
  Duration base = Duration::from_ms(100);
  Duration cap = Duration::from_seconds(20);
  BackoffJitter jitter = BackoffJitter::full;
};
/// Waits as long as it is told, and up to `jitter` times as long on top, at most `cap`; `fallback`
/// where it is told nothing.
struct RetryAfter {
  double jitter = 0.0;
  std::optional<Duration> cap;
  Duration fallback = Duration::from_seconds(1);
};
/// Gives up, but also refuses to send with a probability of
/// max(0, (requests - k accepts) / (requests + 1)) over the last `window`, as in "Handling
/// Overload" of Google's SRE book; what it refuses counts as a request of its own.
struct AdaptiveThrottle {
  double k = 2.0;
  Duration window = Duration::from_seconds(120);
};

using DeniedBehaviour = std::variant<GiveUp, RetryImmediately, RetryFixed, RetryExponential,
                                     RetryAfter, AdaptiveThrottle>;

/// Whether only the operation waits, or its client sends nothing at all until then.
enum class RetryScope { operation, client };

struct OnDenied {
  DeniedBehaviour behaviour;
  /// How often an operation is tried at most, the first time included.
  std::int64_t max_attempts = 3;
  RetryScope scope = RetryScope::operation;
  /// The attribute that says which client a request is of, where that matters (scope `client`, and
  /// the adaptive throttle); "client" in the closed model.
  std::string client;
};

/// The closed model: each client sends, waits for the end of its operation, thinks, and sends
/// again. It has the attribute "client": client-0, client-1, ...
struct ClientPool {
  std::int64_t count = 1;
  /// In nanoseconds.
  NumberDistribution think_time = ConstantNumber{0.0};
};

/// Clients that leave before their answer is complete: `share` of the admitted, each `after` its
/// admission (in nanoseconds), or else somewhere in the middle of being served.
struct Abandonment {
  double share = 0.0;
  std::optional<NumberDistribution> after;
};

// ---- What serves an admitted request.

/// How long an answer takes, in nanoseconds: `latency`, or the time to the first token and then for
/// each further one.
struct BackendSpec {
  std::optional<NumberDistribution> latency;
  std::optional<NumberDistribution> first_token, per_token;
  /// The cost that says how many tokens an answer has, with first_token.
  std::string tokens;
  /// How many requests are served at once, and how many wait for that, first come, first served;
  /// absent: any number. One that finds the queue full fails.
  std::optional<std::int64_t> slots;
  std::optional<std::int64_t> queue;
};

/// One class of traffic: who sends what, when, at what cost. Either arrivals, clients or a trace.
struct ClassSpec {
  std::string name;
  std::optional<Arrivals> arrivals;
  std::optional<ClientPool> clients;
  std::optional<TraceSpec> trace;
  std::vector<AttributeSpec> attributes;
  std::vector<CostSpec> costs;
  OnDenied on_denied;
  Abandonment abandon;
  Duration from;
  /// Where absent, to the end of the run.
  std::optional<Duration> until;
};

}  // namespace weir::traffic
