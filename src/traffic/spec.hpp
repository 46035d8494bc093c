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

// ---- What a client does when it is denied. Only giving up is simulated so far.

enum class DeniedBehaviour { give_up };

/// One class of traffic: who sends what, when, at what cost. Either arrivals or a trace.
struct ClassSpec {
  std::string name;
  std::optional<Arrivals> arrivals;
  std::optional<TraceSpec> trace;
  std::vector<AttributeSpec> attributes;
  std::vector<CostSpec> costs;
  DeniedBehaviour on_denied = DeniedBehaviour::give_up;
  Duration from;
  /// Where absent, to the end of the run.
  std::optional<Duration> until;
};

}  // namespace weir::traffic
