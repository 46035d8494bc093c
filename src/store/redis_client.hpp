#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/redis_shared.hpp"
#include "store/store.hpp"

namespace weir::store {

/// A thread's way to Redis, whatever the design: its connections, what happens without an answer,
/// and looking at keys.
class RedisClient : public StoreClient {
 public:
  RedisClient(std::shared_ptr<RedisShared> shared, boost::asio::io_context& loop);
  ~RedisClient() override;

  bool decide_at_once(const Ask&, Said&) override { return false; }
  void end(std::vector<Owed> owed, Ended ended) override;
  void inspect(KeyFilter filter, std::size_t most, Instant now,
               std::function<void(std::vector<KeyCount>)> found) override;
  void reset(KeyFilter filter, std::function<void(std::size_t)> done) override;

 protected:
  /// Ends what Redis decided.
  virtual void end_in_redis(std::vector<Owed>, const Ended&) {}
  /// What is left of keys of one node.
  virtual void quotas(std::size_t node, std::vector<std::pair<std::string, RedisKey>> keys,
                      Instant now, std::function<void(std::vector<KeyCount>)> found) = 0;

  /// The same, where a key holds a number that says it all.
  void quotas_of_numbers(
      std::size_t node, std::vector<std::pair<std::string, RedisKey>> keys,
      std::function<policy::Quota(policy::VariantIndex variant, std::int64_t number)> quota,
      std::function<void(std::vector<KeyCount>)> found);

  std::size_t node_of(std::string_view partition) const { return shared_->ring.node_of(partition); }
  RedisConnection& connection(std::size_t node) { return *connections_[node]; }
  std::size_t nodes() const { return connections_.size(); }
  RedisShared& shared() { return *shared_; }
  const RedisPlan& plan() const { return shared_->plan; }
  boost::asio::io_context& loop() { return loop_; }
  /// Decides without Redis, as the options say.
  void decide_without(const Ask& ask, const StoreClient::Decided& decided, RedisFailure failure);

 private:
  struct Search;

  void search(const std::shared_ptr<Search>& search, std::size_t node);
  void scan(const std::shared_ptr<Search>& search, std::size_t node, const std::string& cursor);

  std::shared_ptr<RedisShared> shared_;
  boost::asio::io_context& loop_;
  std::vector<std::shared_ptr<RedisConnection>> connections_;
  std::unique_ptr<StoreClient> local_;
};

/// The design in which a script decides.
class RedisScriptClient final : public RedisClient {
 public:
  RedisScriptClient(std::shared_ptr<RedisShared> shared, boost::asio::io_context& loop);

  void decide(Ask ask, Decided decided) override;

 protected:
  void end_in_redis(std::vector<Owed> owed, const Ended& ended) override;
  void quotas(std::size_t node, std::vector<std::pair<std::string, RedisKey>> keys, Instant now,
              std::function<void(std::vector<KeyCount>)> found) override;

 private:
  std::string question(const Ask& ask, std::string_view token) const;
  std::string time_of(Instant now) const;
  void release_late(const Ask& ask, const redisReply& reply, const std::string& token);
  bool understand(const Ask& ask, const redisReply& reply, const std::string& token,
                  Said& said) const;

  bool by_asked_time_ = false;
  std::int64_t id_ttl_ms_ = 0;
  std::string name_;
  std::uint64_t requests_ = 0;
};

}  // namespace weir::store
