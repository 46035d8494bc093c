#include "load/structured_field.hpp"

#include <algorithm>
#include <cstddef>

#include "core/text.hpp"

namespace weir::load {
namespace {

bool in_digits(char c) { return c >= '0' && c <= '9'; }
bool in_lower_case(char c) { return c >= 'a' && c <= 'z'; }
bool in_letters(char c) { return in_lower_case(c) || (c >= 'A' && c <= 'Z'); }
bool in_keys(char c) {
  return in_lower_case(c) || in_digits(c) ||
         std::string_view("_-.*").find(c) != std::string_view::npos;
}
bool in_tokens(char c) {
  return in_letters(c) || in_digits(c) ||
         std::string_view("!#$%&'*+-.^_`|~:/").find(c) != std::string_view::npos;
}
bool in_base64(char c) { return in_letters(c) || in_digits(c) || c == '+' || c == '/' || c == '='; }

constexpr std::string_view optional_white_space = " \t";

}  // namespace

bool StructuredFieldReader::fail() {
  good_ = false;
  return false;
}

bool StructuredFieldReader::take(char c) {
  if (rest_.empty() || rest_.front() != c) return false;
  rest_.remove_prefix(1);
  return true;
}

void StructuredFieldReader::skip_blanks(std::string_view blanks) {
  rest_.remove_prefix(std::min(rest_.size(), rest_.find_first_not_of(blanks)));
}

std::string_view StructuredFieldReader::take_while(bool (*wanted)(char)) {
  const auto* const end = std::find_if_not(rest_.begin(), rest_.end(), wanted);
  const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
  rest_.remove_prefix(taken.size());
  return taken;
}

bool StructuredFieldReader::next() {
  // What was not asked for has to be right all the same.
  while (next_parameter()) {
  }
  if (!good_ || !take_separator()) return false;
  if (form_ == Form::list) return take_item(item_);
  return take_key(key_) && take_value(item_);
}

bool StructuredFieldReader::next_parameter() {
  if (!good_ || !started_ || !take(';')) return false;
  skip_blanks(" ");
  return take_key(parameter_key_) && take_value(parameter_);
}

/// What stands before a member: nothing before the first, else a comma. False at the end.
bool StructuredFieldReader::take_separator() {
  if (!started_) {
    started_ = true;
    return rest_.empty() ? fail() : true;
  }
  skip_blanks(optional_white_space);
  if (rest_.empty()) return false;
  if (!take(',')) return fail();
  skip_blanks(optional_white_space);
  return true;
}

bool StructuredFieldReader::take_key(std::string_view& key) {
  const bool begins = !rest_.empty() && (in_lower_case(rest_.front()) || rest_.front() == '*');
  if (!begins) return fail();
  key = take_while(in_keys);
  return true;
}

/// The value behind a key; a key alone is true.
bool StructuredFieldReader::take_value(BareItem& item) {
  if (take('=')) return take_item(item);
  item = {BareItem::Kind::boolean, 0, {}};
  return true;
}

bool StructuredFieldReader::take_item(BareItem& item) {
  const char first = rest_.empty() ? '\0' : rest_.front();
  if (first == '-' || in_digits(first)) return take_number(item);
  if (first == '*' || in_letters(first)) {
    item = {BareItem::Kind::token, 0, take_while(in_tokens)};
    return true;
  }
  switch (first) {
    case '"':
    case '%':
      return take_quoted(item);
    case ':':
      return take_bytes(item);
    case '?':
      return take_boolean(item);
    case '@':
      return take_date(item);
    default:
      return fail();
  }
}

bool StructuredFieldReader::take_number(BareItem& item) {
  const std::string_view text = rest_;
  take('-');
  if (take_while(in_digits).empty()) return fail();
  if (take('.')) {
    const std::size_t decimals = take_while(in_digits).size();
    item = {BareItem::Kind::decimal, 0, text.substr(0, text.size() - rest_.size())};
    return decimals >= 1 && decimals <= 3 ? true : fail();
  }
  const std::string_view digits = text.substr(0, text.size() - rest_.size());
  const Parsed<std::int64_t> value = parse_integer(digits);
  if (!value) return fail();
  item = {BareItem::Kind::integer, *value, digits};
  return true;
}

/// "@1659578233".
bool StructuredFieldReader::take_date(BareItem& item) {
  take('@');
  if (!take_number(item) || item.kind != BareItem::Kind::integer) return fail();
  item.kind = BareItem::Kind::date;
  return true;
}

/// A string, or with a percent sign in front a display string, whose escapes are not looked at.
bool StructuredFieldReader::take_quoted(BareItem& item) {
  const bool display = take('%');
  if (!take('"')) return fail();
  for (std::size_t i = 0; i < rest_.size(); ++i) {
    const char c = rest_[i];
    if (c == '"') {
      item = {display ? BareItem::Kind::display_string : BareItem::Kind::string, 0,
              rest_.substr(0, i)};
      rest_.remove_prefix(i + 1);
      return true;
    }
    if (c < ' ' || c > '~') return fail();
    if (c != '\\' || display) continue;
    ++i;
    if (i == rest_.size() || (rest_[i] != '"' && rest_[i] != '\\')) return fail();
  }
  return fail();
}

/// ":cHsdsRa894==:".
bool StructuredFieldReader::take_bytes(BareItem& item) {
  take(':');
  item = {BareItem::Kind::bytes, 0, take_while(in_base64)};
  return take(':') ? true : fail();
}

/// "?0" or "?1".
bool StructuredFieldReader::take_boolean(BareItem& item) {
  take('?');
  item = {BareItem::Kind::boolean, 0, rest_.substr(0, 1)};
  return take('0') || take('1') ? true : fail();
}

}  // namespace weir::load
