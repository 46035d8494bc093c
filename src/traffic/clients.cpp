#include "traffic/clients.hpp"

#include <algorithm>
#include <variant>

#include "traffic/number_sampler.hpp"
#include "traffic/retry.hpp"

namespace weir::traffic {

bool gathers_by_client(const OnDenied& on_denied) {
  return on_denied.scope == RetryScope::client ||
         std::holds_alternative<AdaptiveThrottle>(on_denied.behaviour);
}

Clients::Clients(const Plan& plan) {
  for (const ClassPlan& c : plan.classes()) classes_.push_back(make_class(plan, c));
}

Clients::Class Clients::make_class(const Plan& plan, const ClassPlan& c) {
  const OnDenied& on_denied = c.spec.on_denied;
  Class made{.on_denied = &on_denied,
             .abandon = &c.spec.abandon,
             .pool = c.spec.clients ? &*c.spec.clients : nullptr,
             .throttle = std::get_if<AdaptiveThrottle>(&on_denied.behaviour),
             .retry = c.random.named("retry"),
             .throttling = c.random.named("throttle"),
             .leaving = c.random.named("abandon"),
             .leaving_after = c.random.named("abandon after"),
             .leaving_at = c.random.named("abandon at"),
             .thinking = c.random.named("think")};
  if (!gathers_by_client(on_denied)) return made;
  const auto column = plan.columns().find_attribute(on_denied.client);
  if (!column) return made;
  made.client_column = *column;
  const std::size_t clients = plan.columns().dictionaries[*column].size();
  if (on_denied.scope == RetryScope::client) {
    std::unique_ptr<ClientGate>& gate = gates_[*column];
    if (!gate) gate = std::make_unique<ClientGate>(clients);
    made.gate = gate.get();
  }
  if (made.throttle != nullptr) {
    auto& throttles = throttles_[{*column, made.throttle->k, made.throttle->window}];
    throttles.resize(clients, AdaptiveThrottleState(*made.throttle));
    made.throttles = &throttles;
  }
  return made;
}

bool Clients::refuses(const RequestBlock& block, std::size_t row) {
  const Class& c = class_of(block, row);
  if (c.throttles == nullptr) return false;
  AdaptiveThrottleState& state = (*c.throttles)[block.attributes[c.client_column][row]];
  const double probability = state.refusal_probability(block.at[row]);
  state.on_request(block.at[row]);
  return c.throttling.uniform(block.operation[row]) <= probability;
}

void Clients::accepted(const RequestBlock& block, std::size_t row) {
  const Class& c = class_of(block, row);
  if (c.throttles == nullptr) return;
  (*c.throttles)[block.attributes[c.client_column][row]].on_accept(block.at[row]);
}

Duration Clients::wait(const RequestBlock& block, std::size_t row, Attempt failed,
                       Duration told) const {
  const Class& c = class_of(block, row);
  const Duration wait = retry_wait(*c.on_denied,
                                   {.operation = block.operation[row],
                                    .attempt = failed.number,
                                    .advertised = told,
                                    .previous_wait = failed.waited},
                                   c.retry);
  return wait == no_wait ? wait : std::min(wait, longest_drawn);
}

Clients::Behind Clients::behind(const RequestBlock& block, std::size_t row) {
  const Class& c = class_of(block, row);
  if (c.gate == nullptr) return {};
  return {c.gate, block.attributes[c.client_column][row]};
}

bool Clients::leaves(const Class& c, std::uint64_t operation) const {
  return c.abandon->share > 0.0 && c.leaving.uniform(operation) <= c.abandon->share;
}

Instant Clients::leaves_at(const RequestBlock& block, std::size_t row, Instant admitted) const {
  const Class& c = class_of(block, row);
  if (!c.abandon->after || !leaves(c, block.operation[row])) return Instant::max();
  return admitted + draw_duration(*c.abandon->after, c.leaving_after, block.operation[row]);
}

Duration Clients::stays_for(const RequestBlock& block, std::size_t row, Duration service) const {
  const Class& c = class_of(block, row);
  if (c.abandon->after || !leaves(c, block.operation[row]) || service.ns() == 0) return service;
  const auto length = static_cast<std::uint64_t>(service.ns());
  const std::uint64_t stay = c.leaving_at.below(block.operation[row], length);
  return Duration::from_ns(static_cast<std::int64_t>(stay));
}

Duration Clients::thinks(const RequestBlock& block, std::size_t row, Duration took) const {
  const Class& c = class_of(block, row);
  const Duration think = draw_duration(c.pool->think_time, c.thinking, block.operation[row]);
  // What is over at once takes a round trip all the same: else it could send without end.
  return took > Duration() ? think : std::max(think, round_trip);
}

}  // namespace weir::traffic
