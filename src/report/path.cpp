#include "report/path.hpp"

#include <array>
#include <charconv>

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* any_name = "*";

/// What identifies an element of an array of objects, or an empty string.
std::string element_name(const Json& element) {
  for (const char* field : {"name", "key", "policy"}) {
    if (element.is_object() && element.contains(field) && element[field].is_string()) {
      return element[field].get<std::string>();
    }
  }
  return {};
}

const Json* find_element(const Json& array, std::string_view name) {
  for (const Json& element : array) {
    if (!name.empty() && element_name(element) == name) return &element;
  }
  std::size_t index = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, index);
  return error == std::errc() && stop == end && index < array.size() ? &array[index] : nullptr;
}

const Json* find_child(const Json& json, std::string_view name, bool is_pattern) {
  if (json.is_array()) return find_element(json, name);
  if (!json.is_object()) return nullptr;
  auto child = json.find(name);
  if (child == json.end() && is_pattern) child = json.find(any_name);
  return child == json.end() ? nullptr : &*child;
}

const Json* find(const Json& json, std::string_view path, bool is_pattern) {
  for (std::size_t dot = path.find('.');; dot = path.find('.', dot + 1)) {
    const Json* child = find_child(json, path.substr(0, dot), is_pattern);
    if (dot == std::string_view::npos) return child;
    if (child == nullptr) continue;
    if (const Json* found = find(*child, path.substr(dot + 1), is_pattern)) return found;
  }
}

void collect(const Json& json, const std::string& path, std::vector<std::string>& paths) {
  if (json.is_number() || json.is_null()) paths.push_back(path);
  if (!json.is_structured()) return;
  std::size_t index = 0;
  for (const auto& [key, value] : json.items()) {
    std::string name = key;
    if (json.is_array()) {
      if (!value.is_object()) return;
      name = element_name(value);
      if (name.empty()) name = std::to_string(index);
    }
    ++index;
    if (name == any_name || name == "accumulator") continue;
    collect(value, path.empty() ? name : path + '.' + name, paths);
  }
}

}  // namespace

const Json* find_path(const Json& json, std::string_view path) { return find(json, path, false); }

const Json* find_in_pattern(const Json& pattern, std::string_view path) {
  return find(pattern, path, true);
}

std::vector<std::string> number_paths(const Json& json) {
  std::vector<std::string> paths;
  collect(json, "", paths);
  return paths;
}

}  // namespace weir::report
