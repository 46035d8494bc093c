#pragma once

#include <string>

#include "scenario/describe_numbers.hpp"
#include "scenario/fields.hpp"
#include "traffic/spec.hpp"

namespace weir::scenario {

// Lengths of time that are drawn: distributions of numbers of nanoseconds, written as durations.

/// A length of time as a number of nanoseconds.
struct Nanoseconds {
  using Value = double;
  Time time;

  Parsed<double> parse(const Json& json) const {
    return time.parse(json).map([](Duration d) { return static_cast<double>(d.ns()); });
  }
  Json schema() const { return time.schema(); }
};

/// A distribution whose numbers stand in the file as durations.
template <class Numbers>
struct InTime {
  Numbers numbers;
};

template <class V>
void describe(V& v, InTime<traffic::UniformNumber>& uniform) {
  double& min = uniform.numbers.min;
  double& max = uniform.numbers.max;
  v.required("min", min, Nanoseconds{}, "the shortest");
  v.required("max", max, Nanoseconds{}, "the longest");
  v.rule({"max", "min"}, [&]() -> std::string {
    if (min <= max) return "";
    const auto text = [](double ns) {
      return format_duration(Duration::from_ns(static_cast<std::int64_t>(ns)));
    };
    return fmt::format("must be at least min ({}), got \"{}\"", text(min), text(max));
  });
}

template <class V>
void describe(V& v, InTime<traffic::ExponentialNumber>& exponential) {
  v.required("mean", exponential.numbers.mean, Nanoseconds{{.min = one_ns}}, "the mean");
}

template <class V>
void describe(V& v, InTime<traffic::LognormalNumber>& lognormal) {
  v.required("median", lognormal.numbers.median, Nanoseconds{{.min = one_ns}},
             "half of them are shorter");
  v.required("sigma", lognormal.numbers.sigma, lognormal_sigma,
             "the standard deviation of the logarithm");
}

/// A described distribution in time.
template <class Numbers>
struct InTimeCodec {
  using Value = Numbers;
  bool read(const Place& place, Numbers& numbers) const {
    InTime<Numbers> described;
    const bool is_right = Object<InTime<Numbers>>{}.read(place, described);
    numbers = described.numbers;
    return is_right;
  }
  Json schema(Definitions& definitions) const {
    return Object<InTime<Numbers>>{}.schema(definitions);
  }
};

/// ["1ms", "5ms"] or {"file": "PATH"}, a duration a line.
struct EmpiricalTimeCodec {
  using Value = traffic::EmpiricalNumber;
  bool read(const Place& place, traffic::EmpiricalNumber& empirical) const;
  Json schema(Definitions& definitions) const;
};

template <class V>
void describe(V& v, InTime<traffic::NumberDistribution>& time) {
  v.choose(alternative("uniform", time.numbers, InTimeCodec<traffic::UniformNumber>{},
                       "each length from min to max as likely"),
           alternative("exponential", time.numbers, InTimeCodec<traffic::ExponentialNumber>{},
                       "exponentially distributed"),
           alternative("lognormal", time.numbers, InTimeCodec<traffic::LognormalNumber>{},
                       "log-normally distributed: many short, few very long"),
           alternative("empirical", time.numbers, EmpiricalTimeCodec{},
                       "one of recorded lengths, each as likely"));
}

/// A duration or a distribution of durations, in nanoseconds.
struct TimeCodec {
  using Value = traffic::NumberDistribution;
  bool read(const Place& place, traffic::NumberDistribution& time) const;
  /// Null for what is no plain duration.
  Json write(const traffic::NumberDistribution& time) const;
  Json schema(Definitions& definitions) const;
};

}  // namespace weir::scenario
