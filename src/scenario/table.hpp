#pragma once

#include <string>

#include "scenario/fields.hpp"

namespace weir::scenario {

/// Reads {"by": ATTRIBUTE, VALUE: row, ..., "default": row}: `by`, and each row through
/// `read_row(value, place)`, which says whether it was right; "default" comes as a value.
template <class ReadRow>
bool read_table(const Place& place, std::string& by, ReadRow read_row) {
  bool is_right = place.has("by") && read_member(Word{}, place.field("by"), by);
  if (!place.has("by")) {
    place.problem_of("by", "is required: the attribute on whose value it depends");
  }
  std::size_t rows = 0;
  for (auto row = place.json().begin(); row != place.json().end(); ++row) {
    if (row.key() == "by") continue;
    ++rows;
    const Place value(row.value(), place.pointer_of(row.key()), place.reading());
    is_right = read_row(row.key(), value) && is_right;
  }
  if (rows == 0) place.problem("must have a row for a value of the attribute, or \"default\"");
  return is_right && rows > 0;
}

/// The schema of such a table whose rows are of one schema.
inline Json table_schema(const Json& row) {
  Json by = Word{}.schema();
  by["description"] = "the attribute on whose value it depends";
  return {{"type", "object"},
          {"description", "a row for each value of an attribute, and \"default\" for all others"},
          {"properties", {{"by", by}}},
          {"required", Json::array({"by"})},
          {"minProperties", 2},
          {"additionalProperties", row}};
}

}  // namespace weir::scenario
