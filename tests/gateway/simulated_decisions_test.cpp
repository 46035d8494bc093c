#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/bound_policy.hpp"
#include "scenario/model.hpp"
#include "store/memory_store.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

// Every decision that a simulation logs is asked again of a gateway's policy and memory store, at
// the same instants: they are the same, with what is left and when to come back.

namespace weir::gateway {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

/// The rows of a decision log, by column.
struct DecisionRows {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;

  std::size_t column(std::string_view name) const {
    const auto at = std::find(names.begin(), names.end(), name);
    EXPECT_NE(at, names.end()) << name;
    return static_cast<std::size_t>(at - names.begin());
  }
};

DecisionRows simulate(const std::string& path, const std::vector<std::string>& shorter) {
  const std::string log = test::temporary_path("decisions.csv");
  std::vector<std::string> arguments = {"simulate", path, "--quiet", "--decisions", log};
  arguments.insert(arguments.end(), shorter.begin(), shorter.end());
  const auto result = test::run_weir(arguments);
  EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 4) << result.err;
  std::istringstream text(test::read_test_file(log));
  DecisionRows decisions;
  std::string line;
  std::getline(text, line);
  decisions.names = cells_of(line);
  while (std::getline(text, line)) decisions.rows.push_back(cells_of(line));
  return decisions;
}

/// A policy as a gateway has it.
class GatewayOf {
 public:
  GatewayOf(const policy::PolicySpec& spec, Instant start)
      : policy_(*BoundPolicy::bind(spec, {.start = start}, "")),
        store_(*store::make_memory_store(policy_.definition(), {.environment = {.start = start}})),
        client_(store_->make_client(loop_)) {}

  const BoundPolicy& policy() const { return policy_; }

  store::Said decide(Instant now, const BoundPolicy::Values& values) {
    store::Ask ask;
    ask.now = now;
    EXPECT_TRUE(policy_.ask(values, ask));
    store::Said said;
    EXPECT_TRUE(ask.limits.empty() || client_->decide_at_once(ask, said));
    denied_by_.clear();
    for (std::size_t i = 0; i < said.limits.size(); ++i) {
      if (said.limits[i].verdict.allowed || !denied_by_.empty()) continue;
      denied_by_ = policy_.definition().limits[ask.limits[i].limit].spec.name;
    }
    return said;
  }
  const std::string& denied_by() const { return denied_by_; }

 private:
  boost::asio::io_context loop_;
  BoundPolicy policy_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::StoreClient> client_;
  std::string denied_by_;
};

std::int64_t wait_of(const store::Said& said) {
  if (said.allowed) return -1;
  Duration longest;
  for (const store::LimitSaid& limit : said.limits) {
    if (!limit.retry_after) return -1;
    longest = std::max(longest, *limit.retry_after);
  }
  return longest.ns();
}

void expect_same_decisions(const std::string& name, const std::vector<std::string>& shorter = {}) {
  SCOPED_TRACE(name);
  const std::string path = fmt::format("{}/scenarios/{}.jsonc", WEIR_SOURCE_DIR, name);
  const auto scenario = scenario::parse_scenario(test::read_test_file(path), {});
  ASSERT_TRUE(scenario);
  const DecisionRows log = simulate(path, shorter);
  ASSERT_GT(log.rows.size(), 100U);
  const Instant start = scenario->start.value_or(Instant());
  std::map<std::string, GatewayOf*> by_name;
  std::vector<std::unique_ptr<GatewayOf>> gateways;
  for (const policy::PolicySpec& spec : scenario->policies) {
    by_name[spec.name] = gateways.emplace_back(std::make_unique<GatewayOf>(spec, start)).get();
  }
  const std::size_t time = log.column("time_ns"), policy = log.column("policy"),
                    allowed = log.column("allowed"), denied_by = log.column("denied_by"),
                    remaining = log.column("remaining"), retry = log.column("retry_after_ns"),
                    delay = log.column("delay_ns");
  std::size_t row_number = 1;
  for (const std::vector<std::string>& row : log.rows) {
    GatewayOf& gateway = *by_name.at(row[policy]);
    BoundPolicy::Values values;
    for (const std::string& attribute : gateway.policy().attributes()) {
      values.attributes.push_back(row[log.column(attribute)]);
    }
    for (const std::string& cost : gateway.policy().costs()) {
      values.costs.push_back(std::stoll(row[log.column("cost." + cost)]));
    }
    const store::Said said = gateway.decide(Instant::from_unix_ns(std::stoll(row[time])), values);
    ++row_number;
    ASSERT_EQ(said.allowed, row[allowed] == "1") << "row " << row_number;
    ASSERT_EQ(gateway.denied_by(), row[denied_by]) << "row " << row_number;
    ASSERT_EQ(wait_of(said), std::stoll(row[retry])) << "row " << row_number;
    ASSERT_EQ(said.allowed ? said.delay.ns() : -1, std::stoll(row[delay])) << "row " << row_number;
    if (said.limits.size() == 1) {
      ASSERT_EQ(said.limits[0].quota.remaining, std::stoll(row[remaining])) << "row " << row_number;
    }
  }
}

TEST(SimulatedDecisions, AreThoseOfTheGateway) {
  expect_same_decisions("fixed-window-double-burst");
  expect_same_decisions("hundred-a-minute", {"--set", "/duration=2m"});
  expect_same_decisions("flask-counter-5-in-20s");
  expect_same_decisions("sorted-set-5-in-5s");
  expect_same_decisions("bucket-100-every-15s");
  expect_same_decisions("queue-5-every-5s");
  expect_same_decisions("serve-playground");
  expect_same_decisions("ai-inference-tiers", {"--set", "/duration=10m"});
}

}  // namespace
}  // namespace weir::gateway
