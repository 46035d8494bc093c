#pragma once

#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/text.hpp"
#include "limiter/aimd.hpp"
#include "limiter/apisix_limit_count.hpp"
#include "limiter/apisix_limit_req.hpp"
#include "limiter/cloudflare.hpp"
#include "limiter/concurrency.hpp"
#include "limiter/deny_all.hpp"
#include "limiter/dotnet_fixed_window.hpp"
#include "limiter/dotnet_sliding_window.hpp"
#include "limiter/dotnet_token_bucket.hpp"
#include "limiter/envoy_local.hpp"
#include "limiter/envoy_ratelimit.hpp"
#include "limiter/figma.hpp"
#include "limiter/fixed_window.hpp"
#include "limiter/gcra.hpp"
#include "limiter/go_redis_rate.hpp"
#include "limiter/go_throttled.hpp"
#include "limiter/go_uber_ratelimit.hpp"
#include "limiter/go_x_time_rate.hpp"
#include "limiter/gradient2.hpp"
#include "limiter/gubernator_leaky.hpp"
#include "limiter/gubernator_token.hpp"
#include "limiter/haproxy_http_req_rate.hpp"
#include "limiter/java_bucket4j.hpp"
#include "limiter/java_guava_bursty.hpp"
#include "limiter/java_guava_warming_up.hpp"
#include "limiter/java_resilience4j.hpp"
#include "limiter/kong_local.hpp"
#include "limiter/kong_redis.hpp"
#include "limiter/leaky_bucket.hpp"
#include "limiter/leaky_bucket_queue.hpp"
#include "limiter/limitador.hpp"
#include "limiter/litellm.hpp"
#include "limiter/nginx_limit_conn.hpp"
#include "limiter/nginx_limit_req.hpp"
#include "limiter/node_express_rate_limit.hpp"
#include "limiter/node_fastify_rate_limit.hpp"
#include "limiter/node_rate_limiter_flexible.hpp"
#include "limiter/parameters.hpp"
#include "limiter/python_limits_fixed_window.hpp"
#include "limiter/python_limits_moving_window.hpp"
#include "limiter/python_limits_sliding_window_counter.hpp"
#include "limiter/python_pyrate_limiter.hpp"
#include "limiter/redis_cell.hpp"
#include "limiter/rust_governor.hpp"
#include "limiter/sliding_window_counter.hpp"
#include "limiter/sliding_window_log.hpp"
#include "limiter/sliding_window_segments.hpp"
#include "limiter/stripe.hpp"
#include "limiter/token_bucket.hpp"
#include "limiter/traefik.hpp"
#include "limiter/trtcm.hpp"
#include "limiter/unlimited.hpp"
#include "limiter/vegas.hpp"

namespace weir::limiter {

/// Every entry of the catalogue, in the order in which it is listed. An entry is a struct with
/// `Limiter` (a limiter, or a std::variant of limiters with one meaning), `info()` and `make()`.
// clang-format off
using Entries = std::tuple<
    FixedWindowEntry,
    SlidingWindowLogEntry,
    SlidingWindowCounterEntry,
    SlidingWindowSegmentsEntry,
    TokenBucketEntry,
    LeakyBucketEntry,
    LeakyBucketQueueEntry,
    GcraEntry,
    TrtcmEntry,
    ConcurrencyEntry,
    AimdEntry,
    VegasEntry,
    Gradient2Entry,
    UnlimitedEntry,
    DenyAllEntry,
    NginxLimitReqEntry,
    NginxLimitConnEntry,
    HaproxyHttpReqRateEntry,
    EnvoyLocalEntry,
    EnvoyRatelimitEntry,
    KongLocalEntry,
    KongRedisEntry,
    ApisixLimitReqEntry,
    ApisixLimitCountEntry,
    TraefikEntry,
    CloudflareEntry,
    GubernatorTokenEntry,
    GubernatorLeakyEntry,
    LimitadorEntry,
    LitellmEntry,
    FigmaEntry,
    RedisCellEntry,
    StripeEntry,
    GoXTimeRateEntry,
    GoUberRatelimitEntry,
    GoThrottledEntry,
    GoRedisRateEntry,
    RustGovernorEntry,
    JavaGuavaBurstyEntry,
    JavaGuavaWarmingUpEntry,
    JavaBucket4jEntry,
    JavaResilience4jEntry,
    PythonLimitsFixedWindowEntry,
    PythonLimitsMovingWindowEntry,
    PythonLimitsSlidingWindowCounterEntry,
    PythonPyrateLimiterEntry,
    NodeExpressRateLimitEntry,
    NodeRateLimiterFlexibleEntry,
    NodeFastifyRateLimitEntry,
    DotnetFixedWindowEntry,
    DotnetSlidingWindowEntry,
    DotnetTokenBucketEntry>;
// clang-format on

/// What the catalogue says of each entry, in its order.
const std::vector<AlgorithmInfo>& catalogue();

/// The entry of that id, or null.
const AlgorithmInfo* find_algorithm(std::string_view id);

/// Whether the entry's limiter takes costs that are known only at the end (limiter.hpp).
bool settles_late(std::string_view id);

/// Reads one parameter's value from text ("20", "5/s", "1h30m", "epoch", "true"), checking its
/// range; the error says what was found and what would be right.
Parsed<ParameterValue> parse_parameter(const ParameterSpec& spec, std::string_view text);

/// The given parameters with the defaults filled in, or every problem: a name that the algorithm
/// does not know (with the nearest that it does), or a required one that is missing. The pointer of
/// a problem is the parameter's name.
tl::expected<Parameters, Problems> complete_parameters(const AlgorithmInfo& info, Parameters given);

/// What stands against making the entry's limiter of complete parameters, each of which is right by
/// itself; the pointer is the name of the parameter to blame.
std::optional<Problem> try_make(const AlgorithmInfo& info, const Parameters& complete,
                                const Environment& environment);

}  // namespace weir::limiter
