#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis_options.hpp"
#include "store/redis_row.hpp"

namespace weir::store {

/// A key of Redis that belongs to a policy, taken apart.
struct RedisKey {
  std::string partition;
  std::uint16_t limit = 0;
  policy::VariantIndex variant = 0;
  /// The text of the Ask.
  std::string key;
};

/// A policy as the script knows it, and the names of its keys:
/// PREFIX:{PARTITION}:LIMIT:DIGEST:KEY, where the digest is of all that a state's meaning depends
/// on. The braces make what is decided together live together.
class RedisPlan {
 public:
  static tl::expected<RedisPlan, Problem> make(Definition definition, const RedisOptions& options);

  const Definition& definition() const { return definition_; }
  const policy::LimitSpec& spec(std::uint16_t limit) const {
    return definition_.limits[limit].spec;
  }
  const RedisRow& row(const LimitAsk& ask) const { return row(ask.limit, ask.variant); }
  const RedisRow& row(std::uint16_t limit, policy::VariantIndex variant) const {
    return *rows_[limit][variant];
  }

  std::string key_of(std::string_view partition, const LimitAsk& ask) const;
  std::string id_key_of(const Ask& ask) const;
  /// Of something else that belongs to a row of a limit, and is no key of it.
  std::string other_key(std::string_view what, std::uint16_t limit,
                        policy::VariantIndex variant) const;
  /// None if it is not one of this policy's, of its present meaning.
  std::optional<RedisKey> parse(std::string_view name) const;
  /// A pattern of SCAN that matches at least the keys that are meant.
  std::string pattern_of(const KeyFilter& filter) const;

 private:
  Definition definition_;
  std::string prefix_;
  /// By limit, then by variant.
  std::vector<std::vector<std::unique_ptr<const RedisRow>>> rows_;
  /// "LIMIT:DIGEST:", the same way.
  std::vector<std::vector<std::string>> names_;
};

}  // namespace weir::store
