#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/rate.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace weir::limiter {

/// No window, period or time-out may be longer: two of them still fit around any run.
inline constexpr Duration longest_window = Duration::from_seconds(std::int64_t{3660} * 86'400);

enum class ParameterType { count, duration, rate, choice, boolean };

/// What one parameter of an algorithm is: enough to parse it, to document it and to write its
/// JSON Schema. A default is written as it would stand in a scenario file; empty means required,
/// and `optional_without_default` that it may be left out and then is absent.
struct ParameterSpec {
  std::string_view name;
  ParameterType type = ParameterType::count;
  std::string_view description;
  std::string_view default_value = "";
  /// For `choice`: the allowed words.
  std::vector<std::string_view> choices = {};
  /// For `count`, the least and largest allowed; a duration is at least `min` nanoseconds.
  std::int64_t min = 0;
  std::int64_t max = std::int64_t{1} << 53;
  bool optional_without_default = false;
};

using ParameterValue = std::variant<std::int64_t, Duration, Rate, std::string, bool>;

/// The parameters of one limiter by name, complete and of the right types once
/// parse_parameters() (catalogue.hpp) has filled in the defaults.
class Parameters {
 public:
  void set(std::string name, ParameterValue value) { values_[std::move(name)] = std::move(value); }
  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }

  std::int64_t count(std::string_view name) const { return get<std::int64_t>(name); }
  Duration duration(std::string_view name) const { return get<Duration>(name); }
  Rate rate(std::string_view name) const { return get<Rate>(name); }
  const std::string& choice(std::string_view name) const { return get<std::string>(name); }
  bool boolean(std::string_view name) const { return get<bool>(name); }

  const std::map<std::string, ParameterValue, std::less<>>& values() const { return values_; }

 private:
  template <class T>
  const T& get(std::string_view name) const {
    return std::get<T>(values_.find(name)->second);
  }

  std::map<std::string, ParameterValue, std::less<>> values_;
};

/// How far a catalogue entry's rule is to be trusted.
enum class Evidence { canonical, checked_against_program, read_in_source, documentation };

/// What the catalogue says of an algorithm; each algorithm's file states its own.
struct AlgorithmInfo {
  std::string_view id;
  std::string_view summary;
  std::vector<ParameterSpec> parameters;
  /// The update rule in a few lines of pseudocode.
  std::string_view rule;
  std::string_view source;
  /// Which version of the product the rule was read in or checked against; empty if canonical.
  std::string_view version;
  Evidence evidence = Evidence::canonical;
  /// Bytes of state per key, in words where it depends on parameters.
  std::string_view state_size;
  /// Parameters as on the command line, such that `weir simulate --limit 'ID …'` runs.
  std::string_view example;
  int denied_status = 429;
  /// What the product tells its clients and how it rounds it, in words; where it is not said, the
  /// exact wait and reset, rounded up to whole seconds.
  std::string_view advertises = "";
  Duration clock_granularity = Duration::from_ns(1);
};

/// Parameters that are each in range but cannot go together: the parameter to blame and why.
using MakeProblem = Problem;
template <class L>
using MakeResult = tl::expected<L, MakeProblem>;

}  // namespace weir::limiter
