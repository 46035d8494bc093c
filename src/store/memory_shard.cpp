#include "store/memory_shard.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <set>

#include "store/key_filter.hpp"

namespace weir::store {
namespace {

/// Those of one limit, each once: rows of equal parameters share one.
std::set<std::uint32_t> tables_of(const TablePlan& plan, std::size_t limit) {
  return {plan.tables[limit].begin(), plan.tables[limit].end()};
}

/// How many keys are looked at for each that is new.
constexpr std::size_t looks_per_key = 2;

std::string id_of(const Ask& ask) { return ask.partition + '\n' + ask.request_id; }

}  // namespace

void MemoryShard::add_table(std::unique_ptr<policy::KeyedLimiter> limiter) {
  const std::lock_guard lock(mutex_);
  tables_.emplace_back(std::move(limiter));
}

MemoryShard::Outcome MemoryShard::decide(const TablePlan& plan, const Ask& ask, Said& said,
                                         const std::shared_ptr<Waiter>& waiter) {
  const std::lock_guard lock(mutex_);
  const Instant now = forward(ask.now);
  if (!ask.request_id.empty()) {
    if (const Said* before = admitted_.find(id_of(ask), now)) {
      said = *before;
      return Outcome::decided;
    }
  }
  if (!find_keys(plan, ask, now)) {
    said.allowed = limits_.full_allows;
    said.by = said.allowed ? DecidedBy::full_allowed : DecidedBy::full_denied;
    return Outcome::decided;
  }
  const policy::Verdict verdict = policy::check_jointly(asked_);
  const bool must_wait =
      verdict.allowed && std::any_of(asked_.begin(), asked_.end(), [](const policy::JointAsk& a) {
        return a.holds && a.verdict.allowed && !a.limiter->starts_at_once(a.charge);
      });
  if (must_wait && !waiter) return Outcome::waits;
  policy::charge_jointly(asked_, verdict.allowed);
  said.allowed = verdict.allowed;
  said.delay = verdict.delay;
  explain(said);
  if (verdict.allowed) note_debts(ask, said, now);
  if (verdict.allowed && !ask.request_id.empty()) {
    admitted_.add(id_of(ask), said, now, limits_.request_id_ttl);
  }
  if (!must_wait) return Outcome::decided;
  waiter->said = std::move(said);
  stand_in_lines(plan, waiter);
  return Outcome::waits;
}

// False if a key is new and there is no room for it.
bool MemoryShard::find_keys(const TablePlan& plan, const Ask& ask, Instant now) {
  asked_.clear();
  for (const LimitAsk& a : ask.limits) {
    KeyTable& table = tables_[plan.tables[a.limit][a.variant]];
    policy::KeyIndex key = table.find(a.key);
    if (key == KeyTable::none) {
      limits_.keys.fetch_sub(table.sweep(looks_per_key, now), std::memory_order_relaxed);
      if (limits_.keys.fetch_add(1, std::memory_order_relaxed) >= limits_.max_keys) {
        limits_.keys.fetch_sub(1, std::memory_order_relaxed);
        return false;
      }
      key = table.add(a.key);
    }
    asked_.push_back({.limiter = &table.limiter(),
                      .spec = &plan.definition.limits[a.limit].spec,
                      .charge = {.key = key, .variant = 0, .now = now, .cost = a.cost},
                      .holds = table.limiter().holds_until_end()});
  }
  return true;
}

void MemoryShard::explain(Said& said) {
  said.limits.clear();
  for (const policy::JointAsk& a : asked_) {
    LimitSaid& s = said.limits.emplace_back();
    s.verdict = a.verdict;
    s.quota = a.limiter->quota(a.charge);
    s.advertised = a.limiter->advertised_quota(a.charge);
    if (said.allowed) continue;
    const auto at = a.limiter->earliest(a.charge);
    s.retry_after = at ? std::optional(*at - a.charge.now) : std::nullopt;
    if (!a.verdict.allowed) s.advertised_retry_after = a.limiter->advertised_retry_after(a.charge);
  }
}

void MemoryShard::note_debts(const Ask& ask, Said& said, Instant now) const {
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    const policy::JointAsk& a = asked_[i];
    const bool is_late = a.spec->charge.when != policy::ChargeSpec::When::admit;
    if (!a.verdict.allowed || (!a.holds && !is_late)) continue;
    said.owed.push_back({.ask = ask.limits[i],
                         .charged_at = now,
                         .charged = a.charged ? a.charge.cost : 0,
                         .holds = a.holds && a.charged,
                         .has_started = a.starts_at_once,
                         .started = now,
                         .is_late = is_late});
  }
}

void MemoryShard::stand_in_lines(const TablePlan& plan, const std::shared_ptr<Waiter>& waiter) {
  limits_.waiting.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < waiter->said.owed.size(); ++i) {
    const Owed& owed = waiter->said.owed[i];
    if (!owed.holds || owed.has_started) continue;
    const std::uint32_t table = plan.tables[owed.ask.limit][owed.ask.variant];
    const policy::KeyIndex key = tables_[table].find(owed.ask.key);
    ++waiter->lines;
    lines_[{table, key}].push_back(
        {waiter, i, {.key = key, .variant = 0, .now = owed.charged_at, .cost = owed.charged}});
  }
}

void MemoryShard::end(const TablePlan& plan, const std::vector<Owed>& owed, const Ended& ended) {
  const std::lock_guard lock(mutex_);
  const Instant now = forward(ended.now);
  for (std::size_t i = 0; i < owed.size(); ++i) {
    const Owed& o = owed[i];
    const std::uint32_t index = plan.tables[o.ask.limit][o.ask.variant];
    KeyTable& table = tables_[index];
    if (o.is_late && i < ended.costs.size() && ended.costs[i]) {
      settle(plan.definition.limits[o.ask.limit], table, o, now, *ended.costs[i]);
    }
    const policy::KeyIndex key = table.find(o.ask.key);
    // Somebody may have reset it meanwhile.
    if (!o.holds || key == KeyTable::none) continue;
    table.limiter().complete({.key = key, .variant = 0, .now = now, .cost = o.charged}, o.started,
                             ended.dropped);
    wake_line(index, key, now);
  }
}

void MemoryShard::settle(const LimitDefinition& limit, KeyTable& table, const Owed& owed,
                         Instant now, policy::Cost actual) {
  if (!limit.spec.charge.refund) actual = std::max(actual, owed.charged);
  policy::KeyIndex key = table.find(owed.ask.key);
  if (key == KeyTable::none) {
    // It was as new when it was forgotten, and it is not any more; a cost that is known is never
    // dropped for want of room.
    if (actual == 0) return;
    limits_.keys.fetch_add(1, std::memory_order_relaxed);
    key = table.add(owed.ask.key);
  }
  table.limiter().settle({.key = key, .variant = 0, .now = now, .cost = actual}, owed.charged_at,
                         owed.charged);
}

void MemoryShard::wake_line(std::uint32_t table, policy::KeyIndex key, Instant now) {
  const auto found = lines_.find({table, key});
  if (found == lines_.end()) return;
  std::deque<InLine>& line = found->second;
  while (!line.empty()) {
    InLine& head = line.front();
    head.charge.now = now;
    if (!tables_[table].limiter().start_waiting(head.charge)) break;
    Owed& owed = head.waiter->said.owed[head.owed];
    owed.has_started = true;
    owed.started = now;
    if (--head.waiter->lines == 0) {
      limits_.waiting.fetch_sub(1, std::memory_order_relaxed);
      boost::asio::post(*head.waiter->loop, [w = head.waiter] { w->decided(std::move(w->said)); });
    }
    line.pop_front();
  }
  if (line.empty()) lines_.erase(found);
}

void MemoryShard::expire(Instant now) {
  const std::lock_guard lock(mutex_);
  now = forward(now);
  std::vector<LineName> names;
  for (const auto& [name, line] : lines_) names.push_back(name);
  for (const auto& [table, key] : names) wake_line(table, key, now);
}

void MemoryShard::sweep(std::size_t looks, Instant now) {
  const std::lock_guard lock(mutex_);
  now = forward(now);
  for (KeyTable& table : tables_) {
    limits_.keys.fetch_sub(table.sweep(looks, now), std::memory_order_relaxed);
  }
}

void MemoryShard::inspect(const TablePlan& plan, const KeyFilter& filter, std::size_t most,
                          Instant now, std::vector<KeyCount>& found) {
  const std::lock_guard lock(mutex_);
  now = forward(now);
  for (std::size_t l = 0; l < plan.tables.size(); ++l) {
    const LimitDefinition& limit = plan.definition.limits[l];
    for (const std::uint32_t t : tables_of(plan, l)) {
      tables_[t].for_each([&](const std::string& key, policy::KeyIndex index) {
        if (found.size() >= most || !is_meant(filter, limit, key)) return;
        found.push_back(
            {limit.spec.name, key, tables_[t].limiter().quota({.key = index, .now = now})});
      });
    }
  }
}

std::size_t MemoryShard::reset(const TablePlan& plan, const KeyFilter& filter) {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (std::size_t l = 0; l < plan.tables.size(); ++l) {
    const LimitDefinition& limit = plan.definition.limits[l];
    for (const std::uint32_t t : tables_of(plan, l)) {
      // What requests hold or wait for is theirs until they end.
      if (tables_[t].limiter().holds_until_end()) continue;
      std::vector<policy::KeyIndex> meant;
      tables_[t].for_each([&](const std::string& key, policy::KeyIndex index) {
        if (is_meant(filter, limit, key)) meant.push_back(index);
      });
      for (const policy::KeyIndex index : meant) tables_[t].forget(index);
      count += meant.size();
    }
  }
  limits_.keys.fetch_sub(count, std::memory_order_relaxed);
  return count;
}

}  // namespace weir::store
