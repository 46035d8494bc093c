#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "oracle/verify.hpp"

namespace weir::oracle {

/// A key that a gateway may go by instead of the only limit's own: the traits that make it, and
/// what it behaves like then.
struct OtherKey {
  std::vector<std::size_t> traits;
  std::string words;
};

/// No key at all, the limit's own less or more one trait of the traffic, and one trait instead;
/// only those that group the requests otherwise. None where there are several limits or tables.
std::vector<OtherKey> other_keys(const Evidence& evidence);

/// The same requests as if the only limit went by that key.
Evidence with_key(const Evidence& evidence, const OtherKey& key);

}  // namespace weir::oracle
