#include "scenario/describe_times.hpp"

#include <algorithm>
#include <vector>

#include "traffic/value_file.hpp"

namespace weir::scenario {
namespace {

struct TimeFile {
  std::string path;
};

template <class V>
void describe(V& v, TimeFile& file) {
  v.required("file", file.path, Word{}, "path of a text with a duration a line");
}

bool read_time_file(const Place& place, std::vector<double>& times) {
  TimeFile file;
  if (!Object<TimeFile>{}.read(place, file)) return false;
  const Result<std::vector<Duration>> content =
      traffic::read_duration_file(place.reading().resolve(file.path));
  if (!content) {
    place.problem_of("file", content.error().message);
    return false;
  }
  for (const Duration time : *content) {
    const std::string text = format_duration(time);
    const Parsed<double> checked = Nanoseconds{}.parse(text);
    if (!checked) {
      place.problem_of("file", fmt::format("each duration {}", checked.error()));
      return false;
    }
    times.push_back(*checked);
    place.reading().file_contents += text + '\n';
  }
  return true;
}

}  // namespace

bool EmpiricalTimeCodec::read(const Place& place, traffic::EmpiricalNumber& empirical) const {
  if (place.json().is_object()) return read_time_file(place, empirical.values);
  if (place.json().is_array()) return ListOf<Nanoseconds>{{}, 1}.read(place, empirical.values);
  place.problem("must be an array of durations or {\"file\": \"PATH\"}, got " + show(place.json()));
  return false;
}

Json EmpiricalTimeCodec::schema(Definitions& definitions) const {
  return {{"anyOf", Json::array({ListOf<Nanoseconds>{{}, 1}.schema(definitions),
                                 Object<TimeFile>{}.schema(definitions)})}};
}

bool TimeCodec::read(const Place& place, traffic::NumberDistribution& time) const {
  if (place.json().is_object()) {
    return InTimeCodec<traffic::NumberDistribution>{}.read(place, time);
  }
  if (place.json().is_string()) {
    traffic::ConstantNumber constant;
    if (!read_member(Nanoseconds{}, place, constant.value)) return false;
    time = constant;
    return true;
  }
  place.problem(
      "must be a duration such as \"400ms\" or a distribution such as "
      "{\"exponential\": {\"mean\": \"400ms\"}}, got " +
      show(place.json()));
  return false;
}

Json TimeCodec::write(const traffic::NumberDistribution& time) const {
  const auto* constant = std::get_if<traffic::ConstantNumber>(&time);
  if (constant == nullptr) return nullptr;
  return format_duration(Duration::from_ns(static_cast<std::int64_t>(constant->value)));
}

Json TimeCodec::schema(Definitions& definitions) const {
  if (!definitions.schemas.contains("time")) {
    Json own = InTimeCodec<traffic::NumberDistribution>{}.schema(definitions);
    definitions.schemas["time"] = std::move(own);
  }
  return {{"anyOf", Json::array({Time{}.schema(), {{"$ref", "#/$defs/time"}}})}};
}

}  // namespace weir::scenario
