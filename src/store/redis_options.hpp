#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/rate.hpp"
#include "core/result.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "limiter/limiter.hpp"
#include "store/definition.hpp"
#include "store/store.hpp"

namespace weir::store {

/// A Redis server.
struct RedisNode {
  std::string host;
  std::uint16_t port = 6379;
  /// Of a Unix socket, instead of host and port.
  std::string path;
  std::string user;
  std::string password;
  std::uint32_t database = 0;

  /// Where it is, as it may be shown, and what its place on the ring goes by.
  std::string name() const;
};

/// redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] or unix:///PATH. User and password may have
/// bytes as %XX.
Parsed<RedisNode> parse_redis_url(std::string_view url);

/// How the gateways and Redis share a decision.
enum class RedisDesign {
  /// A script decides, so that nothing comes in between.
  script,
  /// Requests only take tokens; one gateway, elected by a lease, adds the rate's units at each of
  /// its periods. While it is lost nobody adds any.
  master_refill,
  /// Reads the counter, compares it here and then increments it: more is admitted than allowed as
  /// soon as two requests read before one of them writes. What many home-made limiters do.
  read_then_write,
};

/// What becomes of requests that Redis did not decide.
enum class OnStoreFailure { allow, deny, local };

/// A part of every limit: units of the whole.
struct LocalShare {
  std::int64_t part = 1;
  std::int64_t of = 1;
};

struct RedisOptions {
  std::vector<RedisNode> nodes;
  /// A decision that takes longer has failed. Redis may still have made it, so that what it charged
  /// stays charged; what it holds is released when its answer comes.
  Duration timeout = Duration::from_ms(100);
  /// Between attempts to connect: at first, and at most.
  Duration backoff = Duration::from_ms(50);
  Duration longest_backoff = Duration::from_seconds(2);
  /// What each thread may have outstanding with each node.
  std::size_t most_outstanding = 8192;
  limiter::Environment environment;
  std::string prefix = "weir";
  /// For so long a request id is known.
  Duration request_id_ttl = Duration::from_seconds(600);
  /// For so long a slot is held at most where its limit has no slot_ttl, so that those of a gateway
  /// that crashed come free; a request that takes longer gives its slot up early.
  Duration longest_hold = Duration::from_seconds(3600);
  OnStoreFailure on_failure = OnStoreFailure::allow;
  LocalShare local_share;
  /// Makes the store that stands in, of a share of the definition; a memory store if empty.
  std::function<tl::expected<std::unique_ptr<Store>, Problem>(Definition)> make_local;
  RedisDesign design = RedisDesign::script;
  /// Told by any thread when its connection to a node is lost, and why, and when it is well again.
  std::function<void(const std::string& node, bool is_up, const std::string& why)> on_change = {};
  /// Decides by Ask.now instead of the server's clock: for proofs and tests. Keys then outlive
  /// their states by an hour, since Redis expires by its own clock.
  bool by_asked_time = false;
};

}  // namespace weir::store
