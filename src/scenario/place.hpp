#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"
#include "scenario/json_document.hpp"

namespace weir::scenario {

/// What is gathered while a document is read.
struct Reading {
  Problems problems;
  /// Where relative paths start from.
  std::string base_directory;
  /// What stood in the files that the document names, in the order of reading.
  std::string file_contents;

  void problem(std::string pointer, std::string message) {
    problems.push_back({std::move(pointer), std::move(message)});
  }
  /// Whether nothing is wrong at the pointer or below it.
  bool is_sound(std::string_view pointer) const;
  /// A path of the document as it is to be opened.
  std::string resolve(const std::string& path) const;
};

/// A value within a document and the pointer to it.
class Place {
 public:
  Place(const Json& json, std::string pointer, Reading& reading)
      : json_(&json), pointer_(std::move(pointer)), reading_(&reading) {}

  const Json& json() const { return *json_; }
  const std::string& pointer() const { return pointer_; }
  Reading& reading() const { return *reading_; }

  bool has(std::string_view name) const { return json_->is_object() && json_->contains(name); }
  /// A member; null where there is none.
  Place field(std::string_view name) const;
  /// An element; null where there is none.
  Place item(std::size_t index) const;
  std::string pointer_of(std::string_view name) const {
    return pointer_ + '/' + pointer_token(name);
  }

  void problem(std::string message) const { reading_->problem(pointer_, std::move(message)); }
  /// A problem of a member, which need not be there.
  void problem_of(std::string_view name, std::string message) const {
    reading_->problem(pointer_of(name), std::move(message));
  }

 private:
  const Json* json_;
  std::string pointer_;
  Reading* reading_;
};

}  // namespace weir::scenario
