#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "store/redis_client.hpp"

namespace weir::store {

const std::vector<const RedisScript*>& master_refill_scripts();

/// RedisDesign::master_refill: a token bucket whose tokens are a number in Redis. At each period of
/// the rate every client asks to be the master; the one that is adds the rate's units to all
/// buckets that are not full.
class RedisMasterRefillClient final : public RedisClient {
 public:
  RedisMasterRefillClient(std::shared_ptr<RedisShared> given, boost::asio::io_context& loop);
  ~RedisMasterRefillClient() override;

  void decide(Ask ask, Decided decided) override;

 protected:
  void quotas(std::size_t node, std::vector<std::pair<std::string, RedisKey>> keys, Instant now,
              std::function<void(std::vector<KeyCount>)> found) override;

 private:
  /// The bucket of one row of the limit's tables.
  struct Bucket {
    std::int64_t capacity = 0;
    std::int64_t initial = 0;
    Rate rate;
  };

  Bucket bucket_of(policy::VariantIndex variant) const;
  LimitSaid said(const Bucket& bucket, policy::Cost cost, bool admits, std::int64_t tokens) const;
  void wait_for_period(policy::VariantIndex variant);
  void refill(policy::VariantIndex variant);

  std::string name_;
  /// One for each row of the limit's tables.
  std::vector<std::shared_ptr<boost::asio::steady_timer>> periods_;
};

}  // namespace weir::store
