#include "http/query.hpp"

#include <algorithm>

namespace weir::http {

std::vector<std::pair<std::string_view, std::string_view>> query_pairs(std::string_view target) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return pairs;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    pairs.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
  }
  return pairs;
}

}  // namespace weir::http
