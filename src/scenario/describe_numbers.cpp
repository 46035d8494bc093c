#include "scenario/describe_numbers.hpp"

#include <algorithm>

#include "scenario/table.hpp"
#include "traffic/value_file.hpp"

namespace weir::scenario {
namespace {

struct NumberFile {
  std::string path;
};

template <class V>
void describe(V& v, NumberFile& file) {
  v.required("file", file.path, Word{}, "path of a text with a number a line");
}

bool read_file(const Place& place, std::vector<double>& numbers) {
  NumberFile file;
  if (!Object<NumberFile>{}.read(place, file)) return false;
  const Result<std::vector<double>> content =
      traffic::read_number_file(place.reading().resolve(file.path));
  if (!content) {
    place.problem_of("file", content.error().message);
    return false;
  }
  numbers = *content;
  const auto wrong = std::find_if(numbers.begin(), numbers.end(), [](double number) {
    return !Number{}.parse(number).has_value();
  });
  if (wrong != numbers.end()) {
    place.problem_of("file",
                     fmt::format("each number {} in number {}", Number{}.parse(*wrong).error(),
                                 wrong - numbers.begin() + 1));
    return false;
  }
  for (const double number : numbers) place.reading().file_contents += fmt::format("{}\n", number);
  return true;
}

}  // namespace

bool EmpiricalCodec::read(const Place& place, traffic::EmpiricalNumber& empirical) const {
  if (place.json().is_object()) return read_file(place, empirical.values);
  if (place.json().is_array()) return ListOf<Number>{{}, 1}.read(place, empirical.values);
  place.problem("must be an array of numbers or {\"file\": \"PATH\"}, got " + show(place.json()));
  return false;
}

Json EmpiricalCodec::schema(Definitions& definitions) const {
  return {{"anyOf", Json::array({ListOf<Number>{{}, 1}.schema(definitions),
                                 Object<NumberFile>{}.schema(definitions)})}};
}

bool NumberCodec::read(const Place& place, traffic::NumberDistribution& number) const {
  if (place.json().is_object()) return Object<traffic::NumberDistribution>{}.read(place, number);
  if (place.json().is_number()) {
    traffic::ConstantNumber constant;
    if (!read_member(Number{}, place, constant.value)) return false;
    number = constant;
    return true;
  }
  place.problem(
      "must be a number or a distribution such as {\"exponential\": {\"mean\": 10}}, got " +
      show(place.json()));
  return false;
}

Json NumberCodec::schema(Definitions& definitions) const {
  return {
      {"anyOf", Json::array({Number{}.schema(),
                             Object<traffic::NumberDistribution>{"number"}.schema(definitions)})}};
}

bool CostCodec::read(const Place& place, traffic::CostSpec& cost) const {
  if (!place.has("by")) return NumberCodec{}.read(place, cost.amount);
  return read_table(place, cost.by, [&](const std::string& value, const Place& row) {
    return NumberCodec{}.read(row, value == "default" ? cost.amount : cost.rows[value]);
  });
}

Json CostCodec::schema(Definitions& definitions) const {
  const Json number = NumberCodec{}.schema(definitions);
  Json out = number;
  out["anyOf"].push_back(table_schema(number));
  return out;
}

}  // namespace weir::scenario
