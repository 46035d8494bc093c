#include "scenario/problem_order.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace weir::scenario {
namespace {

/// Empty, the document, for what is no pointer.
std::string parent_of(const std::string& pointer) {
  const std::size_t slash = pointer.rfind('/');
  return slash == std::string::npos ? "" : pointer.substr(0, slash);
}

/// Numbers the places that pointers lead to or through, in the order of the document.
class Numbering {
 public:
  Numbering(const Json& document, const Problems& problems) {
    for (const Problem& problem : problems) {
      std::string pointer = problem.pointer;
      while (wanted_.insert(pointer).second && !pointer.empty()) pointer = parent_of(pointer);
    }
    number(document, "");
  }

  /// Of the place itself, or of the end of the nearest place around it.
  std::size_t of(std::string pointer) const {
    const auto begin = begin_.find(pointer);
    if (begin != begin_.end()) return begin->second;
    while (end_.find(pointer) == end_.end()) pointer = parent_of(pointer);
    return end_.at(pointer);
  }

 private:
  void number(const Json& value, const std::string& pointer) {
    if (wanted_.find(pointer) == wanted_.end()) return;
    begin_[pointer] = next_++;
    if (value.is_object()) {
      for (auto member = value.begin(); member != value.end(); ++member) {
        number(member.value(), pointer + '/' + pointer_token(member.key()));
      }
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        number(value[i], pointer + '/' + std::to_string(i));
      }
    }
    end_[pointer] = next_++;
  }

  std::unordered_set<std::string> wanted_;
  std::unordered_map<std::string, std::size_t> begin_, end_;
  std::size_t next_ = 0;
};

}  // namespace

void sort_by_place(Problems& problems, const Json& document) {
  const Numbering numbering(document, problems);
  std::vector<std::pair<std::size_t, Problem>> placed;
  for (Problem& problem : problems) {
    const std::size_t number = numbering.of(problem.pointer);
    placed.emplace_back(number, std::move(problem));
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < placed.size(); ++i) problems[i] = std::move(placed[i].second);
}

}  // namespace weir::scenario
