#include "scenario/describe_target.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/letter_case.hpp"

namespace weir::scenario {
namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || others.find(static_cast<char>(c)) != others.npos;
  });
}

Parsed<std::string> text_of(const Json& json) { return Word{}.parse(json); }

}  // namespace

bool TextSourceCodec::read(const Place& place, TextSource& source) const {
  if (!place.json().is_object()) {
    source.kind = TextSource::Kind::text;
    if (place.json().is_string()) return read_member(Text{}, place, source.text);
    place.problem("must be a string, {\"file\": \"PATH\"} or {\"env\": \"NAME\"}, got " +
                  show(place.json()));
    return false;
  }
  SecretSource secret;
  if (!Object<SecretSource>{}.read(place, secret)) return false;
  const bool is_file = !secret.file.empty();
  source.kind = is_file ? TextSource::Kind::file : TextSource::Kind::environment;
  source.text = is_file ? place.reading().resolve(secret.file) : secret.env;
  return true;
}

Json TextSourceCodec::schema(Definitions& definitions) const {
  return {{"anyOf", Json::array({Text{}.schema(), Object<SecretSource>{}.schema(definitions)})}};
}

Parsed<std::string> HeaderName::parse(const Json& json) const {
  auto name = text_of(json);
  if (!name) return name;
  if (!is_token(*name)) {
    return tl::unexpected(fmt::format("must be the name of a header, got \"{}\"", *name));
  }
  constexpr std::array<std::string_view, 3> own = {"Content-Length", "Transfer-Encoding",
                                                   "Connection"};
  for (const std::string_view reserved : own) {
    if (!same_in_any_case(*name, reserved)) continue;
    return tl::unexpected(
        fmt::format("must not be \"{}\", which is set for every request anyway", reserved));
  }
  return name;
}

bool HeadersCodec::read(const Place& place, Value& headers) const {
  return read_members(place, HeaderName{}, 0, [&](const std::string& name, const Place& member) {
    TextSource& source = headers[name];
    if (!TextSourceCodec{}.read(member, source)) return false;
    if (source.kind != TextSource::Kind::text ||
        source.text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos) {
      return true;
    }
    member.problem("must be one line");
    return false;
  });
}

Parsed<Identification> IdentificationKind::parse(const Json& json) const {
  const auto text = text_of(json);
  if (!text) return tl::unexpected(text.error());
  return parse_identification(*text);
}

Parsed<std::string> TargetUrl::parse(const Json& json) const {
  auto url = text_of(json);
  if (!url) return url;
  const bool is_known = url->rfind("http://", 0) == 0 || url->rfind("https://", 0) == 0;
  const std::size_t scheme = url->find("://");
  const bool has_host = is_known && url->size() > scheme + 3 && (*url)[scheme + 3] != '/';
  const bool is_clean =
      std::none_of(url->begin(), url->end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
  if (has_host && is_clean) return url;
  return tl::unexpected(
      fmt::format("must be such as \"http://127.0.0.1:8080/v1/{{model}}\", got {}", show(json)));
}

Parsed<std::string> MethodName::parse(const Json& json) const {
  auto method = text_of(json);
  if (!method) return method;
  const bool is_upper =
      std::all_of(method->begin(), method->end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (is_upper && *method != "CONNECT") return method;
  return tl::unexpected(fmt::format("must be a method such as \"GET\", got \"{}\"", *method));
}

}  // namespace weir::scenario
