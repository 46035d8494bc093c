#include "sim/event_run.hpp"

#include <algorithm>

#include "metrics/retry_after_audit.hpp"
#include "traffic/retry.hpp"

namespace weir::sim {
namespace {

constexpr unsigned event_bits = 3;
/// Nothing is pending for longer than some 36 years.
constexpr std::int64_t longest_pending_ns = std::int64_t{1} << 60;

/// The first attempt is due when the operation is, even if its client was not free to send it.
Instant due_of_attempt(const Operation& operation, Instant decided) {
  return operation.attempt == 1 ? operation.due : decided;
}

bool needs_end(const LaneLimit& limit) { return limit.holds || limit.limit->charges_late(); }

}  // namespace

EventRun::EventRun(const PolicyRunContext& context)
    : context_(context),
      limits_(make_lane_limits(context.policy, context.plan, context.environment, context.shard)),
      recorder_(context.plan.columns(), context.plan.classes().size(), context.clock,
                context.few_values, context.into),
      joint_(limits_, context.policy.retry_after),
      clients_(context.plan),
      pool_(context.plan.columns()),
      lines_(limits_.size()),
      follows_(context.backend != nullptr ||
               std::any_of(limits_.begin(), limits_.end(), needs_end)),
      origin_(context.plan.start()),
      now_(origin_) {
  if (!context.fairness.empty()) {
    fairness_.emplace(make_key_indexer(context.fairness, context.plan, context.shard));
  }
  if (context.backend != nullptr) {
    times_.emplace(*context.backend, context.plan);
    slots_.emplace(*context.backend);
  }
  const auto& classes = context.plan.classes();
  closed_.resize(classes.size());
  turns_.resize(classes.size());
  for (std::uint32_t i = 0; i < classes.size(); ++i) {
    const traffic::ClassPlan& c = classes[i];
    if (!c.spec.clients) continue;
    closed_[i] = std::make_unique<traffic::ClosedOperations>(context.plan, c);
    const auto count = static_cast<std::uint32_t>(c.spec.clients->count);
    turns_[i].resize(count);
    for (std::uint32_t client = 0; client < count; ++client) {
      schedule(c.span.begin, Event::thought, Subject{i, client});
    }
  }
}

void EventRun::take(const RequestBlock& block) {
  for (std::size_t row = 0; row < block.size(); ++row) {
    if (!run_until(block.at[row] + Duration::from_ns(1))) return;
    now_ = block.at[row];
    arrive(block, row);
  }
}

void EventRun::finish() {
  const bool stopped = !run_until(context_.plan.end()) || is_stopped();
  draining_ = true;
  if (!stopped) run_until(Instant::max());
  pool_.for_each_live([&](std::uint32_t slot) {
    recorder_.operation_ended(pool_.traffic_class(slot), pool_[slot].due, now_, End::unfinished);
  });
  recorder_.finish();
  fold_keys(limits_, context_.plan.columns(), context_.into);
  if (fairness_) fairness_->add_to(context_.into.fairness);
}

// ---- Time

std::uint64_t EventRun::due_at(Instant at, Event event) const {
  const std::int64_t ns = at == Instant::max() ? longest_pending_ns : (at - origin_).ns();
  const auto after =
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(ns, 0, longest_pending_ns));
  return (after << event_bits) | static_cast<std::uint64_t>(event);
}

void EventRun::schedule(Instant at, Event event, Subject subject) {
  pending_.push(due_at(at, event), subject);
}

bool EventRun::run_until(Instant end) {
  const std::uint64_t limit = end == Instant::max() ? UINT64_MAX : due_at(end, Event::served);
  const auto approach = [this](const Subject& subject) { pool_.prefetch(subject.first); };
  PendingQueue<Subject>::Entry entry;
  while (pending_.pop_before(limit, entry, approach)) {
    now_ = origin_ + Duration::from_ns(static_cast<std::int64_t>(entry.due >> event_bits));
    happen(static_cast<Event>(entry.due & ((1U << event_bits) - 1)), entry.item);
    if (++events_ % 4096 == 0 && is_stopped()) return false;
  }
  return true;
}

bool EventRun::is_stopped() {
  return context_.control != nullptr && context_.control->stop.load(std::memory_order_relaxed);
}

void EventRun::happen(Event event, Subject subject) {
  const Ticket ticket{subject.first, subject.second};
  switch (event) {
    case Event::served:
      return served(ticket.slot);
    case Event::expired:
      return wake_line(subject.first, {.key = subject.second, .now = now_});
    case Event::left:
      if (pool_.is_current(ticket)) leave_waiting(ticket.slot);
      return;
    case Event::released:
      if (!pool_.is_current(ticket)) return;
      pool_.passage(ticket.slot).release_pending = false;
      if (pool_.passage(ticket.slot).lines == 0) enter_backend(ticket.slot);
      return;
    case Event::retried:
      if (!draining_) retry(ticket.slot);
      return;
    case Event::thought:
      if (!draining_) think(subject);
      return;
  }
}

// ---- Clients

void EventRun::arrive(const RequestBlock& block, std::size_t row) {
  Operation operation;
  operation.due = now_;
  recorder_.operation_began(block.traffic_class[row], now_);
  if (fairness_ && recorder_.counts(now_)) fairness_->offered(block, row);
  if (clients_.refuses(block, row)) {
    return over(block, row, operation, no_slot, now_, End::throttled);
  }
  const traffic::Clients::Behind behind = clients_.behind(block, row);
  if (behind.is_closed()) {
    behind.gate->append(behind.client, pool_.add(block, row, operation));
    return;
  }
  attempt(block, row, operation, no_slot);
}

void EventRun::attempt(const RequestBlock& block, std::size_t row, Operation& operation,
                       std::uint32_t slot) {
  const std::uint16_t traffic_class = block.traffic_class[row];
  const bool is_retry = operation.attempt > 1;
  const bool counts = recorder_.counts(now_);
  const policy::Verdict verdict = joint_.decide(block, row);
  joint_.record(counts);
  recorder_.attempt(block, row, verdict.allowed ? Answer::allowed : Answer::denied, is_retry,
                    now_ - due_of_attempt(operation, now_));
  recorder_.operation_tried(traffic_class, operation.due, is_retry);
  if (counts && operation.promised != Instant::min()) {
    metrics::RetryAfterTotals& totals = context_.into.retry_after;
    ++(now_ >= operation.promised ? totals.client_obeyed : totals.client_early);
  }
  if (context_.log != nullptr && counts) {
    context_.log->write(context_.policy.name, block, row, operation.attempt,
                        joint_.explain(verdict));
  }
  if (!verdict.allowed) return denied(block, row, operation, slot);
  if (!must_follow(traffic_class)) {
    clients_.accepted(block, row);
    const Instant end = now_ + verdict.delay;
    recorder_.answered(due_of_attempt(operation, now_), now_, end, verdict.delay);
    return over(block, row, operation, slot, end, End::succeeded);
  }
  follow(slot != no_slot ? slot : pool_.add(block, row, operation), verdict.delay);
}

void EventRun::denied(const RequestBlock& block, std::size_t row, Operation& operation,
                      std::uint32_t slot) {
  const policy::Promise promise = joint_.promise();
  if (recorder_.counts(now_)) {
    metrics::judge_promise(context_.into.retry_after, promise.advertised, promise.exact);
  }
  Duration told = traffic::no_wait;
  operation.promised = Instant::min();
  if (promise.advertised != Duration::max()) {
    told = std::min(promise.advertised, limiter::longest_window);
    operation.promised = now_ + told;
  }
  react(block, row, operation, slot, told);
}

void EventRun::react(const RequestBlock& block, std::size_t row, Operation& operation,
                     std::uint32_t slot, Duration told) {
  const Duration wait = clients_.wait(block, row, {operation.attempt, operation.waited}, told);
  if (wait == traffic::no_wait) return over(block, row, operation, slot, now_, End::abandoned);
  operation.waited = wait;
  const std::uint32_t kept = slot != no_slot ? slot : pool_.add(block, row, operation);
  if (const traffic::Clients::Behind behind = clients_.behind(block, row)) {
    behind.gate->begin_wait(behind.client);
  }
  schedule(now_ + wait, Event::retried, pool_.ticket(kept));
}

void EventRun::retry(std::uint32_t slot) {
  const RequestBlock& block = pool_.load(slot, now_);
  Operation& operation = pool_[slot];
  ++operation.attempt;
  const traffic::Clients::Behind behind = clients_.behind(block, 0);
  if (behind) behind.gate->end_wait(behind.client);
  // Another operation may keep its client from sending for longer.
  if (behind.is_closed()) return behind.gate->append(behind.client, slot);
  attempt(block, 0, operation, slot);
  if (behind) open_gate(behind);
}

void EventRun::open_gate(traffic::Clients::Behind behind) {
  while (!behind.is_closed()) {
    const std::optional<std::uint32_t> slot = behind.gate->take_first(behind.client);
    if (!slot) return;
    attempt(pool_.load(*slot, now_), 0, pool_[*slot], *slot);
  }
}

void EventRun::think(Subject subject) {
  const traffic::ClassPlan& c = context_.plan.classes()[subject.first];
  if (now_ >= c.span.end) return;
  const std::vector<std::uint64_t>& turns = turns_[subject.first];
  const std::uint64_t operation = turns[subject.second] * turns.size() + subject.second;
  ++turns_[subject.first][subject.second];
  ++generated_;
  arrive(closed_[subject.first]->make(operation, now_), 0);
}

void EventRun::over(const RequestBlock& block, std::size_t row, const Operation& operation,
                    std::uint32_t slot, Instant end, End how) {
  const std::uint16_t traffic_class = block.traffic_class[row];
  recorder_.operation_ended(traffic_class, operation.due, end, how);
  if (how == End::succeeded && fairness_ && recorder_.counts(operation.due)) {
    fairness_->succeeded(block, row);
  }
  if (clients_.is_closed_model(traffic_class)) {
    const auto client =
        static_cast<std::uint32_t>(block.operation[row] % turns_[traffic_class].size());
    const Duration thinks = clients_.thinks(block, row, end - operation.due);
    schedule(end + thinks, Event::thought, Subject{traffic_class, client});
  }
  if (slot != no_slot) pool_.release(slot);
}

// ---- Admitted requests

void EventRun::follow(std::uint32_t slot, Duration delay) {
  Passage& passage = pool_.passage(slot);
  passage.admitted = now_;
  passage.stage = Passage::Stage::held_back;
  passage.left = false;
  passage.lines = 0;
  passage.number = ++passages_;
  passage.holds.clear();
  joint_.collect_holds(passage.holds);
  passage.leaves = clients_.leaves_at(pool_.load(slot, now_), 0, now_);
  passage.release_pending = delay > Duration();
  if (passage.release_pending) schedule(now_ + delay, Event::released, pool_.ticket(slot));
  stand_in_lines(slot);
  if (!passage.release_pending && passage.lines == 0) return enter_backend(slot);
  schedule_leaving(slot);
}

void EventRun::schedule_leaving(std::uint32_t slot) {
  const Instant leaves = pool_.passage(slot).leaves;
  if (leaves != Instant::max()) schedule(leaves, Event::left, pool_.ticket(slot));
}

void EventRun::stand_in_lines(std::uint32_t slot) {
  Passage& passage = pool_.passage(slot);
  for (const Hold& hold : passage.holds) {
    if (!hold.holds || hold.has_started) continue;
    if (limits_[hold.limit].limit->spec.enforce) ++passage.lines;
    Line& line = lines_[hold.limit][hold.charge.key];
    line.waiting.push_back({slot, passage.number});
    schedule_expiry(line, hold.limit, hold.charge);
  }
}

void EventRun::schedule_expiry(Line& line, std::uint32_t limit, policy::Charge charge) {
  charge.now = now_;
  const auto at = limits_[limit].limiter->next_expiry(charge);
  // One event is enough: it looks for the next one.
  if (!at || *at >= line.wakes) return;
  line.wakes = *at;
  schedule(*at, Event::expired, Subject{limit, charge.key});
}

Hold* EventRun::find_waiting(std::uint32_t limit, Line::Place place) {
  Passage& passage = pool_.passage(place.slot);
  if (passage.number != place.number) return nullptr;
  const auto hold = std::find_if(passage.holds.begin(), passage.holds.end(), [&](const Hold& h) {
    return h.limit == limit && h.holds && !h.has_started;
  });
  return hold == passage.holds.end() ? nullptr : &*hold;
}

// Starts those at the head of a line whose slots are free by now.
void EventRun::wake_line(std::uint32_t limit, const policy::Charge& charge) {
  const auto found = lines_[limit].find(charge.key);
  if (found == lines_[limit].end()) return;
  Line& line = found->second;
  if (line.wakes <= now_) line.wakes = Instant::max();
  std::deque<Line::Place>& waiting = line.waiting;
  policy::Charge last = charge;
  for (; !waiting.empty(); waiting.pop_front()) {
    const std::uint32_t slot = waiting.front().slot;
    Hold* const hold = find_waiting(limit, waiting.front());
    if (hold == nullptr) continue;
    hold->charge.now = now_;
    last = hold->charge;
    if (!limits_[limit].limiter->start_waiting(hold->charge)) break;
    hold->has_started = true;
    hold->started = now_;
    if (limits_[limit].limit->spec.enforce) end_wait(slot);
  }
  if (waiting.empty()) {
    lines_[limit].erase(found);
  } else {
    schedule_expiry(line, limit, last);
  }
}

// It is let through once no limiter lets it wait any more.
void EventRun::end_wait(std::uint32_t slot) {
  Passage& passage = pool_.passage(slot);
  if (--passage.lines > 0 || passage.release_pending) return;
  passage.release_pending = true;
  schedule(now_, Event::released, pool_.ticket(slot));
}

void EventRun::enter_backend(std::uint32_t slot) {
  Passage& passage = pool_.passage(slot);
  passage.entered = now_;
  const bool starts = !slots_ || slots_->has_free_slot();
  if (!starts && !slots_->has_room_in_line()) return refuse(slot);
  if (clients_.is_throttled(pool_.traffic_class(slot))) {
    clients_.accepted(pool_.load(slot, now_), 0);
  }
  if (starts) return serve(slot);
  passage.stage = Passage::Stage::queued;
  slots_->wait(pool_.ticket(slot));
  if (recorder_.counts(now_)) {
    std::uint64_t& peak = context_.into.backend.peak_waiting;
    peak = std::max(peak, slots_->waiting());
  }
  schedule_leaving(slot);
}

void EventRun::serve(std::uint32_t slot) {
  Passage& passage = pool_.passage(slot);
  // What was scheduled for the case that it waits is void now.
  pool_.outdate(slot);
  passage.stage = Passage::Stage::served;
  passage.started = now_;
  const Duration stays = slots_ ? begin_service(slot) : Duration();
  Instant end = now_ + stays;
  if (passage.leaves < end) {
    end = std::max(passage.leaves, now_);
    passage.left = true;
  }
  schedule(end, Event::served, pool_.ticket(slot));
}

// Says how long its client stays.
Duration EventRun::begin_service(std::uint32_t slot) {
  Passage& passage = pool_.passage(slot);
  slots_->start();
  if (recorder_.counts(now_)) {
    metrics::BackendTotals& totals = context_.into.backend;
    totals.wait.record((now_ - passage.entered).ns());
    if (slots_->is_limited()) {
      totals.peak_running = std::max(totals.peak_running, slots_->running());
    }
  }
  const RequestBlock& block = pool_.load(slot, passage.admitted);
  const Duration service = times_->of(block, 0).total;
  const Duration stays = clients_.stays_for(block, 0, service);
  passage.left = stays < service;
  return stays;
}

void EventRun::served(std::uint32_t slot) {
  const Operation operation = pool_[slot];
  const Passage& passage = pool_.passage(slot);
  const bool left = passage.left;
  const Instant admitted = passage.admitted;
  if (slots_) {
    metrics::BackendTotals& totals = context_.into.backend;
    add_time(totals.busy_ns, passage.started, now_);
    add_time(totals.present_ns, passage.entered, now_);
    if (recorder_.counts(admitted)) {
      ++(left ? totals.left : totals.served);
      if (context_.backend->first_token) record_first_token(slot);
    }
    slots_->end();
  }
  if (!left) {
    recorder_.answered(due_of_attempt(operation, admitted), admitted, now_,
                       passage.entered - admitted);
  }
  give_back(slot, false);
  over(pool_.load(slot, admitted), 0, operation, slot, now_,
       left ? End::abandoned : End::succeeded);
  if (!slots_) return;
  while (slots_->has_free_slot()) {
    const auto next = slots_->next_in_line(pool_);
    if (!next) return;
    serve(*next);
  }
}

// A client that left before has not seen it.
void EventRun::record_first_token(std::uint32_t slot) {
  const Passage& passage = pool_.passage(slot);
  const Duration first = times_->of(pool_.load(slot, passage.admitted), 0).first_token;
  if (passage.started + first > now_) return;
  const Instant due = due_of_attempt(pool_[slot], passage.admitted);
  context_.into.backend.first_token.record((passage.started + first - due).ns());
}

void EventRun::refuse(std::uint32_t slot) {
  const Instant admitted = pool_.passage(slot).admitted;
  pool_.outdate(slot);
  recorder_.refused(pool_.load(slot, admitted), 0);
  if (recorder_.counts(admitted)) ++context_.into.backend.refused;
  give_back(slot, true);
  Operation& operation = pool_[slot];
  operation.promised = Instant::min();
  react(pool_.load(slot, now_), 0, operation, slot, traffic::no_wait);
}

// Its client has left before it was served.
void EventRun::leave_waiting(std::uint32_t slot) {
  const Passage& passage = pool_.passage(slot);
  const Instant admitted = passage.admitted;
  if (passage.stage == Passage::Stage::queued) {
    slots_->leave_line();
    add_time(context_.into.backend.present_ns, passage.entered, now_);
  }
  if (slots_ && recorder_.counts(admitted)) ++context_.into.backend.left;
  pool_.outdate(slot);
  give_back(slot, false);
  over(pool_.load(slot, admitted), 0, pool_[slot], slot, now_, End::abandoned);
}

void EventRun::give_back(std::uint32_t slot, bool dropped) {
  Passage& passage = pool_.passage(slot);
  for (Hold& hold : passage.holds) {
    hold.charge.now = now_;
    if (hold.is_late) settle(hold, actual_cost(slot, hold));
    if (!hold.holds) continue;
    policy::KeyedLimiter& limiter = *limits_[hold.limit].limiter;
    if (hold.has_started) {
      limiter.complete(hold.charge, hold.started, dropped);
    } else {
      limiter.leave_line(hold.charge);
    }
    hold.holds = false;
    wake_line(hold.limit, hold.charge);
  }
  passage.holds.clear();
}

std::int64_t EventRun::actual_cost(std::uint32_t slot, const Hold& hold) {
  const Passage& passage = pool_.passage(slot);
  if (passage.stage != Passage::Stage::served) return 0;
  const policy::Limit& limit = *limits_[hold.limit].limit;
  const RequestBlock& block = pool_.load(slot, hold.started);
  const std::int64_t cost = limit.cost_of(block, 0);
  if (!passage.left || !times_ || !limit.cost) return cost;
  return times_->cost_after(cost, *limit.cost, times_->of(block, 0), now_ - passage.started);
}

void EventRun::settle(const Hold& hold, std::int64_t actual) {
  LaneLimit& l = limits_[hold.limit];
  const bool counts = recorder_.counts(now_);
  if (counts) {
    metrics::LimitTotals settled;
    settled.settled = actual;
    settled.reserved_unused = std::max<std::int64_t>(hold.charged - actual, 0);
    l.totals += settled;
  }
  if (!l.limit->spec.charge.refund) actual = std::max(actual, hold.charged);
  policy::Charge charge = hold.charge;
  charge.cost = actual;
  const std::int64_t debt = l.limiter->settle(charge, hold.started, hold.charged);
  if (counts) l.totals.overshoot = std::max(l.totals.overshoot, debt);
  if (l.shadow) l.shadow->settled(charge, hold.started, hold.charged, counts, l.totals);
}

// Only what lies in the counted part of the run.
void EventRun::add_time(Uint128& sum, Instant from, Instant to) const {
  from = std::max(from, context_.clock.counted_from);
  to = std::min(to, context_.plan.end());
  if (from < to) sum += static_cast<std::uint64_t>((to - from).ns());
}

}  // namespace weir::sim
