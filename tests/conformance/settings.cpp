#include "conformance/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>

#include "limiter/catalogue.hpp"

namespace weir::limiter {
namespace {

Parsed<ParameterValue> value_of(const AlgorithmInfo& info, std::string_view name,
                                std::string_view text) {
  const auto spec = std::find_if(info.parameters.begin(), info.parameters.end(),
                                 [&](const ParameterSpec& s) { return s.name == name; });
  if (spec == info.parameters.end()) return tl::unexpected(std::string("no such parameter"));
  return parse_parameter(*spec, text);
}

}  // namespace

Parsed<Parameters> parameters_of(const AlgorithmInfo& info, std::string_view setting) {
  Parameters given;
  std::istringstream words{std::string(setting)};
  for (std::string word; words >> word;) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string name = word.substr(0, equals);
    const Parsed<ParameterValue> value =
        value_of(info, name, equals < word.size() ? word.substr(equals + 1) : "");
    if (!value) return tl::unexpected(fmt::format("{}: {}", name, value.error()));
    given.set(name, *value);
  }
  auto complete = complete_parameters(info, std::move(given));
  if (complete) return *complete;
  const Problem& first = complete.error().front();
  return tl::unexpected(fmt::format("{}: {}", first.pointer, first.message));
}

const ConformanceCase* find_case(std::string_view id) {
  const std::vector<ConformanceCase>& cases = conformance_cases();
  const auto found = std::find_if(cases.begin(), cases.end(),
                                  [&](const ConformanceCase& c) { return c.id == id; });
  return found == cases.end() ? nullptr : &*found;
}

}  // namespace weir::limiter
