#include <optional>
#include <string>
#include <utility>

#include "scenario/describe_scenario.hpp"
#include "scenario/document_hash.hpp"
#include "scenario/model.hpp"
#include "scenario/overrides.hpp"
#include "scenario/problem_order.hpp"
#include "scenario/validate.hpp"

namespace weir::scenario {
namespace {

/// Reads a document that may have problems already; `reading` has those.
tl::expected<Scenario, Problems> read(Json document, const LoadOptions& options, Reading reading) {
  reading.base_directory = options.base_directory;
  if (document.is_object() || document.is_null()) {
    apply_overrides(document, options.overrides, reading);
    if (options.seed) document["seed"] = *options.seed;
  }
  const Place place(document, "", reading);
  Scenario scenario;
  Object<Scenario>{}.read(place, scenario);
  if (document.is_object()) complete_and_check(place, scenario);
  const std::optional<std::string> hash = document_hash(document, reading.file_contents);
  if (!hash) reading.problem("", "must be valid UTF-8");
  if (!reading.problems.empty()) {
    sort_by_place(reading.problems, document);
    return tl::unexpected(std::move(reading.problems));
  }
  scenario.document_sha256 = *hash;
  for (traffic::ClassSpec& spec : scenario.traffic) {
    if (spec.trace) spec.trace->path = reading.resolve(spec.trace->path);
  }
  return scenario;
}

}  // namespace

tl::expected<Scenario, Problems> parse_scenario(std::string_view text, const LoadOptions& options) {
  JsonText json = read_json(text);
  if (!json.document) return tl::unexpected(std::move(json.problems));
  Reading reading;
  reading.problems = std::move(json.problems);
  return read(*std::move(json.document), options, std::move(reading));
}

tl::expected<Scenario, Problems> read_scenario(const nlohmann::ordered_json& document,
                                               const LoadOptions& options) {
  return read(document, options, {});
}

}  // namespace weir::scenario
