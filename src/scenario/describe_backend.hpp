#pragma once

#include "scenario/describe_times.hpp"
#include "scenario/fields.hpp"
#include "traffic/spec.hpp"

namespace weir::scenario {

template <class V>
void describe(V& v, traffic::BackendSpec& backend) {
  v.optional("latency", backend.latency, TimeCodec{}, "how long an answer takes");
  v.optional("first_token", backend.first_token, TimeCodec{},
             "how long the first token of an answer takes");
  v.exactly_one({"latency", "first_token"});
  v.optional("per_token", backend.per_token, TimeCodec{}, "how long each further token takes");
  v.optional("tokens", backend.tokens, Word{}, "the cost that says how many tokens an answer has");
  v.needs("first_token", {"per_token", "tokens"});
  v.needs("per_token", {"first_token"});
  v.needs("tokens", {"first_token"});
  v.optional("slots", backend.slots, Whole<std::int64_t>{1, 1'000'000'000},
             "how many requests are served at once; any number by default");
  v.optional("queue", backend.queue, Whole<std::int64_t>{0, 1'000'000'000},
             "how many wait for a slot, first come, first served; any number by default");
  v.needs("queue", {"slots"});
}

}  // namespace weir::scenario
