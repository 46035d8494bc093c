#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace weir::report {

// What the schemas of reports are put together from.

using Json = nlohmann::ordered_json;

struct Field {
  const char* name;
  Json schema;
  bool required = true;
};

/// An object of exactly these fields, but for those that are not required.
inline Json object_of(const std::vector<Field>& fields) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& field : fields) {
    properties[field.name] = field.schema;
    if (field.required) required.push_back(field.name);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

inline Json described(const char* description, const Json& schema) {
  Json result = {{"description", description}};
  result.update(schema);
  return result;
}

inline Json reference(const char* definition, const char* description) {
  return {{"description", description}, {"$ref", fmt::format("#/$defs/{}", definition)}};
}

inline Json text(const char* description) {
  return {{"description", description}, {"type", "string"}};
}

inline Json flag(const char* description) {
  return {{"description", description}, {"type", "boolean"}};
}

inline Json whole(const char* description, const char* unit) {
  return {{"description", description}, {"type", "integer"}, {"minimum", 0}, {"x-unit", unit}};
}

inline Json whole_or_null(const char* description, const char* unit) {
  Json schema = whole(description, unit);
  schema["type"] = {"integer", "null"};
  return schema;
}

inline Json number_or_null(const char* description, const char* unit) {
  Json schema = whole(description, unit);
  schema["type"] = {"number", "null"};
  return schema;
}

inline Json share(const char* description) {
  Json schema = number_or_null(description, "1");
  schema["maximum"] = 1;
  return schema;
}

inline Json list_of(const char* description, Json items) {
  return {{"description", description}, {"type", "array"}, {"items", std::move(items)}};
}

/// An object whose names come from the scenario or from the traffic.
inline Json by_name(const char* description, Json values) {
  return {{"description", description},
          {"type", "object"},
          {"additionalProperties", std::move(values)}};
}

inline Json sha256(const char* description) {
  return {{"description", description}, {"type", "string"}, {"pattern", "^[0-9a-f]{64}$"}};
}

inline Json at_most(std::size_t count, Json list) {
  list["maxItems"] = count;
  return list;
}

}  // namespace weir::report
