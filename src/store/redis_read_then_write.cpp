#include "store/redis_read_then_write.hpp"

#include <algorithm>

#include "limiter/anchor.hpp"
#include "store/redis_command.hpp"
#include "store/redis_rows.hpp"

namespace weir::store {

/// A request, and what was read for it.
struct RedisReadThenWriteClient::Reading {
  Ask ask;
  Decided decided;
  std::int64_t count = 0;
  /// Until the counter is gone; none where there is none yet.
  std::optional<Duration> left;
};

void RedisReadThenWriteClient::decide(Ask ask, Decided decided) {
  // A limit that does not apply is not asked.
  if (ask.limits.empty()) return decided(Said());
  const auto reading = std::make_shared<Reading>();
  const std::string key = plan().key_of(ask.partition, ask.limits[0]);
  RedisConnection& node = connection(node_of(ask.partition));
  reading->ask = std::move(ask);
  reading->decided = std::move(decided);
  // Without an answer to the first, none to the second comes either.
  node.send(RedisCommand("GET", std::string_view(key)).text(),
            [reading](const RedisConnection::Answer& answer) {
              if (answer.failure != RedisFailure::none) return;
              if (answer.reply->type == REDIS_REPLY_STRING) {
                reading->count = std::atoll(answer.reply->str);
              }
            });
  node.send(RedisCommand("PTTL", std::string_view(key)).text(),
            [this, reading](const RedisConnection::Answer& answer) {
              if (answer.is_late) return;
              if (answer.failure != RedisFailure::none) {
                return decide_without(reading->ask, reading->decided, answer.failure);
              }
              if (answer.reply->integer >= 0) {
                reading->left = Duration::from_ms(answer.reply->integer);
              }
              compare(reading);
            });
}

void RedisReadThenWriteClient::compare(const std::shared_ptr<Reading>& reading) {
  const LimitAsk& limit = reading->ask.limits[0];
  if (!reading->left) reading->count = 0;
  const std::int64_t most = row(limit.variant).count("limit");
  if (limit.cost == 0 || limit.cost <= most - reading->count) return increment(reading);
  Said denied;
  denied.allowed = !plan().spec(0).enforce;
  denied.limits.push_back(said(*reading, false));
  reading->decided(std::move(denied));
}

void RedisReadThenWriteClient::increment(const std::shared_ptr<Reading>& reading) {
  const LimitAsk& limit = reading->ask.limits[0];
  const limiter::Parameters& window = row(limit.variant);
  const std::string key = plan().key_of(reading->ask.partition, limit);
  RedisConnection& node = connection(node_of(reading->ask.partition));
  node.send(RedisCommand("INCRBY", std::string_view(key), limit.cost).text(),
            [this, reading](const RedisConnection::Answer& answer) {
              if (answer.is_late) return;
              if (answer.failure != RedisFailure::none) {
                return decide_without(reading->ask, reading->decided, answer.failure);
              }
              reading->count = answer.reply->integer;
              Said admitted;
              admitted.limits.push_back(said(*reading, true));
              reading->decided(std::move(admitted));
            });
  if (reading->left) return;
  const Instant now = reading->ask.now;
  const Duration length =
      limiter::window_end(limiter::anchor_of(window), now, window.duration("window")) - now;
  const std::int64_t ms = std::max<std::int64_t>(length.ns() / 1'000'000, 1);
  reading->left = Duration::from_ms(ms);
  node.send(RedisCommand("PEXPIRE", std::string_view(key), ms).text(),
            [](const RedisConnection::Answer&) {});
}

LimitSaid RedisReadThenWriteClient::said(const Reading& reading, bool admits) const {
  const LimitAsk& limit = reading.ask.limits[0];
  const std::int64_t most = row(limit.variant).count("limit");
  const Duration left = reading.left.value_or(Duration());
  const RedisAnswer answer = {.admits = admits,
                              .state = {},
                              .now = Instant(),
                              .cost = limit.cost,
                              .charged = admits,
                              .denied = !admits};
  const limiter::Quota quota = {.limit = most,
                                .remaining = std::max<std::int64_t>(most - reading.count, 0),
                                .reset_after = left};
  return said_of(answer, quota, limit.cost > most ? std::nullopt : std::optional(Instant() + left));
}

void RedisReadThenWriteClient::quotas(std::size_t node,
                                      std::vector<std::pair<std::string, RedisKey>> keys, Instant,
                                      std::function<void(std::vector<KeyCount>)> found) {
  quotas_of_numbers(
      node, std::move(keys),
      [this](policy::VariantIndex variant, std::int64_t count) {
        Reading reading;
        reading.count = count;
        reading.ask.limits.push_back({.limit = 0, .variant = variant, .key = {}, .cost = 0});
        return said(reading, true).quota;
      },
      std::move(found));
}

}  // namespace weir::store
