#include "scenario/describe_policy.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "limiter/catalogue.hpp"
#include "scenario/limit_check.hpp"
#include "scenario/table.hpp"

namespace weir::scenario {
namespace {

using limiter::ParameterSpec;
using limiter::ParameterType;
using limiter::ParameterValue;

constexpr std::size_t most_key_attributes = 100;

std::vector<std::string_view> algorithm_ids() {
  std::vector<std::string_view> ids;
  for (const limiter::AlgorithmInfo& info : limiter::catalogue()) ids.push_back(info.id);
  return ids;
}

/// What a value of that type looks like.
std::string expected_form(const ParameterSpec& spec) {
  switch (spec.type) {
    case ParameterType::count:
      return "a whole number";
    case ParameterType::duration:
      return "a duration such as \"250ms\"";
    case ParameterType::rate:
      return "a rate such as \"100/1m\"";
    case ParameterType::choice:
      return quoted_list(spec.choices);
    case ParameterType::boolean:
      return "true or false";
  }
  return "of a known type";
}

bool may_be_table(const ParameterSpec& spec) {
  return spec.type == ParameterType::count || spec.type == ParameterType::duration ||
         spec.type == ParameterType::rate;
}

/// The value as it would stand on a command line, or empty if it is of the wrong type.
std::optional<std::string> as_words(const ParameterSpec& spec, const Json& json) {
  switch (spec.type) {
    case ParameterType::count: {
      const Parsed<std::int64_t> n = parse_whole(json, std::numeric_limits<std::int64_t>::min(),
                                                 std::numeric_limits<std::int64_t>::max());
      if (!n) return std::nullopt;
      return fmt::format("{}", *n);
    }
    case ParameterType::boolean:
      if (!json.is_boolean()) return std::nullopt;
      return json.get<bool>() ? "true" : "false";
    default:
      if (!json.is_string()) return std::nullopt;
      return json.get<std::string>();
  }
}

Json plain_schema(const ParameterSpec& spec) {
  switch (spec.type) {
    case ParameterType::count:
      return Whole<std::int64_t>{spec.min, spec.max}.schema();
    case ParameterType::duration:
      return Time{}.schema();
    case ParameterType::rate:
      return Speed{}.schema();
    case ParameterType::choice:
      return {{"enum", spec.choices}};
    case ParameterType::boolean:
      return Flag{}.schema();
  }
  return true;
}

/// A default as it would stand in a file.
Json default_json(const ParameterSpec& spec) {
  const Parsed<ParameterValue> value = limiter::parse_parameter(spec, spec.default_value);
  if (value && spec.type == ParameterType::count) return std::get<std::int64_t>(*value);
  if (value && spec.type == ParameterType::boolean) return std::get<bool>(*value);
  return spec.default_value;
}

using When = policy::ChargeSpec::When;

Choice<When> charge_moment() { return {{{"admit", When::admit}, {"answer", When::answer}}}; }

/// Whether the algorithm may be charged at another time than the admission.
bool check_charge(const Place& place, const policy::LimitSpec& limit) {
  if (limit.charge.when == When::admit || limiter::settles_late(limit.algorithm)) return true;
  std::vector<std::string_view> able;
  for (const std::string_view id : algorithm_ids()) {
    if (limiter::settles_late(id)) able.push_back(id);
  }
  place.problem_of("charge", fmt::format("must be \"admit\" with {}; what is known late can be "
                                         "charged by {}",
                                         limit.algorithm, fmt::join(able, ", ")));
  return false;
}

bool has_parameter(const limiter::AlgorithmInfo& info, std::string_view name, ParameterType type) {
  return std::any_of(
      info.parameters.begin(), info.parameters.end(),
      [&](const ParameterSpec& spec) { return spec.name == name && spec.type == type; });
}

/// Whether the reference has what the algorithm does not say.
bool check_reference(const Place& place, const limiter::AlgorithmInfo& info) {
  const Place reference = place.field("reference");
  const bool has_own = has_parameter(info, "limit", ParameterType::count) &&
                       has_parameter(info, "window", ParameterType::duration);
  if (!place.has("reference") || has_own || !place.reading().is_sound(reference.pointer())) {
    return true;
  }
  bool is_right = true;
  for (const char* name : {"limit", "window"}) {
    if (reference.has(name)) continue;
    reference.problem_of(
        name, fmt::format("is required: {} has no limit and window of its own", info.id));
    is_right = false;
  }
  return is_right;
}

}  // namespace

Parsed<std::string> AlgorithmKind::parse(const Json& json) const {
  if (!json.is_string()) {
    return tl::unexpected("must be the id of an algorithm such as \"gcra\", got " + show(json));
  }
  const auto& id = json.get_ref<const std::string&>();
  if (limiter::find_algorithm(id) != nullptr) return id;
  const std::string_view near = nearest(id, algorithm_ids());
  return tl::unexpected(fmt::format(
      "unknown algorithm {}; {}", show(json),
      near.empty() ? "`weir algorithms` lists them" : fmt::format("did you mean \"{}\"?", near)));
}

Json AlgorithmKind::schema() const { return {{"enum", algorithm_ids()}}; }

Parsed<ParameterValue> parse_parameter_json(const ParameterSpec& spec, const Json& json) {
  const std::optional<std::string> words = as_words(spec, json);
  if (!words) {
    return tl::unexpected(fmt::format("must be {}, got {}", expected_form(spec), show(json)));
  }
  return limiter::parse_parameter(spec, *words);
}

bool ParameterCodec::read(const Place& place, policy::LimitSpec& limit) const {
  const std::string name(spec.name);
  const auto read_value = [&](const Place& value) -> std::optional<ParameterValue> {
    const Parsed<ParameterValue> parsed = parse_parameter_json(spec, value.json());
    if (!parsed) {
      value.problem(parsed.error());
      return std::nullopt;
    }
    return *parsed;
  };
  if (!place.json().is_object() || !may_be_table(spec)) {
    const std::optional<ParameterValue> value = read_value(place);
    if (value) limit.parameters.set(name, *value);
    return value.has_value();
  }
  policy::ParameterTable& table = limit.tables[name];
  return read_table(place, table.by, [&](const std::string& key, const Place& row) {
    const std::optional<ParameterValue> value = read_value(row);
    if (value && key == "default") table.otherwise = *value;
    if (value && key != "default") table.rows.emplace(key, *value);
    return value.has_value();
  });
}

Json ParameterCodec::schema() const {
  Json out = plain_schema(spec);
  if (may_be_table(spec)) out = {{"anyOf", Json::array({out, table_schema(out)})}};
  if (!spec.default_value.empty()) out["default"] = default_json(spec);
  return out;
}

Parsed<std::vector<std::string>> WordsKind::parse(const Json& json) const {
  if (json.is_string()) return std::vector<std::string>{json.get<std::string>()};
  const bool are_strings =
      json.is_array() && !json.empty() &&
      std::all_of(json.begin(), json.end(), [](const Json& word) { return word.is_string(); });
  if (are_strings) return json.get<std::vector<std::string>>();
  return tl::unexpected("must be a string or an array of strings, got " +
                        (json.is_array() && json.empty() ? "none" : show(json)));
}

Json WordsKind::schema() const {
  const Json many = {{"type", "array"}, {"items", {{"type", "string"}}}, {"minItems", 1}};
  return {{"anyOf", Json::array({Text{}.schema(), many})}};
}

bool KeyCodec::read(const Place& place, std::vector<std::string>& key) const {
  bool is_right = ListOf<Word>{{}, min_attributes, most_key_attributes}.read(place, key);
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto end = key.begin() + static_cast<std::ptrdiff_t>(i);
    if (key[i].empty() || std::find(key.begin(), end, key[i]) == end) continue;
    place.item(i).problem(fmt::format("must not name \"{}\" again", key[i]));
    is_right = false;
  }
  return is_right;
}

Json KeyCodec::schema() const {
  Json out = {{"type", "array"},
              {"items", Word{}.schema()},
              {"maxItems", most_key_attributes},
              {"uniqueItems", true}};
  if (min_attributes > 0) out["minItems"] = min_attributes;
  return out;
}

bool ChargeCodec::read(const Place& place, policy::ChargeSpec& charge) const {
  if (place.json().is_object()) {
    Reservation reservation;
    const bool is_right = Object<Reservation>{}.read(place, reservation);
    charge = {When::reserve, reservation.reserve, reservation.refund};
    return is_right;
  }
  if (place.json().is_string()) return read_member(charge_moment(), place, charge.when);
  place.problem("must be \"admit\", \"answer\" or an object with \"reserve\", got " +
                show(place.json()));
  return false;
}

Json ChargeCodec::schema(Definitions& definitions) const {
  return {
      {"anyOf", Json::array({charge_moment().schema(), Object<Reservation>{}.schema(definitions)})},
      {"default", "admit"}};
}

bool LimitCodec::read(const Place& place, policy::LimitSpec& limit) const {
  if (!place.json().is_object()) {
    place.problem("must be an object, got " + show(place.json()));
    return false;
  }
  FieldReader fields(place);
  describe(fields, limit);
  const std::vector<std::string_view> common = fields.known();
  const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.algorithm);
  if (info == nullptr) {
    fields.any_other_field();
    return fields.finish();
  }
  describe_parameters(fields, *info, limit);
  const bool is_right = fields.finish();
  // Both are checked, whatever the first says.
  const bool has_right_charge = check_charge(place, limit);
  const bool fits = check_reference(place, *info) && has_right_charge;
  if (!fields.is_right_but_for(common)) return false;
  return check_parameters_together(place, *info, limit) && is_right && fits;
}

Json LimitCodec::schema(Definitions& definitions) const {
  if (!definitions.schemas.contains("limit")) {
    FieldSchemas fields(definitions);
    policy::LimitSpec limit;
    describe(fields, limit);
    for (const limiter::AlgorithmInfo& info : limiter::catalogue()) {
      FieldSchemas own(definitions);
      describe_parameters(own, info, limit);
      fields.add_case("algorithm", info.id, info.summary, std::move(own));
    }
    definitions.schemas["limit"] = fields.finish();
  }
  return {{"$ref", "#/$defs/limit"}};
}

}  // namespace weir::scenario
