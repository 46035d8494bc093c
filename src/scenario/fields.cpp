#include "scenario/fields.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace weir::scenario {
namespace {

bool holds(const std::vector<std::string_view>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

void FieldReader::miss(std::string_view name, std::string_view description) {
  missing_.push_back(
      {{name}, place_.pointer_of(name), fmt::format("is required: {}", description)});
  wrong(name);
}

void FieldReader::one_of(std::vector<std::string_view> names) {
  std::vector<std::string_view> given;
  for (const std::string_view name : names) {
    if (place_.has(name)) given.push_back(name);
  }
  if (given.size() == 1) return;
  wrong("");
  if (given.empty()) {
    std::string message = "must have " + quoted_list(names);
    missing_.push_back({std::move(names), place_.pointer(), std::move(message)});
    return;
  }
  place_.problem(fmt::format("must have only one of {}, got \"{}\"", quoted_list(names),
                             fmt::join(given, "\" and \"")));
}

void FieldReader::needs(std::string_view name, std::initializer_list<std::string_view> others) {
  // Where the choice between fields is open, so is what goes with them.
  if (!place_.has(name) || is_wrong("")) return;
  std::vector<std::string_view> absent;
  for (const std::string_view other : others) {
    if (!place_.has(other)) absent.push_back(other);
  }
  if (absent.empty()) return;
  wrong(name);
  place_.problem_of(name, fmt::format("needs \"{}\" beside it", fmt::join(absent, "\" and \"")));
}

std::vector<std::string_view> FieldReader::report_unknown() {
  std::vector<std::string_view> meant;
  for (auto member = place_.json().begin(); member != place_.json().end(); ++member) {
    const std::string& name = member.key();
    if (holds(known_, name)) continue;
    wrong(name);
    const std::string_view near = nearest(name, known_);
    if (!near.empty()) {
      meant.push_back(near);
      place_.problem_of(name, fmt::format("unknown field; did you mean \"{}\"?", near));
    } else {
      place_.problem_of(name,
                        fmt::format("unknown field; known here: {}", fmt::join(known_, ", ")));
    }
  }
  return meant;
}

bool FieldReader::finish() {
  std::vector<std::string_view> meant;
  if (!any_field_) meant = report_unknown();
  for (Missing& missing : missing_) {
    // A misspelt field is one problem, not two.
    const bool is_meant = std::any_of(missing.names.begin(), missing.names.end(),
                                      [&](std::string_view name) { return holds(meant, name); });
    if (!is_meant) place_.reading().problem(missing.pointer, missing.message);
  }
  return is_right();
}

bool FieldReader::is_right_but_for(const std::vector<std::string_view>& names) const {
  return std::all_of(wrong_.begin(), wrong_.end(),
                     [&](const std::string& name) { return holds(names, name); });
}

bool FieldReader::is_wrong(std::string_view name) const {
  return std::find(wrong_.begin(), wrong_.end(), name) != wrong_.end();
}

void FieldSchemas::add(std::string_view name, Json schema, std::string_view description) {
  if (!description.empty()) schema["description"] = description;
  properties_[std::string(name)] = std::move(schema);
}

void FieldSchemas::one_of(const std::vector<std::string_view>& names) {
  Json choice = Json::array();
  for (const std::string_view name : names) {
    const bool is_known = properties_.contains(std::string(name));
    if (is_known) choice.push_back({{"required", Json::array({name})}});
  }
  alternatives_.push_back({{"oneOf", std::move(choice)}});
}

void FieldSchemas::needs(std::string_view name, std::initializer_list<std::string_view> others) {
  needs_[std::string(name)] = std::vector<std::string_view>(others);
}

void FieldSchemas::add_case(std::string_view tag, std::string_view value,
                            std::string_view description, FieldSchemas fields) {
  cases_.push_back({std::string(tag), std::string(value), std::string(description),
                    std::move(fields.properties_), std::move(fields.required_)});
}

Json FieldSchemas::conditional(const Case& one) const {
  Json properties = Json::object();
  for (auto common = properties_.begin(); common != properties_.end(); ++common) {
    properties[common.key()] = true;
  }
  for (auto own = one.properties.begin(); own != one.properties.end(); ++own) {
    properties[own.key()] = own.value();
  }
  Json then = {{"description", one.description}, {"properties", std::move(properties)}};
  if (!one.required.empty()) then["required"] = one.required;
  then["additionalProperties"] = false;
  const Json condition = {{"properties", {{one.tag, {{"const", one.value}}}}},
                          {"required", Json::array({one.tag})}};
  return {{"if", condition}, {"then", std::move(then)}};
}

Json FieldSchemas::finish() {
  Json out = {{"type", "object"}, {"properties", properties_}};
  if (!required_.empty()) out["required"] = required_;
  if (!needs_.empty()) out["dependentRequired"] = needs_;
  for (const Case& one : cases_) alternatives_.push_back(conditional(one));
  if (alternatives_.size() == 1 && cases_.empty()) {
    out.update(alternatives_[0]);
  } else if (!alternatives_.empty()) {
    out["allOf"] = alternatives_;
  }
  // With cases, each of them says which other fields there may be.
  if (cases_.empty()) out["additionalProperties"] = false;
  return out;
}

}  // namespace weir::scenario
