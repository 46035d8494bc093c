#include "load/request_template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/base64.hpp"
#include "core/letter_case.hpp"

namespace weir::load {
namespace {

using scenario::TargetSpec;
using scenario::TextSource;
using PlaceKind = scenario::FieldPlace::Kind;

Result<std::string> read_secret_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) {
    return fail(ErrorKind::cannot_run, fmt::format("{}: cannot be read", path));
  }
  std::string text = content.str();
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::string> text_of(const TextSource& source) {
  switch (source.kind) {
    case TextSource::Kind::text:
      break;
    case TextSource::Kind::file:
      return read_secret_file(source.text);
    case TextSource::Kind::environment: {
      const char* value = std::getenv(source.text.c_str());
      if (value == nullptr) {
        return fail(ErrorKind::cannot_run,
                    fmt::format("the environment variable {} is not set", source.text));
      }
      return std::string(value);
    }
  }
  return source.text;
}

/// Headers by name, as they are to be sent; what the scenario gives comes before what is implied.
class HeaderList {
 public:
  std::vector<std::pair<std::string, std::string>> headers;

  bool has(std::string_view name) const {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const auto& header) { return same_in_any_case(header.first, name); });
  }
  void imply(const std::string& name, const std::string& value) {
    if (!has(name)) headers.emplace_back(name, value);
  }
};

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

Result<HeaderList> headers_of(const TargetSpec& target, const http::Url& url) {
  HeaderList list;
  list.headers.emplace_back("Host", url.authority);
  for (const auto& [name, source] : target.headers) {
    auto value = text_of(source);
    if (!value) return tl::unexpected(value.error());
    if (!is_one_line(*value)) {
      return fail(ErrorKind::cannot_run, fmt::format("the header {} must be one line", name));
    }
    if (same_in_any_case(name, "Host")) {
      list.headers[0].second = *value;
    } else {
      list.headers.emplace_back(name, std::move(*value));
    }
  }
  for (const auto& [attribute, where] : target.identify) {
    // A gateway that looks in several places finds it in the first.
    const scenario::FieldPlace& place = where.places.front();
    if (place.kind == PlaceKind::bearer) list.imply("Authorization", "Bearer {" + attribute + "}");
    if (place.kind == PlaceKind::api_key) list.imply("X-API-Key", "{" + attribute + "}");
    if (place.kind == PlaceKind::header) list.imply(place.name, "{" + attribute + "}");
  }
  if (!url.user_info.empty()) list.imply("Authorization", "Basic " + to_base64(url.user_info));
  list.imply("User-Agent", "weir/" WEIR_VERSION);
  list.imply("Accept", "*/*");
  return list;
}

std::string path_of(const TargetSpec& target, const http::Url& url) {
  std::string path = url.path;
  for (const auto& [attribute, where] : target.identify) {
    const std::string name = "{" + attribute + "}";
    const scenario::FieldPlace& place = where.places.front();
    if (place.kind != PlaceKind::query || path.find(name) != std::string::npos) continue;
    path += path.find('?') == std::string::npos ? '?' : '&';
    path += place.name + "=" + name;
  }
  return path;
}

bool looks_like_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && (text[first] == '{' || text[first] == '[');
}

bool takes_a_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

Result<RequestTemplate> RequestTemplate::make(const TargetSpec& target, const std::string& url,
                                              const ValueNames& names) {
  RequestTemplate made;
  auto parsed = http::parse_url(url);
  if (!parsed) return tl::unexpected(parsed.error());
  made.url_ = std::move(*parsed);
  auto body = text_of(target.body);
  if (!body) return tl::unexpected(body.error());
  made.method_ = !target.method.empty() ? target.method : body->empty() ? "GET" : "POST";
  auto headers = headers_of(target, made.url_);
  if (!headers) return tl::unexpected(headers.error());

  if (!body->empty() || takes_a_body(made.method_)) {
    const bool is_json = looks_like_json(*body);
    if (is_json) headers->imply("Content-Type", "application/json");
    auto text = TextTemplate::make(
        *body, is_json ? TextTemplate::Place::json : TextTemplate::Place::plain, names);
    if (!text) return tl::unexpected(text.error());
    made.body_ = std::move(*text);
  }
  auto path = TextTemplate::make(path_of(target, made.url_), TextTemplate::Place::url, names);
  if (!path) return tl::unexpected(path.error());
  made.path_ = std::move(*path);
  for (auto& [name, value] : headers->headers) {
    auto text = TextTemplate::make(value, TextTemplate::Place::header, names);
    if (!text) return tl::unexpected(text.error());
    made.headers_.push_back({std::move(name), std::move(*text)});
  }
  return made;
}

void RequestTemplate::append_http1(const RenderedRow& row, std::string& out) const {
  out += method_;
  out += ' ';
  path_.append(row, out);
  out += " HTTP/1.1\r\n";
  for (const Header& header : headers_) {
    out += header.name;
    out += ": ";
    header.value.append(row, out);
    out += "\r\n";
  }
  if (!body_) {
    out += "\r\n";
    return;
  }
  // The length is known only once the body is written: room for it is left and filled in later.
  out += "Content-Length: ";
  constexpr std::size_t digits = 10;
  const std::size_t length_at = out.size();
  out.append(digits, ' ');
  out += "\r\n\r\n";
  const std::size_t body_at = out.size();
  body_->append(row, out);
  char text[24];
  const char* const end = std::to_chars(text, text + sizeof text, out.size() - body_at).ptr;
  std::copy(static_cast<const char*>(text), end,
            out.begin() + static_cast<std::ptrdiff_t>(length_at + digits) - (end - text));
}

void RequestTemplate::append_url(const RenderedRow& row, std::string& out) const {
  out += url_.origin();
  path_.append(row, out);
}

void RequestTemplate::append_body(const RenderedRow& row, std::string& out) const {
  if (body_) body_->append(row, out);
}

void RequestTemplate::append_header(std::size_t i, const RenderedRow& row, std::string& out) const {
  out += headers_[i].name;
  out += ": ";
  headers_[i].value.append(row, out);
}

bool RequestTemplate::names_any(const std::vector<std::size_t>& attributes) const {
  const auto names = [&](const TextTemplate& text) { return text.names_any(attributes); };
  return names(path_) || (body_ && names(*body_)) ||
         std::any_of(headers_.begin(), headers_.end(),
                     [&](const Header& header) { return names(header.value); });
}

}  // namespace weir::load
