#include "load/response_head.hpp"

#include "http/header_text.hpp"
#include "load/byte_classes.hpp"
#include "load/head_lines.hpp"

namespace weir::load {
namespace {

using FramingReader = bool (MessageFraming::*)(std::string_view value);

/// What reads the header of a name, if it is one of those that are not the caller's.
FramingReader framing_reader(std::string_view name) {
  switch (name.size()) {
    case 10:
      return http::is_word(name, "connection") ? &MessageFraming::add_connection : nullptr;
    case 14:
      return http::is_word(name, "content-length") ? &MessageFraming::add_content_length : nullptr;
    case 16:
      return http::is_word(name, "proxy-connection") ? &MessageFraming::add_connection : nullptr;
    case 17:
      return http::is_word(name, "transfer-encoding") ? &MessageFraming::add_transfer_encoding
                                                      : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace

void ResponseHead::clear() {
  size_ = 0;
  status_ = 0;
  framing_ = {};
  headers_.clear();
}

ResponseHead::State ResponseHead::read(std::string_view text, WantsHeader wants) {
  HeadLines lines(text.substr(size_));
  for (;;) {
    const HeadLines::Status found = lines.next();
    if (found == HeadLines::Status::unfinished) return State::unfinished;
    if (found == HeadLines::Status::malformed) return State::malformed;
    const std::string_view line = lines.line();
    size_ = static_cast<std::size_t>(lines.rest() - text.data());
    if (status_ == 0) {
      if (!read_status_line(line)) return State::malformed;
    } else if (line.empty()) {
      return State::finished;
    } else if (!read_header(line, text, wants)) {
      return State::malformed;
    }
  }
}

bool ResponseHead::read_status_line(std::string_view line) {
  constexpr std::string_view example = "HTTP/1.1 200";
  if (line.size() < example.size() || !line.starts_with("HTTP/1.")) return false;
  if ((line[7] != '0' && line[7] != '1') || line[8] != ' ') return false;
  // Not every server writes the blank where no reason follows it.
  if (line.size() > example.size() && line[example.size()] != ' ') return false;
  int status = 0;
  for (const char digit : line.substr(9, 3)) {
    if (digit < '0' || digit > '9') return false;
    status = status * 10 + (digit - '0');
  }
  http_1_0_ = line[7] == '0';
  status_ = status;
  return status >= 100;
}

bool ResponseHead::read_header(std::string_view line, std::string_view text, WantsHeader wants) {
  // The line end, if nothing else, is no token: the name's end is in the line, though blocks of
  // bytes are looked at that reach beyond.
  const char* const colon = end_of_name(line.data(), text.data() + text.size());
  if (colon == line.data() || *colon != ':') return false;
  const std::size_t name_size = static_cast<std::size_t>(colon - line.data());
  const std::string_view name = line.substr(0, name_size);
  const auto value = [&] { return http::without_blanks(line.substr(name_size + 1)); };
  if (const FramingReader reader = framing_reader(name)) return (framing_.*reader)(value());
  if (wants(name)) keep_header(name, value(), text);
  return true;
}

void ResponseHead::keep_header(std::string_view name, std::string_view value,
                               std::string_view text) {
  const auto part = [text](std::string_view of) {
    return Part{static_cast<std::uint32_t>(of.data() - text.data()),
                static_cast<std::uint32_t>(of.size())};
  };
  headers_.push_back({part(name), part(value)});
}

Header ResponseHead::header(std::size_t index, const char* begin) const {
  const auto text = [begin](Part part) { return std::string_view(begin + part.begin, part.size); };
  return {text(headers_[index].name), text(headers_[index].value)};
}

}  // namespace weir::load
