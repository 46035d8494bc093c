#include "scenario/describe_scenario.hpp"
#include "scenario/model.hpp"

namespace weir::scenario {

nlohmann::ordered_json scenario_schema() {
  Definitions definitions;
  const Json scenario = Object<Scenario>{}.schema(definitions);
  Json out = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"$id", "urn:weir:schema:scenario"},
              {"title", "A scenario of weir"}};
  out.update(scenario);
  out["$defs"] = definitions.schemas;
  return out;
}

}  // namespace weir::scenario
