#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace weir::report {

// What the schemas of reports are put together from.

struct Field {
  const char* name;
  nlohmann::ordered_json schema;
  bool required = true;
};

/// An object of exactly these fields, but for those that are not required.
inline nlohmann::ordered_json object_of(const std::vector<Field>& fields) {
  nlohmann::ordered_json properties = nlohmann::ordered_json::object();
  nlohmann::ordered_json required = nlohmann::ordered_json::array();
  for (const Field& field : fields) {
    properties[field.name] = field.schema;
    if (field.required) required.push_back(field.name);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

inline nlohmann::ordered_json described(const char* description,
                                        const nlohmann::ordered_json& schema) {
  nlohmann::ordered_json result = {{"description", description}};
  result.update(schema);
  return result;
}

inline nlohmann::ordered_json reference(const char* definition, const char* description) {
  return {{"description", description}, {"$ref", fmt::format("#/$defs/{}", definition)}};
}

inline nlohmann::ordered_json text(const char* description) {
  return {{"description", description}, {"type", "string"}};
}

inline nlohmann::ordered_json flag(const char* description) {
  return {{"description", description}, {"type", "boolean"}};
}

inline nlohmann::ordered_json whole(const char* description, const char* unit) {
  return {{"description", description}, {"type", "integer"}, {"minimum", 0}, {"x-unit", unit}};
}

inline nlohmann::ordered_json whole_or_null(const char* description, const char* unit) {
  nlohmann::ordered_json schema = whole(description, unit);
  schema["type"] = {"integer", "null"};
  return schema;
}

inline nlohmann::ordered_json number_or_null(const char* description, const char* unit) {
  nlohmann::ordered_json schema = whole(description, unit);
  schema["type"] = {"number", "null"};
  return schema;
}

inline nlohmann::ordered_json share(const char* description) {
  nlohmann::ordered_json schema = number_or_null(description, "1");
  schema["maximum"] = 1;
  return schema;
}

inline nlohmann::ordered_json list_of(const char* description, nlohmann::ordered_json items) {
  return {{"description", description}, {"type", "array"}, {"items", std::move(items)}};
}

/// An object whose names come from the scenario or from the traffic.
inline nlohmann::ordered_json by_name(const char* description, nlohmann::ordered_json values) {
  return {{"description", description},
          {"type", "object"},
          {"additionalProperties", std::move(values)}};
}

inline nlohmann::ordered_json sha256(const char* description) {
  return {{"description", description}, {"type", "string"}, {"pattern", "^[0-9a-f]{64}$"}};
}

inline nlohmann::ordered_json at_most(std::size_t count, nlohmann::ordered_json list) {
  list["maxItems"] = count;
  return list;
}

}  // namespace weir::report
