#include "store/redis_client.hpp"

#include <algorithm>

#include "store/key_filter.hpp"
#include "store/redis_command.hpp"

namespace weir::store {

/// A walk over the keys of all nodes, one after the other.
struct RedisClient::Search {
  KeyFilter filter;
  std::size_t most = 0;
  Instant now;
  bool deletes = false;
  std::vector<KeyCount> found;
  std::size_t deleted = 0;
  std::function<void(Search& search)> done;
};

RedisClient::RedisClient(std::shared_ptr<RedisShared> shared, boost::asio::io_context& loop)
    : shared_(std::move(shared)), loop_(loop) {
  for (const RedisNode& node : shared_->options.nodes) {
    connections_.push_back(
        std::make_shared<RedisConnection>(loop, node, shared_->options, shared_->scripts));
    connections_.back()->start();
  }
  if (shared_->local) local_ = shared_->local->make_client(loop);
}

RedisClient::~RedisClient() {
  for (const auto& each : connections_) each->close();
}

void RedisClient::decide_without(const Ask& ask, const StoreClient::Decided& decided,
                                 RedisFailure failure) {
  shared_->count(failure);
  if (local_) {
    shared_->decided_locally.fetch_add(1, std::memory_order_relaxed);
    return local_->decide(ask, [decided](Said&& said) {
      said.by = DecidedBy::failure_local;
      for (Owed& owed : said.owed) owed.is_local = true;
      decided(std::move(said));
    });
  }
  Said said;
  said.allowed = shared_->options.on_failure == OnStoreFailure::allow;
  said.by = said.allowed ? DecidedBy::failure_allowed : DecidedBy::failure_denied;
  decided(std::move(said));
}

void RedisClient::end(std::vector<Owed> owed, Ended ended) {
  if (owed.empty()) return;
  // All of one request were decided by the same.
  if (!owed.front().is_local) return end_in_redis(std::move(owed), ended);
  if (local_) local_->end(std::move(owed), std::move(ended));
}

void RedisClient::inspect(KeyFilter filter, std::size_t most, Instant now,
                          std::function<void(std::vector<KeyCount>)> found) {
  const auto all = std::make_shared<Search>();
  all->filter = std::move(filter);
  all->most = most;
  all->now = now;
  all->done = [found = std::move(found)](Search& s) { found(std::move(s.found)); };
  search(all, 0);
}

void RedisClient::reset(KeyFilter filter, std::function<void(std::size_t)> done) {
  const auto all = std::make_shared<Search>();
  all->filter = std::move(filter);
  all->deletes = true;
  all->done = [done = std::move(done)](Search& s) { done(s.deleted); };
  search(all, 0);
}

void RedisClient::search(const std::shared_ptr<Search>& search, std::size_t node) {
  const bool is_full = !search->deletes && search->found.size() >= search->most;
  if (node == connections_.size() || is_full) return search->done(*search);
  scan(search, node, "0");
}

void RedisClient::scan(const std::shared_ptr<Search>& search, std::size_t node,
                       const std::string& cursor) {
  const std::string pattern = plan().pattern_of(search->filter);
  const auto next = [this, search, node](const std::string& at) {
    const bool is_full = !search->deletes && search->found.size() >= search->most;
    at == "0" || is_full ? this->search(search, node + 1) : scan(search, node, at);
  };
  connections_[node]->send(
      RedisCommand("SCAN", std::string_view(cursor), "MATCH", std::string_view(pattern), "COUNT",
                   "1000")
          .text(),
      [this, search, node, next](const RedisConnection::Answer& answer) {
        if (answer.is_late) return;
        // A node that is lost has no keys that could be told of.
        if (answer.failure != RedisFailure::none || answer.reply->elements != 2) return next("0");
        const std::string at(answer.reply->element[0]->str);
        std::vector<std::pair<std::string, RedisKey>> keys;
        const redisReply& names = *answer.reply->element[1];
        for (std::size_t i = 0; i < names.elements; ++i) {
          std::string name(names.element[i]->str, static_cast<std::size_t>(names.element[i]->len));
          auto key = plan().parse(name);
          // What requests hold is theirs until they end.
          if (key && search->deletes && plan().row(key->limit, key->variant).holds()) continue;
          if (key && is_meant(search->filter, plan().definition().limits[key->limit], key->key)) {
            keys.emplace_back(std::move(name), std::move(*key));
          }
        }
        if (!search->deletes)
          keys.resize(std::min(keys.size(), search->most - search->found.size()));
        if (keys.empty()) return next(at);
        if (!search->deletes) {
          return quotas(node, std::move(keys), search->now,
                        [search, next, at](std::vector<KeyCount> found) {
                          std::move(found.begin(), found.end(), std::back_inserter(search->found));
                          next(at);
                        });
        }
        RedisCommand command("DEL");
        for (const auto& [name, key] : keys) command.add(std::string_view(name));
        connections_[node]->send(
            command.text(), [search, next, at](const RedisConnection::Answer& deleted) {
              if (deleted.is_late) return;
              if (deleted.failure == RedisFailure::none) {
                search->deleted += static_cast<std::size_t>(deleted.reply->integer);
              }
              next(at);
            });
      });
}

void RedisClient::quotas_of_numbers(
    std::size_t node, std::vector<std::pair<std::string, RedisKey>> keys,
    std::function<policy::Quota(policy::VariantIndex, std::int64_t)> quota,
    std::function<void(std::vector<KeyCount>)> found) {
  RedisCommand command("MGET");
  for (const auto& [name, key] : keys) command.add(std::string_view(name));
  connection(node).send(
      command.text(), [this, keys = std::move(keys), quota = std::move(quota),
                       found = std::move(found)](const RedisConnection::Answer& answer) {
        if (answer.is_late) return;
        std::vector<KeyCount> counts;
        const bool failed = answer.failure != RedisFailure::none;
        for (std::size_t i = 0; !failed && i < std::min(keys.size(), answer.reply->elements); ++i) {
          const redisReply& number = *answer.reply->element[i];
          if (number.type != REDIS_REPLY_STRING) continue;
          const RedisKey& key = keys[i].second;
          counts.push_back(
              {plan().spec(key.limit).name, key.key, quota(key.variant, std::atoll(number.str))});
        }
        found(std::move(counts));
      });
}

}  // namespace weir::store
