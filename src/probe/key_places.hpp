#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "scenario/identification.hpp"
#include "scenario/target.hpp"

namespace weir::probe {

/// A place of a request that a gateway may tell its clients apart by.
struct KeyPlace {
  /// What the attribute is called whose values stand there: "user" of header:X-User.
  std::string name;
  scenario::Identification where;
};

/// Reads places such as "header:X-User", "query:user", "path:2", "body:/user", "bearer" and
/// "api-key", each of one place; names are made up of them, and differ. Fails on places that no
/// client can choose, or that are named twice.
Result<std::vector<KeyPlace>> parse_key_places(const std::vector<std::string>& texts);

/// Writes {NAME} wherever a key has its place in requests, and says so to a gateway of the same
/// scenario (`identify`). Fails where a place is not there, or where something else stands already.
Result<void> put_keys(const std::vector<KeyPlace>& keys, scenario::TargetSpec& target);

}  // namespace weir::probe
