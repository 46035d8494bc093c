#include "scenario/identification.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace weir::scenario {
namespace {

using Kind = FieldPlace::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 3> place_words = {
    {{"bearer", Kind::bearer}, {"api-key", Kind::api_key}, {"client", Kind::client}}};
constexpr std::array<std::pair<std::string_view, Kind>, 6> place_prefixes = {
    {{"header:", Kind::header},
     {"query:", Kind::query},
     {"path:", Kind::path},
     {"body:", Kind::body},
     {"answer:", Kind::answer},
     {"answer-header:", Kind::answer_header}}};

bool is_header_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("()<>@,;:\\\"/[]?={}").find(static_cast<char>(c)) ==
               std::string_view::npos;
  });
}

/// Checks what stands behind a prefix.
bool read_name(FieldPlace& place) {
  if (place.name.empty()) return false;
  if (place.kind == Kind::header || place.kind == Kind::answer_header) {
    return is_header_name(place.name);
  }
  if (place.kind == Kind::body || place.kind == Kind::answer) return place.name[0] == '/';
  if (place.kind != Kind::path) return true;
  const Parsed<std::int64_t> number = parse_integer(place.name);
  if (!number || *number < 1 || *number > 100) return false;
  place.number = static_cast<std::size_t>(*number);
  return true;
}

std::optional<FieldPlace> place_of(std::string_view text) {
  for (const auto& [word, kind] : place_words) {
    if (text == word) return FieldPlace{kind, "", 0};
  }
  if (text.starts_with('=')) return FieldPlace{Kind::literal, std::string(text.substr(1)), 0};
  for (const auto& [prefix, kind] : place_prefixes) {
    if (!text.starts_with(prefix)) continue;
    FieldPlace place{kind, std::string(text.substr(prefix.size())), 0};
    if (read_name(place)) return place;
  }
  return std::nullopt;
}

}  // namespace

Parsed<Identification> parse_identification(std::string_view text) {
  constexpr std::string_view separator = " or ";
  Identification found{std::string(text), {}};
  for (std::string_view rest = text;;) {
    const std::size_t end = rest.find(separator);
    const auto place = place_of(rest.substr(0, end));
    if (!place) {
      return tl::unexpected(fmt::format(
          "must be such as \"header:X-User\", \"query:user\", \"path:2\", \"body:/user\", "
          "\"bearer\", \"api-key\", \"client\", \"answer:/usage/total_tokens\" or \"header:X-Tier "
          "or =free\", got \"{}\"",
          text));
    }
    found.places.push_back(*place);
    if (end == std::string_view::npos) return found;
    rest.remove_prefix(end + separator.size());
  }
}

}  // namespace weir::scenario
