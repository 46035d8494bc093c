#pragma once

#include <memory>

#include "core/result.hpp"
#include "store/redis_options.hpp"
#include "store/store.hpp"

namespace weir::store {

/// A store in one or several Redis servers, which many gateways share. Each decision is one round
/// trip to the node that has the request's partition. Redis' clock decides, so that gateways'
/// clocks do not matter. Connects when a client is made; ignores SIGPIPE from then on, if
/// nothing else is done with it. The pointer of a problem is "/NUMBER/PARAMETER" for a limit that
/// Redis cannot hold exactly, or the name of an option.
tl::expected<std::unique_ptr<Store>, Problem> make_redis_store(Definition definition,
                                                               RedisOptions options);

}  // namespace weir::store
