#include "sim/backend.hpp"

#include <algorithm>

#include "limiter/parameters.hpp"
#include "traffic/number_sampler.hpp"

namespace weir::sim {
ServiceTimes::ServiceTimes(const traffic::BackendSpec& spec, const traffic::Plan& plan)
    : spec_(spec), tokens_(plan.columns().find_cost(spec.tokens)) {
  for (const traffic::ClassPlan& c : plan.classes()) {
    const RandomStream random = c.random.named("service");
    streams_.push_back(
        {random.named("latency"), random.named("first token"), random.named("per token")});
  }
}

ServiceTime ServiceTimes::of(const RequestBlock& block, std::size_t row) const {
  const Streams& random = streams_[block.traffic_class[row]];
  const std::uint64_t operation = block.operation[row];
  if (spec_.latency) return {traffic::draw_duration(*spec_.latency, random.latency, operation), {}};
  const Duration first = traffic::draw_duration(*spec_.first_token, random.first_token, operation);
  const Duration each = traffic::draw_duration(*spec_.per_token, random.per_token, operation);
  const std::int64_t further =
      tokens_ ? std::max<std::int64_t>(block.costs[*tokens_][row] - 1, 0) : 0;
  const Int128 rest = Int128{each.ns()} * further;
  const Int128 most = limiter::longest_window.ns();
  const auto total = static_cast<std::int64_t>(std::min(first.ns() + rest, most));
  return {Duration::from_ns(total), first};
}

std::int64_t ServiceTimes::cost_after(std::int64_t cost, std::size_t column,
                                      const ServiceTime& time, Duration served) const {
  if (tokens_ != column || cost <= 0 || served >= time.total) return cost;
  if (served < time.first_token) return 0;
  const Int128 streaming = (time.total - time.first_token).ns();
  if (streaming == 0) return cost;
  return static_cast<std::int64_t>(1 +
                                   Int128{cost - 1} * (served - time.first_token).ns() / streaming);
}

std::optional<std::uint32_t> BackendSlots::next_in_line(const OperationPool& pool) {
  while (!line_.empty()) {
    const Ticket ticket = line_.front();
    line_.pop_front();
    if (!pool.is_current(ticket)) continue;
    --waiting_;
    return ticket.slot;
  }
  return std::nullopt;
}

}  // namespace weir::sim
