#include "scenario/known_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.hpp"
#include "scenario/json_document.hpp"

namespace weir::scenario {

using traffic::TraceFormat;

void KnownNames::add(const KnownNames& other) {
  names.insert(other.names.begin(), other.names.end());
  may_have_more = may_have_more || other.may_have_more;
}

KnownNames attribute_columns(const traffic::TraceSpec& trace) {
  switch (trace.format) {
    case TraceFormat::csv:
    case TraceFormat::jsonl:
      return {{}, true};
    case TraceFormat::azure_llm:
      return {};
    case TraceFormat::common_log:
    case TraceFormat::combined_log:
      return {{"ip", "user", "method", "path", "status"}, false};
  }
  return {{}, true};
}

KnownNames cost_columns(const traffic::TraceSpec& trace) {
  switch (trace.format) {
    case TraceFormat::csv:
    case TraceFormat::jsonl:
      return {{}, true};
    case TraceFormat::azure_llm:
      return {{"context_tokens", "generated_tokens", "tokens"}, false};
    case TraceFormat::common_log:
    case TraceFormat::combined_log:
      return {{"bytes"}, false};
  }
  return {{}, true};
}

KnownNames attributes_of(const traffic::ClassSpec& spec) {
  KnownNames known;
  if (spec.trace) known = attribute_columns(*spec.trace);
  if (spec.clients) known.names.emplace(client_attribute);
  for (const traffic::AttributeSpec& attribute : spec.attributes)
    known.names.insert(attribute.name);
  return known;
}

KnownNames costs_of(const traffic::ClassSpec& spec) {
  KnownNames known;
  if (spec.trace) known = cost_columns(*spec.trace);
  for (const traffic::CostSpec& cost : spec.costs) known.names.insert(cost.name);
  return known;
}

std::string unknown_name(std::string_view what, std::string_view name, const KnownNames& known) {
  const std::vector<std::string_view> names(known.names.begin(), known.names.end());
  const std::string quoted = show(std::string(name));
  if (names.empty()) return fmt::format("unknown {} {}; the traffic has none", what, quoted);
  const std::string_view near = nearest(name, names);
  if (!near.empty()) return fmt::format("unknown {} {}; did you mean \"{}\"?", what, quoted, near);
  return fmt::format("unknown {} {}; the traffic has {}", what, quoted, fmt::join(names, ", "));
}

}  // namespace weir::scenario
