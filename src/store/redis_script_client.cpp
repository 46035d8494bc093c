#include <fmt/format.h>

#include <algorithm>

#include "store/redis_client.hpp"
#include "store/redis_command.hpp"
#include "store/redis_rows.hpp"

namespace weir::store {
namespace {

using policy::ChargeSpec;

/// How long keys outlive their states, so that Redis does not expire them a moment too early.
constexpr std::int64_t slack_ms = 1000;
constexpr std::int64_t slack_ms_by_asked_time = 3'600'000;

bool is_late(const policy::LimitSpec& spec) { return spec.charge.when != ChargeSpec::When::admit; }

/// With "answer" the cost comes later.
bool charges_now(const policy::LimitSpec& spec) {
  return spec.charge.when != ChargeSpec::When::answer;
}

std::vector<std::int64_t> integers_of(const redisReply& reply) {
  std::vector<std::int64_t> numbers(reply.elements);
  for (std::size_t i = 0; i < reply.elements; ++i) numbers[i] = reply.element[i]->integer;
  return numbers;
}

}  // namespace

RedisScriptClient::RedisScriptClient(std::shared_ptr<RedisShared> given,
                                     boost::asio::io_context& loop)
    : RedisClient(std::move(given), loop),
      by_asked_time_(shared().options.by_asked_time),
      id_ttl_ms_(std::max<std::int64_t>(shared().options.request_id_ttl.ns() / 1'000'000, 1)),
      name_(fmt::format("{:x}.{:x}", shared().identity, shared().clients.fetch_add(1))) {}

std::string RedisScriptClient::time_of(Instant now) const {
  if (!by_asked_time_) return {};
  return fmt::format("{}", floor_div(now.unix_ns(), std::int64_t{1000}));
}

std::string RedisScriptClient::question(const Ask& ask, std::string_view token) const {
  RedisCommand command("EVALSHA", std::string_view(decision_script().sha));
  command.add(static_cast<std::int64_t>(ask.limits.size() + (ask.request_id.empty() ? 0 : 1)));
  for (const LimitAsk& limit : ask.limits) command.add(plan().key_of(ask.partition, limit));
  if (!ask.request_id.empty()) command.add(plan().id_key_of(ask));
  command.add("decide");
  command.add(time_of(ask.now));
  command.add(by_asked_time_ ? slack_ms_by_asked_time : slack_ms);
  command.add(ask.request_id.empty() ? 0 : id_ttl_ms_);
  for (const LimitAsk& limit : ask.limits) {
    const policy::LimitSpec& spec = plan().spec(limit.limit);
    const RedisRow& row = plan().row(limit);
    command.add(row.letter());
    command.add(spec.enforce ? 1 : 0);
    command.add(limit.cost);
    command.add(charges_now(spec) ? 1 : 0);
    row.write(command, limit.cost, true, token);
  }
  return command.text();
}

void RedisScriptClient::decide(Ask ask, Decided decided) {
  const std::string token = fmt::format("{}.{:x}", name_, requests_++);
  std::string command = question(ask, token);
  RedisConnection& node = connection(node_of(ask.partition));
  node.send(std::move(command), [this, token, ask = std::move(ask), decided = std::move(decided)](
                                    const RedisConnection::Answer& answer) {
    if (answer.is_late) {
      if (answer.failure == RedisFailure::none) release_late(ask, *answer.reply, token);
      return;
    }
    if (answer.failure != RedisFailure::none) return decide_without(ask, decided, answer.failure);
    Said said;
    if (!understand(ask, *answer.reply, token, said)) {
      return decide_without(ask, decided, RedisFailure::error);
    }
    decided(std::move(said));
  });
}

bool RedisScriptClient::understand(const Ask& ask, const redisReply& reply,
                                   const std::string& token, Said& said) const {
  const std::vector<std::int64_t> numbers = integers_of(reply);
  std::size_t expected = 2;
  for (const LimitAsk& limit : ask.limits) expected += 1 + plan().row(limit).state_size();
  const bool repeats = !numbers.empty() && numbers[0] != 0;
  said.by = repeats ? DecidedBy::repetition : DecidedBy::store;
  // Only what was admitted is repeated; of other limits than now, if the id stood for another
  // request.
  if (numbers.size() != expected) return repeats;
  const Instant now = instant_of_us(numbers[1]);
  std::vector<RedisAnswer> answers;
  std::size_t at = 2;
  for (const LimitAsk& limit : ask.limits) {
    const std::size_t size = plan().row(limit).state_size();
    const bool admits = numbers[at] != 0;
    if (!admits && plan().spec(limit.limit).enforce) said.allowed = false;
    answers.push_back({.admits = admits,
                       .state = std::span(numbers).subspan(at + 1, size),
                       .now = now,
                       .cost = limit.cost});
    at += 1 + size;
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const LimitAsk& limit = ask.limits[i];
    const policy::LimitSpec& spec = plan().spec(limit.limit);
    const RedisRow& row = plan().row(limit);
    answers[i].denied = !said.allowed;
    answers[i].charged = said.allowed && answers[i].admits && charges_now(spec) && limit.cost > 0;
    said.limits.push_back(row.said(answers[i]));
    if (!said.allowed || !answers[i].admits) continue;
    if (spec.enforce) said.delay = std::max(said.delay, said.limits.back().verdict.delay);
    // What is repeated owes nothing: the first one does.
    if (repeats || (!row.holds() && !is_late(spec))) continue;
    said.owed.push_back({.ask = limit,
                         .charged_at = now,
                         .charged = charges_now(spec) ? limit.cost : 0,
                         .holds = row.holds() && charges_now(spec),
                         .started = now,
                         .is_late = is_late(spec),
                         .held_as = token});
  }
  return true;
}

/// The answer came after the request had been decided without it: nobody would end what it holds.
void RedisScriptClient::release_late(const Ask& ask, const redisReply& reply,
                                     const std::string& token) {
  Said said;
  if (!understand(ask, reply, token, said)) return;
  std::erase_if(said.owed, [](const Owed& owed) { return !owed.holds; });
  for (Owed& owed : said.owed) owed.is_late = false;
  if (!said.owed.empty()) {
    end_in_redis(std::move(said.owed),
                 {.now = ask.now, .partition = ask.partition, .dropped = false, .costs = {}});
  }
}

void RedisScriptClient::end_in_redis(std::vector<Owed> owed, const Ended& ended) {
  RedisCommand command("EVALSHA", std::string_view(decision_script().sha));
  command.add(static_cast<std::int64_t>(owed.size()));
  for (const Owed& each : owed) command.add(plan().key_of(ended.partition, each.ask));
  command.add("end");
  command.add(time_of(ended.now));
  command.add(by_asked_time_ ? slack_ms_by_asked_time : slack_ms);
  command.add("0");
  for (std::size_t i = 0; i < owed.size(); ++i) {
    const Owed& each = owed[i];
    const policy::LimitSpec& spec = plan().spec(each.ask.limit);
    policy::Cost change = 0;
    if (each.is_late && i < ended.costs.size() && ended.costs[i]) {
      change = *ended.costs[i] - each.charged;
      if (!spec.charge.refund) change = std::max<policy::Cost>(change, 0);
    }
    const RedisRow& row = plan().row(each.ask);
    command.add(row.letter());
    command.add(change);
    command.add(floor_div(each.charged_at.unix_ns(), std::int64_t{1000}));
    command.add(each.holds ? each.charged : 0);
    row.write(command, change < 0 ? -change : change, false, each.held_as);
  }
  // A settlement that fails is lost; what it would have released runs out.
  connection(node_of(ended.partition))
      .send(
          command.text(),
          [this](const RedisConnection::Answer& answer) {
            if (answer.is_late || answer.failure == RedisFailure::none) return;
            shared().count(answer.failure);
          },
          RedisConnection::Urgency::can_wait);
}

void RedisScriptClient::quotas(std::size_t node, std::vector<std::pair<std::string, RedisKey>> keys,
                               Instant now, std::function<void(std::vector<KeyCount>)> found) {
  struct Collected {
    std::vector<KeyCount> counts;
    std::size_t missing = 0;
    std::function<void(std::vector<KeyCount>)> found;
  };
  const auto collected = std::make_shared<Collected>();
  collected->missing = keys.size();
  collected->found = std::move(found);
  for (auto& [name, key] : keys) {
    Ask ask;
    ask.now = now;
    ask.partition = key.partition;
    // What costs nothing changes nothing.
    ask.limits.push_back({.limit = key.limit, .variant = key.variant, .key = key.key, .cost = 0});
    std::string command = question(ask, "");
    connection(node).send(std::move(command), [this, ask,
                                               collected](const RedisConnection::Answer& answer) {
      if (answer.is_late) return;
      Said said;
      if (answer.failure == RedisFailure::none && understand(ask, *answer.reply, "", said)) {
        const LimitAsk& one = ask.limits[0];
        collected->counts.push_back({plan().spec(one.limit).name, one.key, said.limits[0].quota});
      }
      if (--collected->missing == 0) collected->found(std::move(collected->counts));
    });
  }
}

}  // namespace weir::store
