#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "scenario/describe_scenario.hpp"
#include "scenario/document_hash.hpp"
#include "scenario/model.hpp"
#include "scenario/overrides.hpp"
#include "scenario/validate.hpp"

namespace weir::scenario {
namespace {

/// Where a pointer's place stands in the document, as indices from the top; what is missing stands
/// behind its siblings.
std::vector<std::size_t> position(const Json& document, const std::string& pointer) {
  std::vector<std::size_t> out;
  const Json* at = &document;
  for (const std::string& token : pointer_tokens(pointer).value_or(std::vector<std::string>())) {
    std::size_t index = 0;
    const Json* below = nullptr;
    if (at != nullptr && at->is_structured()) {
      for (auto member = at->begin(); member != at->end() && below == nullptr; ++member) {
        const bool is_it = at->is_object() ? member.key() == token : std::to_string(index) == token;
        if (is_it) below = &*member;
        if (!is_it) ++index;
      }
    }
    out.push_back(index);
    at = below;
  }
  return out;
}

/// From the top of the document to its end, so that a reader can go through it once.
void sort_by_position(Problems& problems, const Json& document) {
  std::vector<std::pair<std::vector<std::size_t>, Problem>> placed;
  for (Problem& problem : problems) {
    std::vector<std::size_t> at = position(document, problem.pointer);
    placed.emplace_back(std::move(at), std::move(problem));
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < placed.size(); ++i) problems[i] = std::move(placed[i].second);
}

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
    sort_by_position(reading.problems, document);
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
