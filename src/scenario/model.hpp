#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "policy/spec.hpp"
#include "scenario/target.hpp"
#include "traffic/spec.hpp"

namespace weir::scenario {

enum class Comparison { less, less_or_equal, greater, greater_or_equal, equal, not_equal };

/// "totals.denied_ratio < 0.05": a report field's exact path, a comparison and a number; a duration
/// in the text ("20ms") stands for its nanoseconds.
struct Threshold {
  std::string expression;
  std::string path;
  Comparison comparison = Comparison::less;
  double value = 0.0;
};

/// A report's series has no more points.
inline constexpr std::int64_t most_series_points = 10'000;

/// A scenario file, read and checked.
struct Scenario {
  std::string name;
  std::string description;
  std::uint64_t seed = 1;
  /// Absent: the first trace row, else 1970-01-01.
  std::optional<Instant> start;
  /// Absent: as long as the traffic goes on, which then has to end by itself.
  std::optional<Duration> duration;
  Duration warmup;
  /// In file order. With "policy" in the file there is one, whose name is empty.
  std::vector<policy::PolicySpec> policies;
  std::vector<traffic::ClassSpec> traffic;
  /// Absent: requests are served in no time, any number at once.
  std::optional<traffic::BackendSpec> backend;
  /// Only for runs that send real requests.
  std::optional<TargetSpec> target;
  /// The attributes whose values together are those that `fairness` is between; empty: the key of
  /// each policy's first limit that has one.
  std::vector<std::string> fairness_by;
  std::vector<Threshold> thresholds;
  /// The interval of `series`; absent: the run's length cut into at most 60 round steps.
  std::optional<Duration> series_interval;
  /// SHA-256 of the document after overrides, keys sorted, in lower-case hexadecimal. Trace hashes
  /// are added when the traces have been read.
  std::string document_sha256;

  bool has_named_policies() const { return policies.size() > 1 || !policies[0].name.empty(); }
};

/// One `--set POINTER=VALUE`: VALUE is JSON, or else taken as a string. A dot-free pointer starts
/// with a slash; intermediate objects are made where they are missing.
struct Override {
  std::string pointer;
  std::string value;
};

struct LoadOptions {
  std::vector<Override> overrides;
  std::optional<std::uint64_t> seed;
  /// Relative paths in the file (traces, value files) are looked up from the file's folder.
  std::string base_directory;
};

/// A scenario, or every problem of it at once.
tl::expected<Scenario, Problems> parse_scenario(std::string_view text, const LoadOptions& options);

/// The same from a document that was built, not read: what the command line makes of --trace and
/// --limit.
tl::expected<Scenario, Problems> read_scenario(const nlohmann::ordered_json& document,
                                               const LoadOptions& options);

/// `token-bucket capacity=20 rate=5/s key=user,model` as an element of /policy/limits.
tl::expected<nlohmann::ordered_json, Error> limit_from_words(std::string_view words);

/// The JSON Schema (draft 2020-12) of scenario files, from the descriptions that parse them.
nlohmann::ordered_json scenario_schema();

}  // namespace weir::scenario
