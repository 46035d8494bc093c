#include "scenario/place.hpp"

#include <algorithm>
#include <filesystem>

namespace weir::scenario {
namespace {

const Json& nothing() {
  static const Json null;
  return null;
}

}  // namespace

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

Place Place::field(std::string_view name) const {
  return Place(has(name) ? *json_->find(name) : nothing(), pointer_of(name), *reading_);
}

Place Place::item(std::size_t index) const {
  const bool is_there = json_->is_array() && index < json_->size();
  return Place(is_there ? (*json_)[index] : nothing(), pointer_ + '/' + std::to_string(index),
               *reading_);
}

}  // namespace weir::scenario
