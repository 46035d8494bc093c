#include "store/key_filter.hpp"

#include <algorithm>

#include "store/key_text.hpp"

namespace weir::store {

bool is_meant(const KeyFilter& filter, const LimitDefinition& limit, const std::string& key) {
  if (!filter.limit.empty() && filter.limit != limit.spec.name) return false;
  if (filter.values.empty()) return true;
  const std::vector<std::string> values = key_values(key);
  return std::all_of(filter.values.begin(), filter.values.end(), [&](const auto& wanted) {
    const auto& names = limit.state_key;
    const auto at = std::find(names.begin(), names.end(), wanted.first);
    const auto index = static_cast<std::size_t>(at - names.begin());
    return index < names.size() && index < values.size() &&
           values[index] == kept_value(wanted.second);
  });
}

}  // namespace weir::store
