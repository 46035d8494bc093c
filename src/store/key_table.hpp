#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/keyed_limiter.hpp"

namespace weir::store {

/// The states of a limiter's keys by their text. Keys whose state equals a new one's are forgotten,
/// so that it holds about as many as are in use.
class KeyTable {
 public:
  explicit KeyTable(std::unique_ptr<policy::KeyedLimiter> limiter);

  policy::KeyedLimiter& limiter() { return *limiter_; }

  /// The index of a key that is there.
  static constexpr policy::KeyIndex none = 0;
  policy::KeyIndex find(std::string_view key) const;
  /// A new one, which must not be there.
  policy::KeyIndex add(std::string_view key);
  void forget(policy::KeyIndex index);

  /// Looks at the next so many keys, one round after the other, and forgets those that are as
  /// new; returns how many went.
  std::size_t sweep(std::size_t looks, Instant now);

  void for_each(const std::function<void(const std::string& key, policy::KeyIndex)>& visit) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::unique_ptr<policy::KeyedLimiter> limiter_;
  std::unordered_map<std::string, policy::KeyIndex, Hash, std::equal_to<>> indexes_;
  /// By index, null where none is; index 0 is no key's and its state stays a new one's.
  std::vector<const std::string*> names_;
  std::vector<policy::KeyIndex> free_;
  std::size_t hand_ = 0;
  std::size_t room_ = 0;
};

}  // namespace weir::store
