#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "limiter/catalogue.hpp"
#include "scenario/describe_policy.hpp"
#include "scenario/model.hpp"

namespace weir::scenario {
namespace {

using limiter::AlgorithmInfo;
using limiter::ParameterSpec;
using limiter::ParameterType;
using limiter::ParameterValue;

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

const ParameterSpec* find_parameter(const AlgorithmInfo& info, std::string_view name) {
  for (const ParameterSpec& spec : info.parameters) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

/// The words of one limit while they are turned into JSON.
class Words {
 public:
  explicit Words(const AlgorithmInfo& info) : info_(info) {
    limit_["algorithm"] = std::string(info.id);
  }

  void add(std::string_view word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      wrong(word, "must be NAME=VALUE");
      return;
    }
    const std::string name(word.substr(0, equals));
    if (limit_.contains(name)) {
      wrong(name, "is given twice");
      return;
    }
    set(name, word.substr(equals + 1));
  }

  tl::expected<Json, std::string> take() {
    for (const ParameterSpec& spec : info_.parameters) {
      const bool is_required = spec.default_value.empty() && !spec.optional_without_default;
      if (is_required && !limit_.contains(std::string(spec.name)) && !is_wrong(spec.name)) {
        wrong(spec.name, fmt::format("is required: {}", spec.description));
      }
    }
    if (problems_.empty()) return std::move(limit_);
    return tl::unexpected(fmt::format("{}", fmt::join(problems_, "; ")));
  }

 private:
  void set(const std::string& name, std::string_view value) {
    if (const ParameterSpec* spec = find_parameter(info_, name)) {
      set_parameter(*spec, value);
    } else if (name == "key") {
      limit_[name] = split(value, ",");
    } else if (name == "name" || name == "cost") {
      limit_[name] = std::string(value);
    } else if (name == "enforce" && (value == "true" || value == "false")) {
      limit_[name] = value == "true";
    } else if (name == "enforce") {
      wrong(name, fmt::format("must be true or false, got \"{}\"", value));
    } else {
      unknown(name);
    }
  }

  void set_parameter(const ParameterSpec& spec, std::string_view value) {
    const Parsed<ParameterValue> parsed = limiter::parse_parameter(spec, value);
    if (!parsed) {
      wrong(spec.name, parsed.error());
      return;
    }
    Json& json = limit_[std::string(spec.name)];
    switch (spec.type) {
      case ParameterType::count:
        json = std::get<std::int64_t>(*parsed);
        break;
      case ParameterType::boolean:
        json = std::get<bool>(*parsed);
        break;
      default:
        json = std::string(value);
    }
  }

  void unknown(const std::string& name) {
    std::vector<std::string_view> known;
    for (const ParameterSpec& spec : info_.parameters) known.push_back(spec.name);
    for (const char* common : {"name", "key", "cost", "enforce"}) known.emplace_back(common);
    const std::string_view near = nearest(name, known);
    wrong(name, near.empty()
                    ? fmt::format("unknown; known for {}: {}", info_.id, fmt::join(known, ", "))
                    : fmt::format("unknown; did you mean {}?", near));
    misspelt_.emplace_back(near);
  }

  bool is_wrong(std::string_view name) const {
    return std::find(misspelt_.begin(), misspelt_.end(), name) != misspelt_.end();
  }

  void wrong(std::string_view name, std::string_view message) {
    problems_.push_back(fmt::format("{}: {}", name, message));
    misspelt_.emplace_back(name);
  }

  const AlgorithmInfo& info_;
  Json limit_ = Json::object();
  std::vector<std::string> problems_;
  /// What has a problem already, under the name that was meant.
  std::vector<std::string> misspelt_;
};

}  // namespace

tl::expected<nlohmann::ordered_json, Error> limit_from_words(std::string_view words) {
  const auto fail_with = [&](std::string_view message) {
    return fail(ErrorKind::usage, fmt::format("limit '{}': {}", words, message));
  };
  const std::vector<std::string_view> parts = split(words, " \t\n");
  if (parts.empty()) {
    return fail_with("must be an algorithm and its parameters such as 'gcra rate=5/s burst=20'");
  }
  const Parsed<std::string> id = AlgorithmKind{}.parse(std::string(parts[0]));
  if (!id) return fail_with(id.error());
  Words limit(*limiter::find_algorithm(*id));
  for (std::size_t i = 1; i < parts.size(); ++i) limit.add(parts[i]);
  auto json = limit.take();
  if (!json) return fail_with(json.error());
  return *std::move(json);
}

}  // namespace weir::scenario
