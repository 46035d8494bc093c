#include "store/redis_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/random.hpp"
#include "limiter/catalogue.hpp"
#include "store/key_text.hpp"
#include "store/limit_identity.hpp"

namespace weir::store {
namespace {

/// What no text of values can be: what stands for a policy without a partition, and for ids.
constexpr std::string_view no_partition = "%";
constexpr std::string_view ids = "%id:";

/// Of what a row's states depend on for their meaning.
std::string digest_of(const LimitDefinition& limit, std::size_t variant) {
  const std::string meaning = identity_of(limit, static_cast<policy::VariantIndex>(variant));
  return fmt::format("{:016x}", hash64(meaning)).substr(0, 10);
}

std::string escaped(std::string_view text) {
  std::string value;
  append_key_value(value, text, true);
  return value;
}

/// A text in a pattern of SCAN.
std::string literally(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view("*?[]^\\-").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

std::string_view tag_of(std::string_view partition) {
  return partition.empty() ? no_partition : partition;
}

MadeRow checked_row(const LimitDefinition& limit, const limiter::Parameters& row,
                    const RedisOptions& options) {
  const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.spec.algorithm);
  if (info == nullptr) return tl::unexpected(Problem{"algorithm", "is not in the catalogue"});
  if (auto problem = limiter::try_make(*info, row, options.environment)) {
    return tl::unexpected(*problem);
  }
  return make_redis_row(limit.spec.algorithm, row, options.longest_hold);
}

}  // namespace

tl::expected<RedisPlan, Problem> RedisPlan::make(Definition definition,
                                                 const RedisOptions& options) {
  RedisPlan plan;
  plan.prefix_ = escaped(options.prefix);
  for (std::size_t i = 0; i < definition.limits.size(); ++i) {
    const LimitDefinition& limit = definition.limits[i];
    plan.rows_.emplace_back();
    plan.names_.emplace_back();
    for (std::size_t v = 0; v < limit.variants.size(); ++v) {
      MadeRow made = checked_row(limit, limit.variants[v], options);
      if (!made) {
        return tl::unexpected(
            Problem{fmt::format("/{}/{}", i, made.error().pointer), made.error().message});
      }
      plan.rows_.back().push_back(std::move(*made));
      plan.names_.back().push_back(
          fmt::format("{}:{}:", escaped(limit.spec.name), digest_of(limit, v)));
    }
  }
  plan.definition_ = std::move(definition);
  return plan;
}

std::string RedisPlan::key_of(std::string_view partition, const LimitAsk& ask) const {
  return fmt::format("{}:{{{}}}:{}{}", prefix_, tag_of(partition), names_[ask.limit][ask.variant],
                     ask.key);
}

std::string RedisPlan::id_key_of(const Ask& ask) const {
  return fmt::format("{}:{{{}}}:{}{}", prefix_, tag_of(ask.partition), ids,
                     escaped(ask.request_id));
}

std::string RedisPlan::other_key(std::string_view what, std::uint16_t limit,
                                 policy::VariantIndex variant) const {
  return fmt::format("{}:{{{}}}:%{}:{}", prefix_, no_partition, what, names_[limit][variant]);
}

std::optional<RedisKey> RedisPlan::parse(std::string_view name) const {
  const std::size_t end = name.find("}:");
  const std::size_t before = prefix_.size() + 2;
  if (end == std::string_view::npos || end < before) return std::nullopt;
  RedisKey parsed;
  const std::string_view tag = name.substr(before, end - before);
  if (tag != no_partition) parsed.partition = tag;
  name.remove_prefix(end + 2);
  for (std::size_t limit = 0; limit < names_.size(); ++limit) {
    for (std::size_t variant = 0; variant < names_[limit].size(); ++variant) {
      const std::string& own = names_[limit][variant];
      if (name.substr(0, own.size()) != own) continue;
      parsed.limit = static_cast<std::uint16_t>(limit);
      parsed.variant = static_cast<policy::VariantIndex>(variant);
      parsed.key = name.substr(own.size());
      return parsed;
    }
  }
  return std::nullopt;
}

std::string RedisPlan::pattern_of(const KeyFilter& filter) const {
  const std::string limit =
      filter.limit.empty() ? "*" : fmt::format("{}:*", literally(escaped(filter.limit)));
  return fmt::format("{}:{{*}}:{}", literally(prefix_), limit);
}

}  // namespace weir::store
