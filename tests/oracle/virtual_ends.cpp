#include "oracle/virtual_ends.hpp"

#include <cmath>
#include <deque>
#include <memory>
#include <queue>
#include <tuple>
#include <utility>

#include "core/random.hpp"
#include "policy/joint_ask.hpp"

namespace weir::oracle {
namespace {

Duration drawn(Duration mean, RandomSequence& draws) {
  const double ns = -static_cast<double>(mean.ns()) * std::log(draws.uniform());
  return Duration::from_ns(static_cast<std::int64_t>(ns));
}

/// What the network takes one way.
Duration way(Duration typical, RandomSequence& draws) {
  const Duration half = Duration::from_ns(typical.ns() / 2);
  return half + drawn(half, draws);
}

/// A gateway in virtual time.
class EndingGateway {
 public:
  EndingGateway(const std::vector<policy::Limit>& limits, const EndingTraffic& traffic,
                Evidence& evidence)
      : limits_(limits),
        traffic_(traffic),
        evidence_(evidence),
        draws_(RandomStream(traffic.seed).named("ends")) {
    for (const policy::Limit& limit : limits) {
      limiters_.push_back(policy::make_limiter(limit, evidence.environment));
      limiters_.back()->reset(traffic.keys);
    }
    lines_.resize(traffic.keys);
  }

  void run() {
    for (std::uint32_t key = 0; key < traffic_.keys; ++key) send_all(key);
    requests_.resize(evidence_.observations.size());
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      if (event.kind == Kind::arrives) decide(event);
      if (event.kind == Kind::ends) end(event);
      if (event.kind == Kind::expires) wake(event.key, event.at);
    }
  }

 private:
  enum class Kind : std::uint8_t { ends, expires, arrives };
  struct Event {
    Instant at;
    Kind kind = Kind::arrives;
    std::uint32_t number = 0;
    std::uint32_t key = 0;

    bool operator>(const Event& other) const {
      return std::tuple(at, kind, number) > std::tuple(other.at, other.kind, other.number);
    }
  };
  struct Request {
    Instant decided, started;
    policy::Cost real = 0;
  };

  void send_all(std::uint32_t key) {
    Group& group = evidence_.groups.emplace_back();
    for (std::uint16_t l = 0; l < evidence_.limits.size(); ++l) group.entries.push_back({l, 0});
    const double bursts =
        traffic_.requests_per_second / (static_cast<double>(traffic_.burst + 1) / 2);
    const Duration pause = Duration::from_ns(static_cast<std::int64_t>(1e9 / bursts));
    Instant at = evidence_.environment.start + drawn(Duration::from_seconds(1), draws_);
    const std::size_t each = traffic_.requests / traffic_.keys;
    for (std::size_t sent = 0; sent < each;) {
      for (std::uint64_t n = 1 + draws_.below(traffic_.burst); n > 0 && sent < each; --n, ++sent) {
        const auto number = static_cast<std::uint32_t>(evidence_.observations.size());
        Observation& observation = evidence_.observations.emplace_back();
        observation.sent = at;
        const auto cost = 1 + static_cast<policy::Cost>(
                                  draws_.below(static_cast<std::uint64_t>(traffic_.most_cost)));
        for (std::uint32_t e = 0; e < group.entries.size(); ++e) {
          observation.asks.push_back({.entry = e, .cost = cost});
        }
        group.observations.push_back(number);
        events_.push({at + way(traffic_.delay, draws_), Kind::arrives, number, key});
        at = at + drawn(Duration::from_us(200), draws_);
      }
      at = at + drawn(pause, draws_);
    }
  }

  policy::Charge charge(const Event& event, policy::Cost cost) const {
    return {event.key, 0, event.at, cost};
  }

  void decide(const Event& event) {
    Observation& observation = evidence_.observations[event.number];
    std::vector<policy::JointAsk> asked;
    for (std::size_t l = 0; l < limits_.size(); ++l) {
      asked.push_back({.limiter = limiters_[l].get(),
                       .spec = &limits_[l].spec,
                       .charge = charge(event, observation.asks[0].cost),
                       .holds = limiters_[l]->holds_until_end()});
    }
    observation.allowed = policy::check_jointly(asked).allowed;
    policy::charge_jointly(asked, observation.allowed);
    if (limits_.size() == 1) {
      observation.told.remaining =
          limiters_[0]->advertised_quota(charge(event, observation.asks[0].cost)).remaining;
    }
    observation.received = observation.ended = event.at + way(traffic_.delay, draws_);
    if (!observation.allowed) return;
    Request& request = requests_[event.number];
    request.decided = event.at;
    request.real = static_cast<policy::Cost>(
        draws_.below(static_cast<std::uint64_t>(traffic_.most_real_cost) + 1));
    for (std::size_t l = 0; l < limits_.size() && l < evidence_.limits.size(); ++l) {
      if (evidence_.limits[l].charges_late()) observation.asks[l].real = request.real;
    }
    if (asked[0].starts_at_once) return start(event.key, event.number, event.at);
    lines_[event.key].push_back(event.number);
  }

  void start(std::uint32_t key, std::uint32_t number, Instant at) {
    requests_[number].started = at;
    Observation& observation = evidence_.observations[number];
    const Instant ended = at + drawn(traffic_.service, draws_);
    observation.ended = ended + way(traffic_.delay, draws_);
    const Instant first_byte = at + way(traffic_.delay, draws_);
    observation.received =
        draws_.below(2) == 0 ? observation.ended : std::min(first_byte, observation.ended);
    const std::int64_t lingers = std::max<std::int64_t>(traffic_.lingers.ns(), 1);
    events_.push({ended + Duration::from_ns(static_cast<std::int64_t>(
                              draws_.below(static_cast<std::uint64_t>(lingers)))),
                  Kind::ends, number, key});
    if (const auto expiry = limiters_[0]->next_expiry({key, 0, at, 1})) {
      events_.push({*expiry, Kind::expires, 0, key});
    }
  }

  void end(const Event& event) {
    const Observation& observation = evidence_.observations[event.number];
    const Request& request = requests_[event.number];
    const policy::Cost cost = observation.asks[0].cost;
    for (std::size_t l = 0; l < limits_.size(); ++l) {
      if (limiters_[l]->holds_until_end()) {
        limiters_[l]->complete(charge(event, cost), request.started, false);
      }
      const policy::ChargeSpec& spec = limits_[l].spec.charge;
      if (!limits_[l].charges_late()) continue;
      const policy::Cost charged = spec.when == policy::ChargeSpec::When::reserve ? cost : 0;
      const policy::Cost real = spec.refund ? request.real : std::max(request.real, charged);
      limiters_[l]->settle(charge(event, real), request.decided, charged);
    }
    wake(event.key, event.at);
  }

  void wake(std::uint32_t key, Instant at) {
    std::deque<std::uint32_t>& line = lines_[key];
    while (!line.empty()) {
      const policy::Cost cost = evidence_.observations[line.front()].asks[0].cost;
      if (!limiters_[0]->start_waiting({key, 0, at, cost})) return;
      start(key, line.front(), at);
      line.pop_front();
    }
    if (const auto expiry = limiters_[0]->next_expiry({key, 0, at, 1})) {
      if (!line.empty() || *expiry > at) events_.push({*expiry, Kind::expires, 0, key});
    }
  }

  const std::vector<policy::Limit>& limits_;
  const EndingTraffic& traffic_;
  Evidence& evidence_;
  RandomSequence draws_;
  std::vector<std::unique_ptr<policy::KeyedLimiter>> limiters_;
  std::vector<std::deque<std::uint32_t>> lines_;
  std::vector<Request> requests_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

}  // namespace

Evidence observe_ends(const std::vector<policy::Limit>& limits, const EndingTraffic& traffic,
                      const std::vector<policy::Limit>& believed) {
  Evidence evidence;
  evidence.limits = believed;
  evidence.environment.start = Instant::from_unix_seconds(1'800'000'000);
  evidence.offset = {Duration::from_ms(-900), Duration::from_ms(700)};
  EndingGateway(limits, traffic, evidence).run();
  return evidence;
}

}  // namespace weir::oracle
