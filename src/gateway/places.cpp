#include "gateway/places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "http/query.hpp"

namespace weir::gateway {
namespace {

using scenario::FieldPlace;
using scenario::Identification;
using scenario::TargetSpec;

/// A header of the target that is nothing but the value.
std::optional<std::string> shown_in_header(const TargetSpec& target, const std::string& name) {
  for (const auto& [header, source] : target.headers) {
    if (source.kind != scenario::TextSource::Kind::text) continue;
    if (source.text == "{" + name + "}") return "header:" + header;
    if (header == "Authorization" && source.text == "Bearer {" + name + "}") return "bearer";
  }
  return std::nullopt;
}

/// A segment of the target's path, or a parameter of its query, that is nothing but the value.
std::optional<std::string> shown_in_url(const TargetSpec& target, const std::string& name) {
  const std::string value = "{" + name + "}";
  const std::size_t scheme = target.url.find("://");
  const std::size_t path = target.url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  if (path == std::string::npos) return std::nullopt;
  const std::size_t mark = target.url.find('?', path);
  std::string_view segments(target.url);
  segments = segments.substr(path, mark == std::string::npos ? mark : mark - path);
  for (std::size_t number = 1; !segments.empty(); ++number) {
    segments.remove_prefix(1);
    const std::string_view segment = segments.substr(0, segments.find('/'));
    if (segment == value) return fmt::format("path:{}", number);
    segments.remove_prefix(segment.size());
  }
  for (const auto& [parameter, shown] : http::query_pairs(target.url)) {
    if (shown == value) return fmt::format("query:{}", parameter);
  }
  return std::nullopt;
}

/// "user_id" as a header: "X-User-Id".
std::string header_named_after(std::string_view name) {
  std::string header = "X-";
  bool begins = true;
  for (const char c : name) {
    const bool is_word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    header += !is_word ? '-'
              : begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
                       : c;
    begins = !is_word;
  }
  return header;
}

std::optional<Identification> place_of(const std::string& name, const TargetSpec* target,
                                       const std::map<std::string, Identification>& given) {
  if (const auto found = given.find(name); found != given.end()) return found->second;
  if (target == nullptr) return std::nullopt;
  const auto found = target->identify.find(name);
  if (found != target->identify.end()) return found->second;
  auto shown = shown_in_header(*target, name);
  if (!shown) shown = shown_in_url(*target, name);
  if (!shown) return std::nullopt;
  const auto parsed = scenario::parse_identification(*shown);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

bool has_place(const Identification& where, bool of_answer) {
  return std::any_of(where.places.begin(), where.places.end(),
                     [&](const FieldPlace& place) { return place.is_of_answer() == of_answer; });
}

}  // namespace

tl::expected<Identifier::Places, Problems> find_places(
    const BoundPolicy& policy, const TargetSpec* target,
    const std::map<std::string, Identification>& given) {
  Identifier::Places places;
  Problems problems;
  for (const std::string& name : policy.attributes()) {
    auto place = place_of(name, target, given);
    if (!place) {
      const bool is_address = name == "client" || name == "ip" || name == "address";
      place = scenario::parse_identification(
                  is_address ? "client" : fmt::format("header:{}", header_named_after(name)))
                  .value_or(Identification());
    }
    places.attributes.push_back(std::move(*place));
  }
  for (std::size_t c = 0; c < policy.costs().size(); ++c) {
    const std::string& name = policy.costs()[c];
    const auto place = place_of(name, target, given);
    if (policy.is_asked(c) && (!place || !has_place(*place, false))) {
      problems.push_back({name, fmt::format("the cost \"{}\" is needed to decide: say where "
                                            "requests have it, as with {}=body:/max_tokens",
                                            name, name)});
    }
    if (policy.is_late(c) && (!place || !has_place(*place, true))) {
      problems.push_back({name, fmt::format("the cost \"{}\" is charged when it is known: say "
                                            "where answers tell it, as with "
                                            "{}=answer:/usage/total_tokens",
                                            name, name)});
    }
    places.costs.push_back(place.value_or(Identification()));
  }
  for (const auto& [name, where] : given) {
    const auto& attributes = policy.attributes();
    const auto& costs = policy.costs();
    if (std::find(attributes.begin(), attributes.end(), name) != attributes.end()) continue;
    if (std::find(costs.begin(), costs.end(), name) != costs.end()) continue;
    problems.push_back({name, fmt::format("no limit reads \"{}\"", name)});
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return places;
}

}  // namespace weir::gateway
