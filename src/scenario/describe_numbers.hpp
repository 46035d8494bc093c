#pragma once

#include <string>
#include <vector>

#include "scenario/fields.hpp"
#include "traffic/spec.hpp"

namespace weir::scenario {

template <class V>
void describe(V& v, traffic::UniformNumber& uniform) {
  v.required("min", uniform.min, Number{}, "the least");
  v.required("max", uniform.max, Number{}, "the largest");
  v.rule({"max", "min"}, [&]() -> std::string {
    if (uniform.min <= uniform.max) return "";
    return fmt::format("must be at least min ({}), got {}", uniform.min, uniform.max);
  });
}

template <class V>
void describe(V& v, traffic::ExponentialNumber& exponential) {
  v.required("mean", exponential.mean, Number{.above_min = true}, "the mean");
}

inline constexpr Number lognormal_sigma{.max = 20.0};

template <class V>
void describe(V& v, traffic::LognormalNumber& lognormal) {
  v.required("median", lognormal.median, Number{.above_min = true}, "half of them are below");
  v.required("sigma", lognormal.sigma, lognormal_sigma, "the standard deviation of the logarithm");
}

/// [1, 2, 2, 5] or {"file": "PATH"}, a number a line.
struct EmpiricalCodec {
  using Value = traffic::EmpiricalNumber;
  bool read(const Place& place, traffic::EmpiricalNumber& empirical) const;
  Json schema(Definitions& definitions) const;
};

template <class V>
void describe(V& v, traffic::NumberDistribution& number) {
  v.choose(alternative("uniform", number, Object<traffic::UniformNumber>{},
                       "each number from min to max as likely"),
           alternative("exponential", number, Object<traffic::ExponentialNumber>{},
                       "exponentially distributed"),
           alternative("lognormal", number, Object<traffic::LognormalNumber>{},
                       "log-normally distributed: many small, few very large"),
           alternative("empirical", number, EmpiricalCodec{},
                       "one of recorded numbers, each as likely"));
}

/// A number or a distribution of numbers, never below 0.
struct NumberCodec {
  using Value = traffic::NumberDistribution;
  bool read(const Place& place, traffic::NumberDistribution& number) const;
  Json schema(Definitions& definitions) const;
};

/// A cost: a number, a distribution, or another of these for each value of an attribute:
/// {"by": "model", "large": 8, "default": {"uniform": {"min": 1, "max": 4}}}.
struct CostCodec {
  using Value = traffic::CostSpec;
  bool read(const Place& place, traffic::CostSpec& cost) const;
  Json schema(Definitions& definitions) const;
};

}  // namespace weir::scenario
