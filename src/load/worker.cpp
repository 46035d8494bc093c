#include "load/worker.hpp"

#include <sys/prctl.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/random.hpp"
#include "traffic/retry.hpp"

namespace weir::load {
namespace {

/// How often it is looked at least whether something has taken too long, or somebody said stop.
constexpr Duration longest_sleep = Duration::from_ms(20);
/// How often exchanges are looked at that may take too long.
constexpr Duration check_interval = Duration::from_ms(10);
/// A promise is put to the test by a client's own return if that comes so soon after it.
constexpr Duration soon = Duration::from_seconds(1);

Duration told_by(const RateLimitReading& reading) {
  const AdvertisedWait& wait = reading.retry_after;
  return wait.kind == AdvertisedWait::Kind::good ? wait.wait : traffic::no_wait;
}

}  // namespace

Worker::Worker(const WorkerContext& context, unsigned index, const MakeEngine& make_engine)
    : context_(context),
      index_(index),
      loop_(1),
      timer_(loop_),
      lane_(context.plan, context.shards),
      clients_(context.plan),
      flights_(context.plan.columns()) {
  const auto share = static_cast<std::size_t>(context.target.connections) / context.workers;
  const std::size_t rest =
      index < static_cast<std::size_t>(context.target.connections) % context.workers ? 1 : 0;
  engine_ = make_engine({.loop = loop_,
                         .clock = context_.clock,
                         .requests = context_.requests,
                         .target = context_.target,
                         .replies = *this,
                         .connections = share + rest});
}

void Worker::run() {
  // Timers of this thread may be late by no more than this: 1 us.
  ::prctl(PR_SET_TIMERSLACK, 1'000);
  begin_clients();
  advance_traffic();
  go_on();
  loop_.run();
}

// ---- Time

void Worker::go_on() {
  const Instant now = context_.clock.now();
  if (context_.control.stop.load(std::memory_order_relaxed) || context_.budget.is_spent()) {
    end_traffic();
  }
  while (has_traffic_ && block_ != nullptr && block_->at[row_] <= now) {
    const RequestBlock& block = *block_;
    arrive(block, row_);
    advance_traffic();
  }
  while (!pending_.empty() && pending_.top().at <= now) {
    const Pending next = pending_.top();
    pending_.pop();
    happen(next);
  }
  if (now >= context_.plan.end()) end_traffic();
  if (now >= next_check_) {
    // First, for what ends may come back here.
    next_check_ = now + check_interval;
    engine_->end_overdue(now);
  }
  serve_line();
  if (is_over()) {
    timer_.cancel();
    loop_.stop();
    return;
  }
  wake_at(std::min(next_due(), now + longest_sleep));
}

Instant Worker::next_due() const {
  Instant due = Instant::max();
  if (has_traffic_ && block_ != nullptr) due = block_->at[row_];
  if (!pending_.empty()) due = std::min(due, pending_.top().at);
  return due;
}

void Worker::wake_at(Instant at) {
  wakes_ = at;
  timer_.expires_at(context_.clock.steady(at));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) go_on();
  });
}

void Worker::schedule(Instant at, Event event, std::uint32_t first, std::uint32_t second) {
  pending_.push({at, sequence_++, event, first, second});
  if (at < wakes_) wake_at(at);
}

void Worker::happen(const Pending& pending) {
  switch (pending.event) {
    case Event::retried:
      return retry(pending.first);
    case Event::thought:
      return think(static_cast<std::uint16_t>(pending.first), pending.second);
    case Event::audited:
      return enqueue(pending.first);
  }
}

bool Worker::is_over() const { return !has_traffic_ && line_.empty() && in_flight_ == 0; }

void Worker::end_traffic() {
  // Before anything is given up: a client of the closed model would send again at once.
  const bool had_traffic = std::exchange(has_traffic_, false);
  // Where a budget is spent, those in the line are what it was spent on.
  if (context_.control.stop.load(std::memory_order_relaxed)) drop_line();
  if (!had_traffic) return;
  drop_pending();
  clients_.take_all_waiting(
      [this](std::uint32_t id) { over(id, flights_[id].due, End::unfinished); });
}

void Worker::drop_pending() {
  for (; !pending_.empty(); pending_.pop()) {
    const Pending& next = pending_.top();
    if (next.event == Event::thought) continue;
    const Flight& flight = flights_[next.first];
    if (next.event == Event::retried) over(next.first, flight.due, End::unfinished);
    if (next.event == Event::audited) flights_.release(next.first);
  }
}

void Worker::drop_line() {
  while (!line_.empty()) {
    const std::uint32_t id = line_.front();
    line_.pop_front();
    give_up_sending(id);
  }
}

// ---- Clients

bool Worker::is_mine(const RequestBlock& block, std::size_t row) const {
  if (context_.workers == 1) return true;
  const auto& column = context_.client_column_of_class[block.traffic_class[row]];
  const std::uint64_t number = column ? block.attributes[*column][row] : arrivals_;
  return number % context_.workers == index_;
}

// To the next arrival that is this worker's; false at the end.
bool Worker::advance_traffic() {
  while (true) {
    if (block_ == nullptr || ++row_ >= block_->size()) {
      block_ = lane_.next();
      row_ = 0;
      if (block_ == nullptr) return false;
    }
    ++arrivals_;
    if (is_mine(*block_, row_)) return true;
  }
}

void Worker::begin_clients() {
  const auto& classes = context_.plan.classes();
  closed_.resize(classes.size());
  turns_.resize(classes.size());
  for (std::uint32_t c = 0; c < classes.size(); ++c) {
    if (!classes[c].spec.clients) continue;
    closed_[c] = std::make_unique<traffic::ClosedOperations>(context_.plan, classes[c]);
    const auto count = static_cast<std::uint32_t>(classes[c].spec.clients->count);
    turns_[c].resize(count);
    for (std::uint32_t client = index_; client < count; client += context_.workers) {
      pending_.push({classes[c].span.begin, sequence_++, Event::thought, c, client});
    }
  }
}

void Worker::think(std::uint16_t traffic_class, std::uint32_t client) {
  const Instant now = context_.clock.now();
  if (!has_traffic_ || now >= context_.plan.classes()[traffic_class].span.end) return;
  std::vector<std::uint64_t>& turns = turns_[traffic_class];
  const std::uint64_t operation = turns[client] * turns.size() + client;
  ++turns[client];
  arrive(closed_[traffic_class]->make(operation, now), 0);
}

void Worker::arrive(const RequestBlock& block, std::size_t row) {
  const std::uint32_t id = flights_.add(block, row);
  Flight& flight = flights_[id];
  flight.operation_due = flight.due = block.at[row];
  const traffic::Clients::Behind behind = clients_.behind(flight.request, 0);
  const bool has_to_wait = behind.is_closed();
  if (!has_to_wait && !take_budget(flight)) {
    flights_.release(id);
    return end_traffic();
  }
  context_.control.planned.fetch_add(1, std::memory_order_relaxed);
  context_.record.operation_began(flight.request, flight.due);
  if (clients_.refuses(flight.request, 0)) {
    if (!has_to_wait) give_back_budget(flight);
    return over(id, flight.due, End::throttled);
  }
  if (has_to_wait) return behind.gate->append(behind.client, id);
  enqueue(id);
}

bool Worker::take_budget(const Flight& flight) {
  if (!context_.budget.take()) return false;
  if (take_costs(flight.request)) return true;
  context_.budget.end_by_cost();
  return false;
}

bool Worker::take_costs(const RequestBlock& request) {
  for (std::size_t c = 0; c < context_.costs_left.size(); ++c) {
    const std::int64_t cost = request.costs[c][0];
    if (context_.costs_left[c].fetch_sub(cost, std::memory_order_relaxed) < cost) return false;
  }
  return true;
}

// It is not sent after all.
void Worker::give_back_budget(const Flight& flight) {
  context_.budget.give_back();
  for (std::size_t c = 0; c < context_.costs_left.size(); ++c) {
    context_.costs_left[c].fetch_add(flight.request.costs[c][0], std::memory_order_relaxed);
  }
}

void Worker::retry(std::uint32_t id) {
  Flight& flight = flights_[id];
  ++flight.attempt;
  const traffic::Clients::Behind behind = clients_.behind(flight.request, 0);
  if (behind) behind.gate->end_wait(behind.client);
  // Another operation may keep its client from sending for longer.
  if (behind.is_closed()) return behind.gate->append(behind.client, id);
  if (!enqueue_in_budget(id)) return;
  if (behind) open_gate(behind);
}

void Worker::open_gate(traffic::Clients::Behind behind) {
  while (!behind.is_closed()) {
    const auto id = behind.gate->take_first(behind.client);
    if (!id) return;
    flights_[*id].let_go = context_.clock.now();
    if (!enqueue_in_budget(*id)) return;
  }
}

bool Worker::enqueue_in_budget(std::uint32_t id) {
  const Flight& flight = flights_[id];
  if (take_budget(flight)) {
    enqueue(id);
    return true;
  }
  end_traffic();
  over(id, flight.due, End::unfinished);
  return false;
}

void Worker::react(std::uint32_t id, Instant end, Duration told) {
  Flight& flight = flights_[id];
  flight.promised = told == traffic::no_wait ? Instant::min() : end + told;
  flight.denied_at = end;
  const auto& on_denied = context_.plan.classes()[flight.request.traffic_class[0]].spec.on_denied;
  Duration wait = clients_.wait(flight.request, 0, {flight.attempt, flight.waited}, told);
  // The answer that has just come took a real round trip.
  if (wait == traffic::round_trip &&
      std::holds_alternative<traffic::RetryImmediately>(on_denied.behaviour)) {
    wait = Duration();
  }
  if (wait == traffic::no_wait) return over(id, end, End::abandoned);
  flight.waited = wait;
  flight.due = end + wait;
  if (!has_traffic_) return over(id, end, End::unfinished);
  if (const traffic::Clients::Behind behind = clients_.behind(flight.request, 0)) {
    behind.gate->begin_wait(behind.client);
  }
  // Its client waits until then all the same.
  if (flight.due >= context_.plan.end()) return over(id, end, End::unfinished);
  schedule(flight.due, Event::retried, id);
}

void Worker::over(std::uint32_t id, Instant end, End how) {
  const Flight& flight = flights_[id];
  const std::uint16_t traffic_class = flight.request.traffic_class[0];
  context_.record.operation_ended(flight.request, flight.operation_due, end, how);
  if (clients_.is_closed_model(traffic_class) && has_traffic_) {
    const auto client =
        static_cast<std::uint32_t>(flight.request.operation[0] % turns_[traffic_class].size());
    const Instant next = end + clients_.thinks(flight.request, 0, end - flight.operation_due);
    flights_.release(id);
    if (next <= end) return think(traffic_class, client);
    return schedule(next, Event::thought, traffic_class, client);
  }
  flights_.release(id);
}

// ---- Sending

void Worker::enqueue(std::uint32_t id) {
  if (line_.empty() && engine_->can_send()) return send(id);
  line_.push_back(id);
}

void Worker::serve_line() {
  const Instant now = context_.clock.now();
  while (!line_.empty()) {
    const std::uint32_t id = line_.front();
    const bool is_too_late = now - flights_[id].sendable() > context_.target.max_lateness;
    if (!is_too_late && !engine_->can_send()) return;
    line_.pop_front();
    if (is_too_late) {
      give_up_sending(id);
    } else {
      send(id);
    }
  }
}

void Worker::give_up_sending(std::uint32_t id) {
  const Flight& flight = flights_[id];
  context_.record.unsent(flight);
  // The audit is beside the budget.
  if (flight.purpose == Flight::Purpose::audit) return flights_.release(id);
  give_back_budget(flight);
  over(id, context_.clock.now(), End::abandoned);
}

void Worker::send(std::uint32_t id) {
  Flight& flight = flights_[id];
  flight.sent = std::max(context_.clock.now(), flight.due);
  const LiveRecord::KeyUse before = context_.record.sent(flight);
  if (flight.promised != Instant::min()) {
    flight.contested =
        flight.contested || before.in_flight > 0 || before.last_sent > flight.denied_at;
  }
  ++in_flight_;
  context_.control.sent.fetch_add(1, std::memory_order_relaxed);
  context_.control.in_flight.fetch_add(1, std::memory_order_relaxed);
  RenderedRow row{.block = &flight.request, .row = 0, .replaced = nullptr, .replacement = {}};
  if (!flight.key_name.empty()) {
    row.replaced = &context_.key_columns;
    row.replacement = flight.key_name;
  }
  engine_->send(id, row);
}

void Worker::replied(ExchangeId exchange, const Reply& reply) {
  --in_flight_;
  context_.control.in_flight.fetch_sub(1, std::memory_order_relaxed);
  // The reply is the connection's, and is gone once that has been given another exchange.
  const Instant end = reply.end;
  const Meaning meaning =
      reply.failure == Failure::none ? context_.meanings.of(reply.status) : Meaning::unexpected;
  RateLimitReading reading;
  if (reply.headers != nullptr) reading = reply.headers->read(context_.clock.wall(reply.end));
  context_.record.replied(flights_[exchange], reply, meaning, reading);
  if (context_.witness != nullptr) testify(flights_[exchange], reply, meaning, reading);
  if (flights_[exchange].purpose == Flight::Purpose::audit) {
    audit_replied(exchange, reply, meaning, reading);
  } else {
    load_replied(exchange, reply, meaning, reading);
  }
  if (!line_.empty()) serve_line();
  if (next_due() <= end || is_over()) go_on();
}

void Worker::testify(const Flight& flight, const Reply& reply, Meaning meaning,
                     const RateLimitReading& reading) {
  const Instant end = context_.clock.wall(reply.end);
  Testimony testimony{.request = flight.request,
                      .sent = context_.clock.wall(std::min(flight.sent, reply.written)),
                      .first_byte = context_.clock.wall(reply.first_byte),
                      .end = end,
                      .allowed = meaning == Meaning::allowed,
                      .reading = reading,
                      .date = std::nullopt,
                      .head_lines = reply.head_lines,
                      .body = reply.body};
  if (meaning == Meaning::unexpected || reply.resent) testimony.allowed = std::nullopt;
  if (reply.headers != nullptr) testimony.date = reply.headers->date(end);
  context_.witness->hear(testimony);
}

void Worker::load_replied(std::uint32_t id, const Reply& reply, Meaning meaning,
                          const RateLimitReading& reading) {
  Flight& flight = flights_[id];
  judge_promise(flight, reply, meaning);
  if (meaning == Meaning::allowed) {
    clients_.accepted(flight.request, 0);
    return over(id, reply.end, End::succeeded);
  }
  const Duration told = told_by(reading);
  if (meaning == Meaning::denied && told != traffic::no_wait) {
    const auto& on_denied = context_.plan.classes()[flight.request.traffic_class[0]].spec.on_denied;
    const bool comes_back = std::holds_alternative<traffic::RetryAfter>(on_denied.behaviour) &&
                            static_cast<std::int64_t>(flight.attempt) < on_denied.max_attempts;
    flight.contested = context_.record.use_of(flight.key).in_flight > 0;
    consider_audit(id, reply.end, told, comes_back);
  }
  react(id, reply.end, told);
}

// ---- The audit

// A client that came back at the instant that it was promised, before anybody else.
void Worker::judge_promise(const Flight& flight, const Reply& reply, Meaning meaning) {
  if (flight.promised == Instant::min() || flight.sent < flight.promised ||
      flight.sent >= flight.promised + soon || reply.failure != Failure::none ||
      meaning == Meaning::unexpected) {
    return;
  }
  using Promise = LiveRecord::Promise;
  context_.record.audited(flight.contested              ? Promise::contested
                          : meaning == Meaning::allowed ? Promise::kept
                                                        : Promise::broken);
}

void Worker::consider_audit(std::uint32_t id, Instant end, Duration told, bool comes_back) {
  const std::size_t own = own_keys_.size();
  const auto wanted = static_cast<std::size_t>(context_.target.audit.keys);
  const bool has_own_turn = own * context_.workers + index_ < wanted;
  if (has_own_turn && !context_.key_columns.empty() && has_traffic_) {
    begin_own_key(flights_[id].request);
  }
  const Flight& flight = flights_[id];
  const std::uint64_t draw = flight.request.operation[0] * 64 + flight.attempt;
  if (comes_back || !has_traffic_ || end + told >= context_.plan.end()) return;
  if (context_.audit_draws.uniform(draw) > context_.target.audit.share) return;
  const bool contested = flight.contested;
  const std::uint32_t audit = flights_.add(flight.request, 0);
  Flight& asks = flights_[audit];
  asks.purpose = Flight::Purpose::audit;
  asks.promised = end + told;
  asks.denied_at = end;
  asks.due = asks.operation_due = asks.promised;
  asks.contested = contested;
  schedule(asks.due, Event::audited, audit);
}

void Worker::begin_own_key(const RequestBlock& like) {
  const auto number = static_cast<std::uint32_t>(own_keys_.size());
  own_keys_.emplace_back();
  context_.record.own_key_begun();
  own_key_step(number, own_keys_[number].begin(context_.clock.now()), like);
}

void Worker::own_key_step(std::uint32_t number, const OwnKeyAudit::Step& step,
                          const RequestBlock& like) {
  using Honesty = LiveRecord::Honesty;
  if (step.finding == OwnKeyAudit::Step::Finding::honest) context_.record.judged(Honesty::honest);
  if (step.finding == OwnKeyAudit::Step::Finding::too_short)
    context_.record.judged(Honesty::too_short);
  if (step.finding == OwnKeyAudit::Step::Finding::too_long)
    context_.record.judged(Honesty::too_long);
  if (step.kind == OwnKeyAudit::Step::Kind::over || !has_traffic_) return;
  const std::uint32_t id = flights_.add(like, 0);
  Flight& flight = flights_[id];
  flight.purpose = Flight::Purpose::audit;
  flight.due = flight.operation_due = step.at;
  flight.own_key = number;
  flight.key_name = fmt::format("audit-{}-{}", index_ + number * context_.workers, context_.nonce);
  schedule(flight.due, Event::audited, id);
}

void Worker::audit_replied(std::uint32_t id, const Reply& reply, Meaning meaning,
                           const RateLimitReading& reading) {
  const Flight& flight = flights_[id];
  if (meaning == Meaning::unexpected) {
    context_.record.audit_failed();
  } else if (flight.key_name.empty()) {
    judge_promise(flight, reply, meaning);
  } else {
    OwnKeyAudit& audit = own_keys_[flight.own_key];
    own_key_step(flight.own_key,
                 audit.answered(meaning, reply.written, reply.end, told_by(reading)),
                 flight.request);
  }
  flights_.release(id);
}

}  // namespace weir::load
