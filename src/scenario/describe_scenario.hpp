#pragma once

#include <string>
#include <vector>

#include "scenario/describe_backend.hpp"
#include "scenario/describe_policy.hpp"
#include "scenario/describe_target.hpp"
#include "scenario/describe_traffic.hpp"
#include "scenario/fields.hpp"
#include "scenario/model.hpp"
#include "scenario/thresholds.hpp"

namespace weir::scenario {

/// The only policy, which has no name.
struct OnlyPolicy {
  using Value = std::vector<policy::PolicySpec>;
  bool read(const Place& place, std::vector<policy::PolicySpec>& policies) const {
    return Object<policy::PolicySpec>{}.read(place, policies.emplace_back());
  }
  Json schema(Definitions& definitions) const {
    return Object<policy::PolicySpec>{"policy"}.schema(definitions);
  }
};

/// {"by": ["user"]}.
struct Fairness {
  std::vector<std::string> by;
};

template <class V>
void describe(V& v, Fairness& fairness) {
  v.required("by", fairness.by, KeyCodec{1},
             "the attributes whose values together are one of those");
}

struct FairnessCodec {
  using Value = std::vector<std::string>;
  bool read(const Place& place, std::vector<std::string>& by) const {
    Fairness fairness;
    const bool is_right = Object<Fairness>{}.read(place, fairness);
    by = fairness.by;
    return is_right;
  }
  Json schema(Definitions& definitions) const { return Object<Fairness>{}.schema(definitions); }
};

template <class V>
void describe(V& v, Scenario& scenario) {
  std::string editors_schema;
  v.optional("$schema", editors_schema, Text{}, "the schema that an editor checks the file with");
  v.required("name", scenario.name, Label{.names_file = true},
             "the scenario's name; its report is named after it");
  v.optional("description", scenario.description, Text{}, "what it is for");
  v.optional("seed", scenario.seed, Whole<std::uint64_t>{0, largest_exact},
             "what all random numbers are made of");
  v.optional("start", scenario.start, PointInTime{},
             "where the clock begins; by default the first row of a trace, else 1970-01-01");
  v.optional("duration", scenario.duration, Time{.min = one_ns},
             "how long requests are counted, after the warm-up");
  v.optional("warmup", scenario.warmup, Time{}, "how long it runs before anything is counted");
  v.optional("policy", scenario.policies, OnlyPolicy{}, "what is admitted");
  v.optional("policies", scenario.policies, NamedList<Object<policy::PolicySpec>>{{"policy"}, 1},
             "policies by name; each meets the very same requests");
  v.exactly_one({"policy", "policies"});
  v.required("traffic", scenario.traffic, ListOf<Object<traffic::ClassSpec>>{{"class"}, 1, 1'000},
             "classes of traffic: who sends what, when, at what cost");
  v.optional("backend", scenario.backend, Object<traffic::BackendSpec>{},
             "what serves an admitted request; by default in no time, any number at once");
  v.optional("fairness", scenario.fairness_by, FairnessCodec{},
             "between whom the report says how evenly they were served");
  v.optional("target", scenario.target, Object<TargetSpec>{},
             "where real requests are sent, by commands that send them");
  v.optional("thresholds", scenario.thresholds, ListOf<ThresholdKind>{{}, 0, 10'000},
             "what the report must fulfil: \"FIELD < NUMBER\", a duration stands for nanoseconds");
  v.optional("series_interval", scenario.series_interval, Time{.min = one_ns},
             "the length of the intervals of the report's series");
}

}  // namespace weir::scenario
