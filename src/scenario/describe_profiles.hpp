#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/int128.hpp"
#include "scenario/fields.hpp"
#include "traffic/spec.hpp"

namespace weir::scenario {

/// [["0s", "100/s"], ["30s", "500/s"]]: an instant, counted from the class's start, and the rate
/// from there on.
struct StepsCodec {
  using Value = traffic::StepProfile;
  bool read(const Place& place, traffic::StepProfile& profile) const;
  Json schema() const;
};

template <class V>
void describe(V& v, traffic::RampProfile& ramp) {
  v.required("from", ramp.from, Speed{}, "the rate at the beginning");
  v.required("to", ramp.to, Speed{}, "the rate at the end and from there on");
  v.required("over", ramp.over, Time{.min = one_ns}, "how long it takes");
}

template <class V>
void describe(V& v, traffic::SineProfile& sine) {
  v.required("mean", sine.mean, Speed{}, "the rate around which it swings");
  v.required("amplitude", sine.amplitude, Speed{}, "how far it swings, at most the mean");
  v.required("period", sine.period, Time{.min = one_ns}, "the time from crest to crest");
  v.rule({"amplitude", "mean"}, [&]() -> std::string {
    const Rate& mean = sine.mean;
    const Rate& amplitude = sine.amplitude;
    if (Uint128{amplitude.units} * static_cast<std::uint64_t>(mean.per.ns()) <=
        Uint128{mean.units} * static_cast<std::uint64_t>(amplitude.per.ns())) {
      return "";
    }
    return fmt::format("must be at most the mean ({}), got \"{}\"", format_rate(mean),
                       format_rate(amplitude));
  });
}

/// "200/s" or an object with "steps", "ramp" or "sine"; some of it above 0.
struct ProfileCodec {
  using Value = traffic::RateProfile;
  bool read(const Place& place, traffic::RateProfile& profile) const;
  Json schema(Definitions& definitions) const;
};

template <class V>
void describe(V& v, traffic::RateProfile& profile) {
  v.choose(alternative("steps", profile, StepsCodec{}, "a rate that jumps"),
           alternative("ramp", profile, Object<traffic::RampProfile>{},
                       "a rate that goes from one to another in a straight line"),
           alternative("sine", profile, Object<traffic::SineProfile>{},
                       "a rate that swings around a mean"));
}

}  // namespace weir::scenario
