#pragma once

#include <string>
#include <variant>

#include "scenario/describe_numbers.hpp"
#include "scenario/describe_profiles.hpp"
#include "scenario/fields.hpp"
#include "traffic/spec.hpp"

namespace weir::scenario {

// ---- When.

template <class V>
void describe(V& v, traffic::ConstantArrivals& arrivals) {
  v.required("rate", arrivals.rate, ProfileCodec{}, "how many arrive, evenly spaced");
}

template <class V>
void describe(V& v, traffic::PoissonArrivals& arrivals) {
  v.required("rate", arrivals.rate, ProfileCodec{}, "how many arrive on average");
}

template <class V>
void describe(V& v, traffic::GammaArrivals& arrivals) {
  v.required("rate", arrivals.rate, ProfileCodec{}, "how many arrive on average");
  v.required("shape", arrivals.shape, Number{.min = 0.001, .max = 10'000.0},
             "1 is Poisson, less is burstier, more is more regular");
}

template <class V>
void describe(V& v, traffic::OnOffArrivals& arrivals) {
  v.required("rate", arrivals.rate, ProfileCodec{}, "how many arrive on average while on");
  v.required("on", arrivals.on, Time{.min = one_ns}, "how long it is on, on average");
  v.required("off", arrivals.off, Time{.min = one_ns}, "how long it is off, on average");
}

template <class V>
void describe(V& v, traffic::BatchArrivals& arrivals) {
  v.required("size", arrivals.size, Whole<std::int64_t>{1, 1'000'000},
             "how many arrive at one instant");
  v.required("every", arrivals.every, Time{.min = one_ns}, "the time from one batch to the next");
}

template <class V>
void describe(V& v, traffic::Arrivals& arrivals) {
  v.tagged("process", arrivals, "how the arrivals are spread over time",
           Tagged<traffic::ConstantArrivals>{"constant", "evenly spaced arrivals"},
           Tagged<traffic::PoissonArrivals>{"poisson", "independent arrivals"},
           Tagged<traffic::GammaArrivals>{"gamma", "arrivals with gamma-distributed gaps"},
           Tagged<traffic::OnOffArrivals>{"on-off", "Poisson arrivals while on, none while off"},
           Tagged<traffic::BatchArrivals>{"batch", "many at one instant, again and again"});
}

// ---- Who.

/// How many distinct values an attribute may have.
inline constexpr Whole<std::int64_t> value_count{1, 50'000'000};

template <class V>
void describe(V& v, traffic::ZipfValues& zipf) {
  v.required("count", zipf.count, value_count, "how many distinct values");
  v.optional("exponent", zipf.exponent, Number{.max = 10.0},
             "value k, from 1, has a weight of k to the power of minus this");
}

template <class V>
void describe(V& v, traffic::UniformValues& uniform) {
  v.required("count", uniform.count, value_count, "how many distinct values");
}

template <class V>
void describe(V& v, traffic::SequenceValues& sequence) {
  v.required("count", sequence.count, value_count, "how many distinct values");
}

/// {"free": 9, "pro": 1}.
struct WeightsCodec {
  using Value = traffic::WeightedValues;
  bool read(const Place& place, traffic::WeightedValues& values) const;
  Json schema(Definitions& definitions) const;
};

/// The path of a text with a value a line.
struct ValueFileCodec {
  using Value = traffic::FileValues;
  bool read(const Place& place, traffic::FileValues& values) const;
  Json schema() const { return Word{}.schema(); }
};

template <class V>
void describe(V& v, traffic::AttributeSpec& attribute) {
  v.choose(alternative("zipf", attribute.values, Object<traffic::ZipfValues>{},
                       "few values come often, many seldom"),
           alternative("uniform", attribute.values, Object<traffic::UniformValues>{},
                       "each value as likely"),
           alternative("sequence", attribute.values, Object<traffic::SequenceValues>{},
                       "one value after the other, again and again"),
           alternative("weights", attribute.values, WeightsCodec{}, "values and their weights"),
           alternative("file", attribute.values, ValueFileCodec{},
                       "path of a text with a value a line, each as likely"));
  v.optional("of", attribute.of, Word{},
             "another attribute of the class, whose value decides this one's: the same user always "
             "has the same tier");
}

/// A string, which is every request's value, or an object with a distribution of values.
struct AttributeCodec {
  using Value = traffic::AttributeSpec;
  bool read(const Place& place, traffic::AttributeSpec& attribute) const;
  Json schema(Definitions& definitions) const;
};

// ---- Recorded.

template <class V>
void describe(V& v, traffic::TraceSpec& trace) {
  using traffic::TraceFormat;
  v.required("path", trace.path, Word{}, "the file, looked up from the scenario's folder");
  v.optional("format", trace.format,
             Choice<TraceFormat>{{{"csv", TraceFormat::csv},
                                  {"jsonl", TraceFormat::jsonl},
                                  {"azure-llm", TraceFormat::azure_llm},
                                  {"common-log", TraceFormat::common_log},
                                  {"combined-log", TraceFormat::combined_log}}},
             "how the file is written; gzip is recognised by content");
  v.optional("speed", trace.speed, Number{.min = 1e-6, .max = 1e6}, "2 replays twice as fast");
  v.optional("repeat", trace.repeat, Whole<std::int64_t>{1, 1'000'000},
             "how often it is replayed, one after the other");
  v.optional("spread", trace.spread, Time{},
             "each row is moved later by a random time below this, for coarse time stamps");
}

// ---- What a client does when it is denied.

/// Only "give-up" so far.
struct BehaviourKind {
  using Value = traffic::DeniedBehaviour;
  Parsed<traffic::DeniedBehaviour> parse(const Json& json) const;
  Json schema() const;
};

template <class V>
void describe(V& v, traffic::OnDenied& on_denied) {
  v.required("behaviour", on_denied.behaviour, BehaviourKind{},
             "what a client does when it is denied");
  v.stop_if_wrong();
}

// ---- All of it.

template <class V>
void describe(V& v, traffic::ClassSpec& spec) {
  v.optional("name", spec.name, Label{}, "its name in reports; class-1, class-2, ... by default");
  v.optional("arrivals", spec.arrivals, Object<traffic::Arrivals>{},
             "requests that come whatever happens to those before them");
  v.optional("trace", spec.trace, Object<traffic::TraceSpec>{}, "requests that were recorded");
  v.unsupported("clients");
  v.exactly_one({"arrivals", "trace", "clients"});
  v.optional("attributes", spec.attributes, NamedList<AttributeCodec>{},
             "who sends: names and their values");
  v.optional("costs", spec.costs, NamedList<CostCodec>{},
             "what a request costs, by name; \"cost\" is the default cost");
  v.optional("on_denied", spec.on_denied, Object<traffic::OnDenied>{},
             "what a client does when it is denied; it gives up by default");
  v.optional("from", spec.from, Time{}, "when it begins, counted from the scenario's start");
  v.optional("until", spec.until, Time{.min = one_ns},
             "when it ends, counted from the scenario's start; by default it does not");
  v.rule({"until", "from"}, [&]() -> std::string {
    if (!spec.until || *spec.until > spec.from) return "";
    return fmt::format("must be later than from ({}), got \"{}\"", format_duration(spec.from),
                       format_duration(*spec.until));
  });
}

}  // namespace weir::scenario
