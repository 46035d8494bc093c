#include "scenario/json_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

namespace weir::scenario {
namespace {

/// "line 3, column 7" of a byte.
std::string line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t column =
      newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return fmt::format("line {}, column {}", lines + 1, column + 1);
}

/// The library's message without its prefixes: what was found and what was expected.
std::string reason(std::string_view what) {
  const std::size_t id_end = what.find("] ");
  if (id_end != std::string_view::npos) what.remove_prefix(id_end + 2);
  const std::size_t syntax = what.find("syntax error");
  if (syntax == std::string_view::npos) return std::string(what);
  const std::size_t dash = what.find(" - ", syntax);
  if (dash == std::string_view::npos) return std::string(what.substr(syntax));
  std::string out(what.substr(dash + 3));
  const bool starts_wrongly =
      out.rfind("unexpected", 0) == 0 || out.rfind("invalid literal", 0) == 0;
  if (starts_wrongly && out.find("; expected ") == std::string::npos) {
    out += "; expected a value";
  }
  return out;
}

/// Builds a document from its events, because the library's own builder drops a duplicate key
/// silently.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(std::string_view text) : text_(text) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.key = std::move(name);
    level.is_duplicate = !level.keys.insert(level.key).second;
    if (level.is_duplicate) result_.problems.push_back({pointer(), "is given twice"});
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::size_t offset = position == 0 ? 0 : position - 1;
    result_.problems.push_back(
        {"", fmt::format("{}: {}", line_and_column(text_, offset), reason(error.what()))});
    return false;
  }

  JsonText take() { return std::move(result_); }

 private:
  /// An object or array that is still open, and the key that its next value has.
  struct Level {
    Json value;
    std::string key;
    bool is_duplicate = false;
    std::unordered_set<std::string> keys;
  };

  std::string pointer() const {
    std::string out;
    for (const Level& level : levels_) {
      out += '/';
      out += level.value.is_object() ? pointer_token(level.key)
                                     : fmt::format("{}", level.value.size());
    }
    return out;
  }

  bool add(Json value) {
    if (levels_.empty()) {
      result_.document = std::move(value);
      return true;
    }
    Level& level = levels_.back();
    if (level.value.is_array()) {
      level.value.push_back(std::move(value));
    } else if (!level.is_duplicate) {
      // Past the object's own insertion, which searches all keys each time.
      Json::object_t::Container& members = level.value.get_ref<Json::object_t&>();
      members.emplace_back(std::move(level.key), std::move(value));
    }
    return true;
  }

  bool open(Json value) {
    if (levels_.size() == deepest_nesting) {
      result_.problems.push_back(
          {pointer(), fmt::format("must not nest deeper than {} levels", deepest_nesting)});
      return false;
    }
    levels_.push_back(Level{std::move(value), {}, false, {}});
    return true;
  }

  bool close() {
    Json value = std::move(levels_.back().value);
    levels_.pop_back();
    return add(std::move(value));
  }

  std::string_view text_;
  std::vector<Level> levels_;
  JsonText result_;
};

}  // namespace

JsonText read_json(std::string_view text) {
  Builder builder(text);
  const bool is_json = Json::sax_parse(text.begin(), text.end(), &builder,
                                       nlohmann::detail::input_format_t::json, true, true);
  JsonText result = builder.take();
  if (!is_json) result.document.reset();
  return result;
}

std::string pointer_token(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string show(const Json& value) {
  constexpr std::size_t longest = 60;
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= longest) return text;
  std::size_t end = longest;
  // Not in the middle of a UTF-8 sequence.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + (value.is_string() ? "…\"" : "…");
}

std::optional<std::vector<std::string>> pointer_tokens(std::string_view pointer) {
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const char c = pointer[i];
    if (c == '/') {
      tokens.emplace_back();
      continue;
    }
    if (tokens.empty()) return std::nullopt;
    if (c != '~') {
      tokens.back() += c;
      continue;
    }
    if (++i == pointer.size() || (pointer[i] != '0' && pointer[i] != '1')) return std::nullopt;
    tokens.back() += pointer[i] == '0' ? '~' : '/';
  }
  return tokens;
}

}  // namespace weir::scenario
