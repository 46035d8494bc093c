#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "traffic/spec.hpp"

namespace weir::scenario {

/// The attribute that clients have by themselves.
inline constexpr std::string_view client_attribute = "client";

/// The names of attributes or of costs that requests may have.
struct KnownNames {
  std::set<std::string, std::less<>> names;
  /// A trace may have more, which is not known before it is read.
  bool may_have_more = false;

  bool may_have(std::string_view name) const {
    return may_have_more || names.find(name) != names.end();
  }
  void add(const KnownNames& other);
};

/// The columns of a trace's format.
KnownNames attribute_columns(const traffic::TraceSpec& trace);
KnownNames cost_columns(const traffic::TraceSpec& trace);

/// What a class's requests have: of its own, from its trace, and of its clients.
KnownNames attributes_of(const traffic::ClassSpec& spec);
KnownNames costs_of(const traffic::ClassSpec& spec);

/// "unknown attribute "usr"; did you mean "user"?", or which there are.
std::string unknown_name(std::string_view what, std::string_view name, const KnownNames& known);

}  // namespace weir::scenario
