#include "load/text_template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "scenario/target.hpp"

namespace weir::load {
namespace {

bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

bool is_control(unsigned char c) { return c < ' ' || c == 0x7f; }

void append_number(std::int64_t number, std::string& out) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(byte)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (is_control(static_cast<unsigned char>(c))) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out;
}

// Nothing in a value can end its header.
std::string header_safe(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return is_control(c); }, ' ');
  return out;
}

}  // namespace

Result<TextTemplate> TextTemplate::make(std::string_view text, Place place,
                                        const ValueNames& names) {
  TextTemplate made;
  made.place_ = place;
  made.names_ = names;
  for (scenario::TemplatePart& part : scenario::parse_template(text)) {
    if (!part.is_name) {
      made.parts_.push_back({Part::Kind::text, std::move(part.text), 0});
    } else if (const auto attribute = names.columns->find_attribute(part.text)) {
      made.parts_.push_back({Part::Kind::attribute, {}, *attribute});
    } else if (const auto cost = names.columns->find_cost(part.text)) {
      made.parts_.push_back({Part::Kind::cost, {}, *cost});
    } else if (part.text == "operation") {
      made.parts_.push_back({Part::Kind::operation, {}, 0});
    } else {
      return fail(
          ErrorKind::invalid_scenario,
          fmt::format("{{{}}}: no request has an attribute or a cost of that name", part.text));
    }
  }
  return made;
}

bool TextTemplate::names_any(const std::vector<std::size_t>& attributes) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    return part.kind == Part::Kind::attribute &&
           std::count(attributes.begin(), attributes.end(), part.column) > 0;
  });
}

void TextTemplate::append(const RenderedRow& row, std::string& out) const {
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Part::Kind::text:
        out += part.text;
        break;
      case Part::Kind::attribute:
        append_attribute(part, row, out);
        break;
      case Part::Kind::cost:
        append_number(row.block->costs[part.column][row.row], out);
        break;
      case Part::Kind::operation:
        append_number(static_cast<std::int64_t>(row.block->operation[row.row]), out);
        break;
    }
  }
}

void TextTemplate::append_attribute(const Part& part, const RenderedRow& row,
                                    std::string& out) const {
  const std::size_t from = out.size();
  if (row.replaced != nullptr &&
      std::count(row.replaced->begin(), row.replaced->end(), part.column) > 0) {
    out += row.replacement;
    return make_safe(out, from);
  }
  const Dictionary& dictionary = names_.columns->dictionaries[part.column];
  const ValueId id = row.block->attributes[part.column][row.row];
  dictionary.append_name(id, out);
  if (!names_.nonce.empty() && dictionary.is_generated(id)) {
    out += '-';
    out += names_.nonce;
  }
  make_safe(out, from);
}

// Most values are safe as they are, and cost no memory then.
void TextTemplate::make_safe(std::string& out, std::size_t from) const {
  if (place_ == Place::plain) return;
  const bool is_safe = std::all_of(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(),
                                   [](unsigned char c) { return is_unreserved(c); });
  if (is_safe) return;
  const std::string value = out.substr(from);
  out.resize(from);
  switch (place_) {
    case Place::url:
      out += percent_encoded(value);
      break;
    case Place::json:
      out += json_escaped(value);
      break;
    default:
      out += header_safe(value);
  }
}

}  // namespace weir::load
