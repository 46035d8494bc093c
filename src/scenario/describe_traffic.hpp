#pragma once

#include <string>
#include <variant>

#include "scenario/describe_numbers.hpp"
#include "scenario/describe_profiles.hpp"
#include "scenario/describe_times.hpp"
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

/// The behaviours as the file has them: each beside what else it needs.
template <class Behaviour>
struct OnDeniedCase {
  traffic::OnDenied on_denied;
  OnDeniedCase() { on_denied.behaviour = Behaviour{}; }
  Behaviour& behaviour() { return std::get<Behaviour>(on_denied.behaviour); }
};

using OnDeniedCases =
    std::variant<OnDeniedCase<traffic::GiveUp>, OnDeniedCase<traffic::RetryImmediately>,
                 OnDeniedCase<traffic::RetryFixed>, OnDeniedCase<traffic::RetryExponential>,
                 OnDeniedCase<traffic::RetryAfter>, OnDeniedCase<traffic::AdaptiveThrottle>>;

template <class V>
void describe_client(V& v, traffic::OnDenied& on_denied) {
  v.optional("client", on_denied.client, Word{},
             "the attribute that says which client a request is of; \"client\" where there are "
             "clients");
}

/// What every behaviour has that tries again.
template <class V>
void describe_retries(V& v, traffic::OnDenied& on_denied) {
  using traffic::RetryScope;
  v.optional("max_attempts", on_denied.max_attempts, Whole<std::int64_t>{1, 1'000'000'000},
             "how often an operation is tried at most, the first time included");
  v.optional(
      "scope", on_denied.scope,
      Choice<RetryScope>{{{"operation", RetryScope::operation}, {"client", RetryScope::client}}},
      "whether only the operation waits, or its client sends nothing at all until then");
  describe_client(v, on_denied);
}

template <class V>
void describe(V&, OnDeniedCase<traffic::GiveUp>&) {}

template <class V>
void describe(V& v, OnDeniedCase<traffic::RetryImmediately>& immediate) {
  describe_retries(v, immediate.on_denied);
}

template <class V>
void describe(V& v, OnDeniedCase<traffic::RetryFixed>& fixed) {
  v.optional("delay", fixed.behaviour().delay, Time{.min = one_ns},
             "how long it waits, at least a round trip of 1ms");
  describe_retries(v, fixed.on_denied);
}

template <class V>
void describe(V& v, OnDeniedCase<traffic::RetryExponential>& exponential) {
  using traffic::BackoffJitter;
  traffic::RetryExponential& backoff = exponential.behaviour();
  v.optional("base", backoff.base, Time{.min = one_ns},
             "how long it waits at most after the first attempt; twice as long after each further");
  std::optional<Duration> cap;
  v.optional("cap", cap, Time{.min = one_ns},
             "the longest that it waits; 20s, or base if that is longer, by default");
  v.optional("jitter", backoff.jitter,
             Choice<BackoffJitter>{{{"full", BackoffJitter::full},
                                    {"equal", BackoffJitter::equal},
                                    {"decorrelated", BackoffJitter::decorrelated},
                                    {"none", BackoffJitter::none}}},
             "which part of that it waits: any, the upper half, three times the wait before, all");
  v.rule({"cap", "base"}, [&]() -> std::string {
    backoff.cap = cap.value_or(std::max(backoff.cap, backoff.base));
    if (backoff.cap >= backoff.base) return "";
    return fmt::format("must be at least base ({}), got \"{}\"", format_duration(backoff.base),
                       format_duration(backoff.cap));
  });
  describe_retries(v, exponential.on_denied);
}

template <class V>
void describe(V& v, OnDeniedCase<traffic::RetryAfter>& retry_after) {
  traffic::RetryAfter& told = retry_after.behaviour();
  v.optional("jitter", told.jitter, Number{.max = 10.0},
             "it waits a random time longer, up to this many times what it is told");
  v.optional("cap", told.cap, Time{.min = one_ns}, "the longest that it waits");
  v.optional("fallback", told.fallback, Time{.min = one_ns},
             "how long it waits where it is told nothing");
  describe_retries(v, retry_after.on_denied);
}

template <class V>
void describe(V& v, OnDeniedCase<traffic::AdaptiveThrottle>& adaptive) {
  traffic::AdaptiveThrottle& throttle = adaptive.behaviour();
  v.optional("k", throttle.k, Number{.min = 1.0},
             "it refuses once there are more requests than this many times those admitted");
  v.optional("window", throttle.window, Time{.min = one_ns}, "how far back it counts");
  describe_client(v, adaptive.on_denied);
}

template <class V>
void describe(V& v, OnDeniedCases& cases) {
  using namespace traffic;
  v.tagged(
      "behaviour", cases, "what a client does when it is denied",
      Tagged<OnDeniedCase<GiveUp>>{"give-up", "never tries again"},
      Tagged<OnDeniedCase<RetryImmediately>>{"immediate",
                                             "tries again at once, after a round trip of 1ms"},
      Tagged<OnDeniedCase<RetryFixed>>{"fixed", "waits as long each time"},
      Tagged<OnDeniedCase<RetryExponential>>{"exponential", "waits twice as long each time"},
      Tagged<OnDeniedCase<RetryAfter>>{"retry-after", "waits as long as it is told"},
      Tagged<OnDeniedCase<AdaptiveThrottle>>{
          "adaptive-throttle", "gives up, and sends fewer requests the more of them are denied"});
}

struct OnDeniedCodec {
  using Value = traffic::OnDenied;
  bool read(const Place& place, traffic::OnDenied& on_denied) const;
  Json schema(Definitions& definitions) const;
};

// ---- Clients that wait for their answers, and those that do not.

template <class V>
void describe(V& v, traffic::ClientPool& clients) {
  v.required("count", clients.count, Whole<std::int64_t>{1, 10'000'000}, "how many there are");
  v.optional(
      "think_time", clients.think_time, TimeCodec{},
      "how long a client waits after the end of an operation before it sends the next; one that "
      "was over at once took a round trip of 1ms");
}

inline constexpr Number any_share{.max = 1.0};

template <class V>
void describe(V& v, traffic::Abandonment& abandonment) {
  v.required("share", abandonment.share, any_share, "how many of those admitted, from 0 to 1");
  v.optional("after", abandonment.after, TimeCodec{},
             "how long after it was admitted; by default somewhere in the middle of being served");
}

/// 0.05 or {"share": 0.05, "after": "2s"}.
struct AbandonmentCodec {
  using Value = traffic::Abandonment;
  bool read(const Place& place, traffic::Abandonment& abandonment) const;
  Json schema(Definitions& definitions) const;
};

// ---- All of it.

template <class V>
void describe(V& v, traffic::ClassSpec& spec) {
  v.optional("name", spec.name, Label{}, "its name in reports; class-1, class-2, ... by default");
  v.optional("arrivals", spec.arrivals, Object<traffic::Arrivals>{},
             "requests that come whatever happens to those before them");
  v.optional("clients", spec.clients, Object<traffic::ClientPool>{},
             "clients that send, wait for the answer, think, and send again; they have the "
             "attribute \"client\"");
  v.optional("trace", spec.trace, Object<traffic::TraceSpec>{}, "requests that were recorded");
  v.exactly_one({"arrivals", "clients", "trace"});
  v.optional("attributes", spec.attributes, NamedList<AttributeCodec>{},
             "who sends: names and their values");
  v.optional("costs", spec.costs, NamedList<CostCodec>{},
             "what a request costs, by name; \"cost\" is the default cost");
  v.optional("on_denied", spec.on_denied, OnDeniedCodec{},
             "what a client does when it is denied; it gives up by default");
  v.optional("abandon", spec.abandon, AbandonmentCodec{},
             "the share of the admitted that leave before their answer is complete");
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
