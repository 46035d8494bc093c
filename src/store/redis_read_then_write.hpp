#pragma once

#include "store/redis_client.hpp"

namespace weir::store {

/// RedisDesign::read_then_write: a fixed window whose counter is read in one round trip, compared
/// here, and incremented in another. Nothing keeps requests that are decided at the same time from
/// reading the same count, so that more is admitted than the limit allows.
class RedisReadThenWriteClient final : public RedisClient {
 public:
  using RedisClient::RedisClient;

  void decide(Ask ask, Decided decided) override;

 protected:
  void quotas(std::size_t node, std::vector<std::pair<std::string, RedisKey>> keys, Instant now,
              std::function<void(std::vector<KeyCount>)> found) override;

 private:
  struct Reading;

  void compare(const std::shared_ptr<Reading>& reading);
  void increment(const std::shared_ptr<Reading>& reading);
  LimitSaid said(const Reading& reading, bool admits) const;
  const limiter::Parameters& row(policy::VariantIndex variant) const {
    return plan().definition().limits[0].variants[variant];
  }
};

}  // namespace weir::store
