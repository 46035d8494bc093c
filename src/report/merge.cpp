#include "report/merge.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "report/json.hpp"
#include "report/reading_back.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

tl::unexpected<Error> refuse(std::string message) {
  return fail(ErrorKind::cannot_run, std::move(message));
}

// ---- Whether they are shards of one run

/// What all shards of a run have in common, by the name of the field.
Json run_of(const Json& report) {
  Json run = {{"version", report["version"]},
              {"mode", report["mode"]},
              {"scenario.name", report["scenario"]["name"]},
              {"scenario.seed", report["scenario"]["seed"]},
              {"scenario.sha256", report["scenario"]["sha256"]},
              {"shard.count", report["shard"]["count"]},
              {"shard.pseudonyms", report["shard"].contains("pseudonyms")},
              {"shard.key_attributes", report["shard"]["key_attributes"]},
              {"traces", report.value("traces", Json())},
              {"target", report.contains("target")}};
  if (report.contains("target")) {
    run["target.url"] = report["target"]["url"];
    run["target.engine"] = report["target"]["engine"];
  } else {
    // The wall clock shows something else to each shard.
    run["start"] = report["start"];
    run["duration_ns"] = report["duration_ns"];
  }
  run["thresholds"] = Json::array();
  for (const Json& row : report["thresholds"]) run["thresholds"].push_back(row["expression"]);
  return run;
}

/// What all shards of a run have in common of each policy.
Json policy_of(const Json& figures) {
  Json policy = {{"series.interval_ns", figures["series"]["interval_ns"]},
                 {"backend", figures.contains("backend")},
                 {"classes", Json::array()},
                 {"limits", Json::array()},
                 {"accuracy", Json::object()}};
  for (const auto& item : figures["classes"].items()) policy["classes"].push_back(item.key());
  for (const Json& row : figures["limits"]) {
    policy["limits"].push_back(
        {row["name"], row["algorithm"], row["enforce"], row.contains("settled")});
  }
  if (!figures.contains("accuracy")) return policy;
  for (const auto& [limit, row] : figures["accuracy"].items()) {
    policy["accuracy"][limit] = row["reference"];
  }
  return policy;
}

Json policies_in_common(const Json& report) {
  if (!report.contains("policies")) return policy_of(report);
  Json policies = Json::object();
  for (const auto& [name, figures] : report["policies"].items()) {
    policies[name] = policy_of(figures);
  }
  return policies;
}

Result<void> check_one_run(const std::vector<NamedReport>& shards) {
  const NamedReport& first = shards.front();
  const Json run = run_of(first.report);
  const Json policies = policies_in_common(first.report);
  for (const NamedReport& shard : shards) {
    const Json other = run_of(shard.report);
    for (const auto& [name, value] : run.items()) {
      const Json found = other.value(name, Json());
      if (found == value) continue;
      return refuse(fmt::format("{} and {} are not of one run: {} is {} and {}", first.source,
                                shard.source, name, value.dump(), found.dump()));
    }
    if (policies_in_common(shard.report) != policies) {
      return refuse(fmt::format("{} and {} are not of one run: they have other policies or limits",
                                first.source, shard.source));
    }
  }
  return {};
}

Result<void> check_all_there(const std::vector<NamedReport>& shards) {
  const auto count = shards.front().report["shard"]["count"].get<std::uint64_t>();
  std::vector<const NamedReport*> found(count);
  for (const NamedReport& shard : shards) {
    const auto index = shard.report["shard"]["index"].get<std::uint64_t>();
    const NamedReport*& place = found[index - 1];
    if (place != nullptr) {
      return refuse(fmt::format("{} and {} are both shard {} of {}", place->source, shard.source,
                                index, count));
    }
    place = &shard;
  }
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < count; ++i) {
    if (found[i] == nullptr) missing.push_back(i + 1);
  }
  if (missing.empty()) return {};
  return refuse(fmt::format("of {} shards {} {} missing: {}", count, missing.size(),
                            missing.size() == 1 ? "is" : "are", fmt::join(missing, ", ")));
}

// ---- Adding

void add_live(metrics::LiveFacts& sum, const metrics::LiveFacts& other) {
  sum.connections += other.connections;
  sum.threads += other.threads;
  sum.elapsed = std::max(sum.elapsed, other.elapsed);
  // Each shard has made up its own.
  if (sum.nonce != other.nonce) sum.nonce.clear();
  if (sum.ended_by.empty()) sum.ended_by = other.ended_by;
}

/// Adds a shard's outcome; of their policies it is known that they are the same.
void add(metrics::Outcome& sum, const metrics::Outcome& other) {
  sum.start = std::min(sum.start, other.start);
  sum.duration = std::max(sum.duration, other.duration);
  sum.interrupted = sum.interrupted || other.interrupted;
  for (std::size_t i = 0; i < sum.policies.size(); ++i) {
    metrics::merge(sum.policies[i].accumulator, other.policies[i].accumulator);
  }
  if (sum.live && other.live) add_live(*sum.live, *other.live);
}

/// Names that stand in some shards' reports only; the classes are the same.
void add_names(scenario::Scenario& sum, const scenario::Scenario& other) {
  if (sum.traffic.empty()) return;
  const auto add_missing = [](auto& known, const auto& others) {
    for (const auto& spec : others) {
      const auto is_same = [&](const auto& one) { return one.name == spec.name; };
      if (std::none_of(known.begin(), known.end(), is_same)) known.push_back(spec);
    }
  };
  add_missing(sum.traffic[0].attributes, other.traffic[0].attributes);
  add_missing(sum.traffic[0].costs, other.traffic[0].costs);
}

/// Live shards may say nothing each: all of them together do if one does.
void settle_reasons(metrics::Outcome& sum, const std::vector<metrics::Outcome>& shards) {
  std::uint64_t done = 0;
  sum.why_inconclusive = shards.front().why_inconclusive;
  for (const metrics::Outcome& shard : shards) {
    done += shard.done_parts_per_million;
    if (shard.why_inconclusive.empty()) sum.why_inconclusive.clear();
  }
  sum.done_parts_per_million = static_cast<std::uint32_t>(done / shards.size());
}

}  // namespace

Result<Json> merge_shards(const std::vector<NamedReport>& shards, bool pseudonyms) {
  if (shards.empty()) return refuse("there is nothing to merge");
  std::vector<Origin> origins;
  for (const NamedReport& shard : shards) {
    if (!shard.report.contains("shard")) {
      return refuse(fmt::format("{}: is the report of a whole run, not of a shard", shard.source));
    }
    auto origin = read_back(shard.report, shard.source);
    if (!origin) return tl::unexpected(origin.error());
    origins.push_back(std::move(*origin));
  }
  if (const auto one = check_one_run(shards); !one) return tl::unexpected(one.error());
  if (const auto all = check_all_there(shards); !all) return tl::unexpected(all.error());

  std::vector<metrics::Outcome> facts;
  for (const Origin& origin : origins) {
    facts.push_back(origin.outcome);
    facts.back().policies.clear();
  }
  Origin whole = std::move(origins.front());
  for (std::size_t i = 1; i < origins.size(); ++i) {
    add_names(whole.scenario, origins[i].scenario);
    add(whole.outcome, origins[i].outcome);
  }
  whole.outcome.shard.reset();
  settle_reasons(whole.outcome, facts);
  return make_report(whole.scenario, whole.outcome,
                     {.pseudonyms = pseudonyms && !whole.has_pseudonyms});
}

}  // namespace weir::report
