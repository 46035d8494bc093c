#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "load/quota.hpp"

// The structured fields in draft-ietf-httpapi-ratelimit-headers, one header's value at a time.
// Absent is what is malformed, as a whole if any part of it is. Parameters that no draft knows are
// skipped.

namespace weir::load {

/// What a RateLimit or RateLimit-Policy is by its beginning, so that a broken one has a draft too.
enum class IetfShape {
  /// Members with values: limit=100.
  dictionary,
  /// Items with a name in front: "default";r=50.
  named,
  /// Items with a number in front: 100;w=60.
  numbered,
  other
};

IetfShape ietf_shape(std::string_view text);

/// RateLimit-Limit: the limit, and up to draft 03 the policies behind it: "100, 100;w=60".
struct IetfLimit {
  std::int64_t limit = 0;
  bool has_policies = false;
};
std::optional<IetfLimit> read_ietf_limit(std::string_view text);

/// RateLimit as draft 07 has it: "limit=100, remaining=50, reset=5". Its members may be spread over
/// several headers, so it adds to what was read before.
std::optional<Quota> read_ietf_dictionary(std::string_view text, const Quota& before);

/// RateLimit as drafts 08 to 11 have it: the tightest of its quotas, each under its policy's name.
std::optional<Quota> read_ietf_service_limits(std::string_view text);

/// RateLimit-Policy as drafts 08 to 11 have it: the tightest of its quotas, of which only the
/// limits are known.
std::optional<Quota> read_ietf_policies(std::string_view text);

/// The limit of the policy of that name in such a RateLimit-Policy; absent also where it has none.
std::optional<std::int64_t> limit_of_ietf_policy(std::string_view text, std::string_view name);

/// Whether it is well formed as a RateLimit-Policy of drafts 04 to 07, in which nothing stands that
/// is not in another field.
bool is_ietf_policy_list(std::string_view text);

}  // namespace weir::load
