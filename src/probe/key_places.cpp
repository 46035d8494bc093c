#include "probe/key_places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/letter_case.hpp"

namespace weir::probe {
namespace {

using PlaceKind = scenario::FieldPlace::Kind;

/// Letters, digits and "_" of a text, in lower case: what may be a name in a template.
std::string as_name(std::string_view text) {
  std::string name = lower_case(text);
  if (name.starts_with("x-") && name.size() > 2) name.erase(0, 2);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_'; }, '_');
  const bool starts_well = !name.empty() && (name[0] < '0' || name[0] > '9') && name[0] != '_';
  return starts_well ? name : "key_" + name;
}

std::string name_of(const scenario::FieldPlace& place) {
  switch (place.kind) {
    case PlaceKind::bearer:
      return "token";
    case PlaceKind::api_key:
      return "api_key";
    case PlaceKind::path:
      return fmt::format("path_{}", place.number);
    case PlaceKind::body:
      return as_name(place.name.substr(place.name.rfind('/') + 1));
    default:
      return as_name(place.name);
  }
}

std::string why_not_a_key(const scenario::Identification& where) {
  if (where.places.size() > 1) return "must be one place: give --key several times";
  const scenario::FieldPlace& place = where.places[0];
  if (place.kind == PlaceKind::client)
    return "a client cannot choose the address that it comes from";
  if (place.kind == PlaceKind::literal) return "is the same for every client";
  constexpr std::array<std::string_view, 7> of_http = {
      "host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "expect"};
  const bool is_of_http = std::any_of(of_http.begin(), of_http.end(), [&](std::string_view name) {
    return same_in_any_case(place.name, name);
  });
  if (place.kind == PlaceKind::header && is_of_http) return "says how HTTP is spoken, not who asks";
  if (place.is_of_answer()) return "is known only once a request has been answered";
  return "";
}

tl::unexpected<Error> refuse_key(const KeyPlace& key, const std::string& why) {
  return fail(ErrorKind::usage, fmt::format("--key {}: {}", key.where.text, why));
}

/// Where the segment of a URL with that number, from 1, begins and ends; the end of the path for
/// the one behind the last.
Result<std::pair<std::size_t, std::size_t>> segment_of(const std::string& url,
                                                       const KeyPlace& key) {
  const std::size_t authority = url.find("://") == url.npos ? 0 : url.find("://") + 3;
  const std::size_t path_end = std::min(url.find_first_of("?#", authority), url.size());
  std::size_t begin = std::min(url.find('/', authority), path_end);
  for (std::size_t number = 1; begin < path_end; ++number) {
    const std::size_t end = std::min(url.find('/', begin + 1), path_end);
    if (number == key.where.places[0].number && end > begin + 1) return std::pair(begin + 1, end);
    begin = end;
  }
  return refuse_key(key, "the path of the URL has no such segment");
}

Result<void> put_into_path(const KeyPlace& key, std::string& url) {
  const auto segment = segment_of(url, key);
  if (!segment) return tl::unexpected(segment.error());
  url.replace(segment->first, segment->second - segment->first, "{" + key.name + "}");
  return {};
}

/// Instead of a value that the URL gives; one that it does not give is added by whoever writes
/// requests.
void put_into_query(const KeyPlace& key, std::string& url) {
  const std::string name = key.where.places[0].name + "=";
  std::size_t begin = url.find('?');
  while (begin != url.npos && url.compare(begin + 1, name.size(), name) != 0) {
    begin = url.find('&', begin + 1);
  }
  if (begin == url.npos) return;
  begin += 1 + name.size();
  const std::size_t end = std::min(url.find_first_of("&#", begin), url.size());
  url.replace(begin, end - begin, "{" + key.name + "}");
}

Result<void> put_into_body(const KeyPlace& key, scenario::TextSource& body) {
  auto document = nlohmann::ordered_json::parse(body.text, nullptr, false);
  if (document.is_discarded() || !document.is_structured()) {
    return refuse_key(key, "needs a --body of JSON, which it is a place in");
  }
  try {
    document[nlohmann::ordered_json::json_pointer(key.where.places[0].name)] = "{" + key.name + "}";
  } catch (const nlohmann::json::exception&) {
    return refuse_key(key, "is no place in the --body that is given");
  }
  body.text = document.dump();
  return {};
}

bool gives_header(const scenario::TargetSpec& target, std::string_view name) {
  return std::any_of(target.headers.begin(), target.headers.end(),
                     [&](const auto& header) { return same_in_any_case(header.first, name); });
}

/// The header that a key stands in; empty if it stands elsewhere.
std::string header_of_key(const KeyPlace& key) {
  const scenario::FieldPlace& place = key.where.places[0];
  if (place.kind == PlaceKind::header) return place.name;
  if (place.kind == PlaceKind::bearer) return "Authorization";
  if (place.kind == PlaceKind::api_key) return "X-API-Key";
  return "";
}

/// Headers are the same in any letter case, and where a credential stands in one.
bool is_same_place(const KeyPlace& a, const KeyPlace& b) {
  const std::string header = header_of_key(a);
  return header.empty() ? a.where.places == b.where.places
                        : same_in_any_case(header, header_of_key(b));
}

}  // namespace

Result<std::vector<KeyPlace>> parse_key_places(const std::vector<std::string>& texts) {
  std::vector<KeyPlace> keys;
  for (const std::string& text : texts) {
    auto where = scenario::parse_identification(text);
    if (!where) {
      return fail(ErrorKind::usage,
                  fmt::format("--key {}: must be such as header:X-User, query:user, path:2, "
                              "body:/user, bearer or api-key",
                              text));
    }
    KeyPlace key{name_of(where->places[0]), std::move(*where)};
    if (const std::string why = why_not_a_key(key.where); !why.empty()) return refuse_key(key, why);
    const auto is_taken = [&](const std::string& name) {
      return std::any_of(keys.begin(), keys.end(),
                         [&](const KeyPlace& other) { return other.name == name; });
    };
    for (const KeyPlace& other : keys) {
      if (is_same_place(other, key)) return refuse_key(key, "is given twice");
    }
    const std::string base = key.name;
    for (int i = 2; is_taken(key.name); ++i) key.name = fmt::format("{}_{}", base, i);
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<void> put_keys(const std::vector<KeyPlace>& keys, scenario::TargetSpec& target) {
  for (const KeyPlace& key : keys) {
    const PlaceKind kind = key.where.places[0].kind;
    if (const std::string header = header_of_key(key);
        !header.empty() && gives_header(target, header)) {
      return refuse_key(key, fmt::format("-H gives {} a value, and a key needs many", header));
    }
    Result<void> put;
    if (kind == PlaceKind::path) put = put_into_path(key, target.url);
    if (kind == PlaceKind::query) put_into_query(key, target.url);
    if (kind == PlaceKind::body) put = put_into_body(key, target.body);
    if (!put) return put;
    target.identify[key.name] = key.where;
  }
  return {};
}

}  // namespace weir::probe
