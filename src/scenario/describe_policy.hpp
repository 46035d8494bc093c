#pragma once

#include <string>
#include <vector>

#include "limiter/parameters.hpp"
#include "policy/spec.hpp"
#include "scenario/fields.hpp"

namespace weir::scenario {

/// The id of an entry of the limiter catalogue.
struct AlgorithmKind {
  using Value = std::string;
  Parsed<std::string> parse(const Json& json) const;
  Json schema() const;
};

/// One value of a parameter from JSON: a count is a number, a boolean true or false, the rest
/// strings.
Parsed<limiter::ParameterValue> parse_parameter_json(const limiter::ParameterSpec& spec,
                                                     const Json& json);

/// A parameter of a limit: a plain value, or a table by an attribute's value.
struct ParameterCodec {
  using Value = policy::LimitSpec;
  const limiter::ParameterSpec& spec;

  bool read(const Place& place, policy::LimitSpec& limit) const;
  Json schema() const;
};

/// "free" or ["free", "trial"].
struct WordsKind {
  using Value = std::vector<std::string>;
  Parsed<std::vector<std::string>> parse(const Json& json) const;
  Json schema() const;
};

/// The names of distinct attributes.
struct KeyCodec {
  using Value = std::vector<std::string>;
  std::size_t min_attributes = 0;
  bool read(const Place& place, std::vector<std::string>& key) const;
  Json write(const std::vector<std::string>& key) const { return key; }
  Json schema() const;
};

/// {"reserve": "max_output", "settle": "refund"}.
struct Reservation {
  std::string reserve;
  bool refund = true;
};

template <class V>
void describe(V& v, Reservation& reservation) {
  v.required("reserve", reservation.reserve, Word{},
             "the cost that is charged at the admission, an estimate");
  v.optional("settle", reservation.refund, Choice<bool>{{{"refund", true}, {"keep", false}}},
             "whether what was reserved and not used comes back at the end");
}

/// "admit", "answer" or a Reservation.
struct ChargeCodec {
  using Value = policy::ChargeSpec;
  bool read(const Place& place, policy::ChargeSpec& charge) const;
  Json schema(Definitions& definitions) const;
};

template <class V>
void describe(V& v, policy::WindowReference& reference) {
  v.optional("limit", reference.limit, Whole<std::int64_t>{},
             "how much it admits in any window; the limit's own by default, if it has both");
  v.optional("window", reference.window, Time{.min = one_ns},
             "how long the window is; the limit's own by default, if it has both");
  v.optional("sample", reference.sample, Number{.max = 1.0}, "the share of the keys it watches");
}

/// What every limit has, whatever its algorithm.
template <class V>
void describe(V& v, policy::LimitSpec& limit) {
  v.optional("name", limit.name, Label{}, "its name in reports; limit-1, limit-2, ... by default");
  v.required("algorithm", limit.algorithm, AlgorithmKind{},
             "how it decides; `weir algorithms` lists them");
  v.optional(
      "key", limit.key, KeyCodec{},
      "the attributes whose values together have a bucket of their own; none is one for all");
  v.optional("cost", limit.cost, Word{}, "the cost that is charged; 1 a request by default");
  v.optional("charge", limit.charge, ChargeCodec{},
             "when the cost is charged: at the admission, when it is known, or an estimate first");
  v.optional("reference", limit.reference, Object<policy::WindowReference>{},
             "the exact sliding window that its decisions are compared with");
  v.optional("when", limit.when, MapOf<WordsKind>{},
             "it applies only where each of these attributes has this value, or one of these");
  v.optional("enforce", limit.enforce, Flag{}, "whether it denies, or only counts");
}

template <class V>
void describe_parameters(V& v, const limiter::AlgorithmInfo& info, policy::LimitSpec& limit) {
  for (const limiter::ParameterSpec& spec : info.parameters) {
    if (spec.default_value.empty() && !spec.optional_without_default) {
      v.required(spec.name, limit, ParameterCodec{spec}, spec.description);
    } else {
      v.optional(spec.name, limit, ParameterCodec{spec}, spec.description);
    }
  }
}

/// A limit: what all have, and the parameters of its algorithm.
struct LimitCodec {
  using Value = policy::LimitSpec;
  bool read(const Place& place, policy::LimitSpec& limit) const;
  Json schema(Definitions& definitions) const;
};

template <class V>
void describe(V& v, policy::ResponseSpec& response) {
  using Words = Choice<std::string>;
  v.optional("denied_status", response.denied_status, Whole<int>{400, 599},
             "the status of a denial; the algorithm's own by default");
  v.optional("headers", response.headers,
             Words{{{"none", "none"},
                    {"x-ratelimit", "x-ratelimit"},
                    {"x-ratelimit-epoch", "x-ratelimit-epoch"},
                    {"ratelimit", "ratelimit"},
                    {"ietf-draft-03", "ietf-draft-03"},
                    {"ietf-draft-06", "ietf-draft-06"},
                    {"ietf-draft-07", "ietf-draft-07"},
                    {"ietf-draft-08", "ietf-draft-08"},
                    {"ietf-draft-10", "ietf-draft-10"},
                    {"openai", "openai"},
                    {"anthropic", "anthropic"}}},
             "the headers that tell of the limit (ratelimit is the latest draft of the IETF); the "
             "algorithm's own by default");
  v.optional(
      "retry_after", response.retry_after,
      Words{{{"none", "none"}, {"delta-seconds", "delta-seconds"}, {"http-date", "http-date"}}},
      "how Retry-After is written; the algorithm's own by default");
}

template <class V>
void describe(V& v, policy::PolicySpec& policy) {
  v.required("limits", policy.limits, ListOf<LimitCodec>{{}, 0, 1'000},
             "a request is admitted if all of them admit it; none admits everything");
  v.optional("response", policy.response, Object<policy::ResponseSpec>{}, "how a gateway answers");
}

}  // namespace weir::scenario
