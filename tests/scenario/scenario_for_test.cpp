#include "scenario/scenario_for_test.hpp"

#include <gtest/gtest.h>

namespace weir::scenario {
namespace {

using Json = nlohmann::ordered_json;

void take_away(Json& document, const Json::json_pointer& pointer) {
  Json& parent = document.at(pointer.parent_pointer());
  if (parent.is_array()) {
    parent.erase(std::stoul(pointer.back()));
  } else {
    parent.erase(pointer.back());
  }
}

}  // namespace

Json small_scenario() {
  return Json::parse(R"({
    "name": "small",
    "duration": "10s",
    "policy": {
      "limits": [{"algorithm": "gcra", "rate": "5/s", "burst": 10, "key": ["user"]}]
    },
    "traffic": [{
      "arrivals": {"process": "poisson", "rate": "100/s"},
      "attributes": {
        "user": {"uniform": {"count": 50}},
        "tier": {"of": "user", "weights": {"free": 9, "pro": 1}},
        "model": "large"
      },
      "costs": {"tokens": {"exponential": {"mean": 10}}}
    }]
  })");
}

Json changed(const std::vector<Change>& changes) {
  Json document = small_scenario();
  for (const auto& [pointer, value] : changes) {
    if (value.empty()) {
      take_away(document, Json::json_pointer(pointer));
    } else {
      document[Json::json_pointer(pointer)] = Json::parse(value);
    }
  }
  return document;
}

Problems problems_after(const std::vector<Change>& changes) {
  const auto scenario = read_scenario(changed(changes), {});
  return scenario ? Problems() : scenario.error();
}

Scenario read_after(const std::vector<Change>& changes) {
  auto scenario = read_scenario(changed(changes), {});
  if (scenario) return *scenario;
  for (const Problem& problem : scenario.error()) {
    ADD_FAILURE() << problem.pointer << ": " << problem.message;
  }
  return {};
}

Problems problems_of(std::string_view text, const LoadOptions& options) {
  const auto scenario = parse_scenario(text, options);
  return scenario ? Problems() : scenario.error();
}

}  // namespace weir::scenario
