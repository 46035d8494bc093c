#include "scenario/place.hpp"

#include <algorithm>
#include <filesystem>

namespace weir::scenario {

bool Reading::is_sound(std::string_view pointer) const {
  return std::none_of(problems.begin(), problems.end(), [&](const Problem& problem) {
    const std::string_view other = problem.pointer;
    return other.substr(0, pointer.size()) == pointer &&
           (other.size() == pointer.size() || other[pointer.size()] == '/');
  });
}

std::string Reading::resolve(const std::string& path) const {
  return (std::filesystem::path(base_directory) / path).string();
}

}  // namespace weir::scenario
