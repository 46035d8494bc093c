#include "report/reading_back.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "report/accumulator_json.hpp"
#include "scenario/thresholds.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

/// No run counts as many records, and the sum of 64 of them can still be counted.
constexpr std::uint64_t most_records = std::uint64_t{1} << 56;

/// Reads one report and remembers the first thing that was wrong with it.
class OriginReader {
 public:
  explicit OriginReader(const Json& report) : report_(report) {}

  Origin read() {
    read_head();
    read_live();
    read_results();
    return std::move(origin_);
  }
  const std::string& wrong() const { return wrong_; }

 private:
  void complain(std::string message) {
    if (wrong_.empty()) wrong_ = std::move(message);
  }

  /// The schema allows numbers that no whole number of ours can be.
  std::uint64_t whole(const Json& number, const char* name) {
    if (number.is_number_unsigned()) return number.get<std::uint64_t>();
    if (number.is_number_integer() && number.get<std::int64_t>() >= 0) {
      return static_cast<std::uint64_t>(number.get<std::int64_t>());
    }
    complain(fmt::format("{} must be a whole number below 2^64", name));
    return 0;
  }
  std::int64_t signed_whole(const Json& number, const char* name) {
    const std::uint64_t value = whole(number, name);
    if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return static_cast<std::int64_t>(value);
    }
    complain(fmt::format("{} must be below 2^63", name));
    return 0;
  }
  Duration duration(const Json& number, const char* name) {
    return Duration::from_ns(signed_whole(number, name));
  }

  // ---- The run

  void read_head() {
    scenario::Scenario& scenario = origin_.scenario;
    metrics::Outcome& outcome = origin_.outcome;
    scenario.name = report_["scenario"]["name"];
    scenario.seed = whole(report_["scenario"]["seed"], "scenario.seed");
    outcome.scenario_sha256 = report_["scenario"]["sha256"];
    outcome.mode = report_["mode"];
    const auto start = parse_instant(report_["start"].get<std::string>());
    if (start) {
      outcome.start = *start;
    } else {
      complain("start: " + start.error());
    }
    outcome.duration = duration(report_["duration_ns"], "duration_ns");
    outcome.why_inconclusive = report_.value("inconclusive_because", "");
    outcome.interrupted = report_.contains("interrupted");
    if (outcome.interrupted && report_["done_ratio"].is_number()) {
      outcome.done_parts_per_million = static_cast<std::uint32_t>(
          std::clamp(report_["done_ratio"].get<double>() * 1e6 + 0.5, 0.0, 1e6));
    }
    for (const Json& row : report_["thresholds"]) read_threshold(row["expression"]);
    if (report_.contains("traces")) {
      for (const Json& row : report_["traces"]) read_trace(row);
    }
    if (report_.contains("shard")) read_shard(report_["shard"]);
  }

  void read_threshold(const std::string& expression) {
    auto threshold = scenario::parse_threshold(expression);
    if (!threshold) return complain("thresholds: " + threshold.error());
    origin_.scenario.thresholds.push_back(std::move(*threshold));
  }

  void read_trace(const Json& row) {
    origin_.outcome.traces.push_back(
        {.traffic_class = row["class"],
         .rows = whole(row["rows"], "traces.rows"),
         .out_of_order = whole(row["out_of_order"], "traces.out_of_order"),
         .bad_rows = whole(row["bad_rows"], "traces.bad_rows"),
         .spread_ns = signed_whole(row["spread_ns"], "traces.spread_ns"),
         .sha256 = row["sha256"]});
  }

  void read_shard(const Json& shard) {
    const std::uint64_t index = whole(shard["index"], "shard.index");
    const std::uint64_t count = whole(shard["count"], "shard.count");
    if (count < 1 || count > logical_shards || index < 1 || index > count) {
      return complain(fmt::format("there is no shard {} of {}", index, count));
    }
    origin_.outcome.shard = Shard{.index = static_cast<std::uint32_t>(index),
                                  .count = static_cast<std::uint32_t>(count)};
    origin_.has_pseudonyms = shard.contains("pseudonyms");
  }

  void read_live() {
    if (!report_.contains("target")) return;
    const Json& target = report_["target"];
    metrics::LiveFacts& live = origin_.outcome.live.emplace();
    live.url = target["url"];
    live.engine = target["engine"];
    live.connections = signed_whole(target["connections"], "target.connections");
    live.threads = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(whole(target["threads"], "target.threads"), 1U << 20));
    live.nonce = target.value("nonce", "");
    live.ended_by = report_.value("ended_by", "");
    if (report_.contains("elapsed_ns"))
      live.elapsed = duration(report_["elapsed_ns"], "elapsed_ns");
  }

  // ---- What came of it

  void read_results() {
    if (!report_.contains("policies")) {
      read_policy("", report_);
      return read_traffic(report_);
    }
    for (const auto& [name, figures] : report_["policies"].items()) read_policy(name, figures);
    if (report_["policies"].empty()) return complain("it has no policy");
    for (const auto& item : report_["policies"].items()) read_traffic(item.value());
  }

  void read_policy(const std::string& name, const Json& figures) {
    policy::PolicySpec& policy = origin_.scenario.policies.emplace_back();
    policy.name = name;
    for (const Json& row : figures["limits"]) policy.limits.push_back(limit_of(row, figures));
    if (!policy.limits.empty() && report_.contains("shard")) {
      for (const Json& key : report_["shard"]["key_attributes"]) {
        policy.limits[0].key.push_back(key);
      }
    }
    read_interval(figures["series"]);
    if (figures.contains("backend") && !origin_.scenario.backend) {
      origin_.scenario.backend.emplace();
    }
    auto accumulator = accumulator_from_json(figures["accumulator"], most_records);
    if (!accumulator) return complain(accumulator.error().message);
    origin_.outcome.policies.push_back({name, std::move(*accumulator)});
  }

  policy::LimitSpec limit_of(const Json& row, const Json& figures) {
    policy::LimitSpec limit;
    limit.name = row["name"];
    limit.algorithm = row["algorithm"];
    limit.enforce = row["enforce"];
    if (row.contains("settled")) limit.charge.when = policy::ChargeSpec::When::answer;
    if (!figures.contains("accuracy") || !figures["accuracy"].contains(limit.name)) return limit;
    const Json& reference = figures["accuracy"][limit.name]["reference"];
    limit.reference.emplace();
    if (reference.contains("limit")) {
      limit.reference->limit = signed_whole(reference["limit"], "accuracy.reference.limit");
    }
    if (reference.contains("window_ns")) {
      limit.reference->window = duration(reference["window_ns"], "accuracy.reference.window_ns");
    }
    return limit;
  }

  void read_interval(const Json& series) {
    metrics::Outcome& outcome = origin_.outcome;
    outcome.series_interval = duration(series["interval_ns"], "series.interval_ns");
    const std::int64_t step = outcome.series_interval.ns();
    if (step < 1 || outcome.duration.ns() / step > scenario::most_series_points) {
      complain(fmt::format("series.interval_ns must cut the run into at most {} intervals",
                           scenario::most_series_points));
    }
  }

  /// Names that the scenario lists stand in a report even if nothing came under them.
  void read_traffic(const Json& figures) {
    std::vector<traffic::ClassSpec>& classes = origin_.scenario.traffic;
    if (classes.empty()) {
      for (const auto& item : figures["classes"].items()) classes.emplace_back().name = item.key();
    }
    if (classes.empty()) return;
    for (const auto& item : figures["costs"].items()) {
      if (!costs_.insert(item.key()).second) continue;
      classes[0].costs.emplace_back().name = item.key();
    }
    for (const auto& [attribute, values] : figures["by_attribute"].items()) {
      if (!attributes_.insert(attribute).second) continue;
      traffic::WeightedValues listed;
      for (const auto& item : values.items()) listed.weights.emplace_back(item.key(), 1.0);
      traffic::AttributeSpec& spec = classes[0].attributes.emplace_back();
      spec.name = attribute;
      spec.values = std::move(listed);
    }
  }

  const Json& report_;
  Origin origin_;
  std::string wrong_;
  std::set<std::string> costs_;
  std::set<std::string> attributes_;
};

}  // namespace

Result<Origin> read_back(const Json& report, const std::string& source) {
  OriginReader reader(report);
  Origin origin = reader.read();
  if (reader.wrong().empty()) return origin;
  return fail(ErrorKind::cannot_run, fmt::format("{}: {}", source, reader.wrong()));
}

}  // namespace weir::report
