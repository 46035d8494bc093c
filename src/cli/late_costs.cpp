#include "cli/late_costs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/fields.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/answer_costs.hpp"

namespace weir::cli {
namespace {

using Places = std::map<std::string, scenario::Identification>;

const scenario::Identification* place_in_answer(const Places& places, const std::string& cost) {
  const auto found = places.find(cost);
  if (found == places.end()) return nullptr;
  const bool is_of_answer =
      std::any_of(found->second.places.begin(), found->second.places.end(),
                  [](const scenario::FieldPlace& place) { return place.is_of_answer(); });
  return is_of_answer ? &found->second : nullptr;
}

boost::beast::http::fields fields_of(std::string_view lines) {
  boost::beast::http::fields fields;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    // Every head of several begins with its status, and the last one counts.
    if (line.starts_with("HTTP/")) fields.clear();
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) continue;
    line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    const auto blanks = line.find_first_not_of(" \t", colon + 1);
    const std::string_view value = blanks == line.npos ? "" : line.substr(blanks);
    fields.insert({line.data(), colon}, {value.data(), value.size()});
  }
  return fields;
}

}  // namespace

tl::expected<oracle::LiveEvidence::ReadCosts, Problems> late_costs_of(
    const policy::PolicySpec& policy, const Columns& columns,
    const std::optional<scenario::TargetSpec>& target) {
  const auto places = std::make_shared<const Places>(target ? target->identify : Places());
  std::vector<const scenario::Identification*> wanted(columns.costs.size(), nullptr);
  Problems problems;
  bool any = false;
  for (const policy::LimitSpec& limit : policy.limits) {
    if (limit.charge.when == policy::ChargeSpec::When::admit || limit.cost.empty()) continue;
    const auto column = std::find(columns.costs.begin(), columns.costs.end(), limit.cost);
    if (column == columns.costs.end()) continue;
    const scenario::Identification* place = place_in_answer(*places, limit.cost);
    wanted[static_cast<std::size_t>(column - columns.costs.begin())] = place;
    any = true;
    if (place != nullptr) continue;
    problems.push_back(
        {"/target/identify/" + limit.cost,
         fmt::format("limit \"{}\" charges {} when the gateway has answered, and nobody else knows "
                     "how many those are: say where the answer tells them, such as "
                     "\"answer:/usage/total_tokens\" or \"answer-header:X-Tokens\"",
                     limit.name, limit.cost)});
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  if (!any) return oracle::LiveEvidence::ReadCosts();
  return [places, wanted](const load::Testimony& testimony) {
    gateway::AnswerCosts costs(wanted);
    costs.begin(fields_of(testimony.head_lines));
    costs.feed(testimony.body);
    return costs.finish();
  };
}

}  // namespace weir::cli
