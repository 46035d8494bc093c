#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "traffic/lines.hpp"
#include "traffic/printable.hpp"
#include "traffic/trace_builder.hpp"
#include "traffic/trace_fields.hpp"
#include "traffic/trace_formats.hpp"

namespace weir::traffic {
namespace {

using Problem = std::optional<std::string>;

/// A member of a row's object; numbers and booleans as their JSON text.
struct Member {
  enum class Kind { string, number, boolean, null };
  std::string name;
  std::string text;
  Kind kind = Kind::null;
};

/// Collects the members of one flat object from nlohmann's events. Numbers are taken before they
/// are rounded to a double, so every digit counts.
class ObjectReader {
 public:
  using Json = nlohmann::json;

  /// The line's members, valid until the next call, or what is wrong with the line.
  Problem read(std::string_view line) {
    count_ = 0;
    depth_ = 0;
    problem_.reset();
    const bool complete = Json::sax_parse(line.begin(), line.end(), this);
    if (!problem_ && !complete) problem_ = "no valid JSON; expected one object in each line";
    return problem_;
  }
  std::size_t size() const { return count_; }
  const Member& operator[](std::size_t i) const { return members_[i]; }

  bool null() { return value(Member::Kind::null, ""); }
  bool boolean(bool is_true) { return value(Member::Kind::boolean, is_true ? "true" : "false"); }
  bool number_integer(Json::number_integer_t number) {
    return value(Member::Kind::number, std::to_string(number));
  }
  bool number_unsigned(Json::number_unsigned_t number) {
    return value(Member::Kind::number, std::to_string(number));
  }
  bool number_float(Json::number_float_t, const std::string& text) {
    return value(Member::Kind::number, text);
  }
  bool string(std::string& text) { return value(Member::Kind::string, text); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) {
    if (depth_ == 0) {
      depth_ = 1;
      return true;
    }
    return reject_nested();
  }
  bool key(std::string& name) {
    if (count_ == members_.size()) members_.emplace_back();
    members_[count_++].name = name;
    return true;
  }
  bool end_object() { return true; }
  bool start_array(std::size_t) { return depth_ == 0 ? reject_bare_value() : reject_nested(); }
  bool end_array() { return true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    problem_ = fmt::format("no valid JSON at byte {}; expected one object in each line", position);
    return false;
  }

 private:
  bool value(Member::Kind kind, std::string_view text) {
    if (depth_ == 0) return reject_bare_value();
    members_[count_ - 1].kind = kind;
    members_[count_ - 1].text = text;
    return true;
  }
  bool reject_bare_value() {
    problem_ = "JSON that is no object; expected one object in each line";
    return false;
  }
  bool reject_nested() {
    problem_ = fmt::format("{} holds an object or array; expected a string, number or boolean",
                           in_quotes(members_[count_ - 1].name));
    return false;
  }

  /// The first count_ are in use; the others keep their memory for the next line.
  std::vector<Member> members_;
  std::size_t count_ = 0;
  int depth_ = 0;
  Problem problem_;
};

class JsonlTraceReader {
 public:
  JsonlTraceReader(std::string_view content, std::string_view name, const TraceOptions& options)
      : lines_(content), builder_(name, options) {}

  Result<Trace> read() {
    while (lines_.next()) {
      if (lines_.line().find_first_not_of(" \t") == std::string_view::npos) continue;
      const Problem problem = read_row();
      if (!problem) continue;
      if (const auto error = builder_.reject_row(lines_.number(), *problem)) {
        return tl::unexpected(*error);
      }
    }
    return std::move(builder_).finish();
  }

 private:
  /// What the members of one name are.
  struct Field {
    FieldRole role = FieldRole::attribute;
    /// Where the builder has the column; absent until a good row has the member.
    std::optional<std::size_t> column;
    /// The last line that had the member.
    std::int64_t line = 0;
  };
  using NamedField = std::pair<const std::string, Field>;
  struct Cell {
    NamedField* field;
    std::string_view text;
    std::int64_t amount;
  };

  Problem read_row() {
    if (auto problem = members_.read(lines_.line())) return problem;
    cells_.clear();
    at_.reset();
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (auto problem = read_member(members_[i])) return problem;
    }
    if (!at_) return "no time; expected a member time_ns or time";
    // Every row has every column, so that a file of ever new names would fill the memory.
    constexpr std::size_t most_columns = 1000;
    if (columns_with_row() > most_columns) {
      return fmt::format("more than {} different members so far; expected fewer", most_columns);
    }
    add_row();
    return std::nullopt;
  }

  Problem read_member(const Member& member) {
    if (member.name.empty()) return "a member without a name; expected a name for every value";
    const auto found = fields_.try_emplace(member.name);
    NamedField& named = *found.first;
    Field& field = named.second;
    if (found.second) field.role = role_of(member.name);
    if (field.line == lines_.number()) {
      return fmt::format("{} stands twice; expected every member once", in_quotes(member.name));
    }
    field.line = lines_.number();
    if (is_time(field.role)) return read_time_member(field.role, member);
    if (field.role == FieldRole::cost) return read_cost(named, member);
    cells_.push_back({&named, member.text, 0});
    return std::nullopt;
  }

  static bool is_time(FieldRole role) {
    return role == FieldRole::time || role == FieldRole::time_ns;
  }

  Problem read_time_member(FieldRole role, const Member& member) {
    if (at_) return "both time_ns and time; expected one of them";
    const Parsed<Instant> at =
        role == FieldRole::time ? read_time(member.text) : read_time_ns(member.text);
    if (!at) return at.error();
    at_ = *at;
    return std::nullopt;
  }

  Problem read_cost(NamedField& named, const Member& member) {
    if (auto problem = check_cost_field(member.name)) return problem;
    if (member.kind == Member::Kind::null) return std::nullopt;
    const Parsed<std::int64_t> amount = read_amount(member.name, member.text);
    if (!amount) return amount.error();
    cells_.push_back({&named, {}, *amount});
    return std::nullopt;
  }

  /// How many columns the trace would have with the members of this row.
  std::size_t columns_with_row() const {
    std::size_t count = builder_.attribute_count() + builder_.cost_count();
    for (const Cell& cell : cells_) count += cell.field->second.column ? 0 : 1;
    return count;
  }

  void add_row() {
    for (const Cell& cell : cells_) {
      if (!cell.field->second.column) add_column(*cell.field);
    }
    values_.assign(builder_.attribute_count(), std::string_view());
    amounts_ = missing_amounts_;
    for (const Cell& cell : cells_) {
      const Field& field = cell.field->second;
      if (field.role == FieldRole::cost) {
        amounts_[*field.column] = cell.amount;
      } else {
        values_[*field.column] = cell.text;
      }
    }
    builder_.add_row(*at_, values_, amounts_);
  }

  void add_column(NamedField& named) {
    Field& field = named.second;
    if (field.role == FieldRole::attribute) {
      field.column = builder_.add_attribute(named.first);
      return;
    }
    const std::int64_t missing = named.first == "cost" ? 1 : 0;
    missing_amounts_.push_back(missing);
    field.column = builder_.add_cost(cost_name(named.first), missing);
  }

  LineReader lines_;
  TraceBuilder builder_;
  ObjectReader members_;
  std::unordered_map<std::string, Field> fields_;
  std::vector<Cell> cells_;
  std::optional<Instant> at_;
  /// What a row without the cost has, for every cost of the builder.
  std::vector<std::int64_t> missing_amounts_;
  std::vector<std::string_view> values_;
  std::vector<std::int64_t> amounts_;
};

}  // namespace

Result<Trace> parse_jsonl_trace(std::string_view content, std::string_view name,
                                const TraceOptions& options) {
  return JsonlTraceReader(content, name, options).read();
}

}  // namespace weir::traffic
