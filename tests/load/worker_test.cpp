#include "load/worker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "scenario/model.hpp"
#include "scenario/run_plan.hpp"

namespace weir::load {
namespace {

using testing::SizeIs;
using Json = nlohmann::ordered_json;

/// What a request was, and when it was handed over.
struct SentRequest {
  std::uint64_t operation = 0;
  std::string text;
  Instant at;
};

/// Answers after a while, from the loop, with the status that the test's rule has for a request.
class AnsweringEngine final : public Engine {
 public:
  using Rule = std::function<int(const SentRequest&)>;

  AnsweringEngine(const EngineContext& context, Rule rule, std::chrono::milliseconds after,
                  std::vector<SentRequest>& sent)
      : context_(context), rule_(std::move(rule)), after_(after), sent_(sent) {}

  bool can_send() const override { return busy_ < context_.connections; }
  void send(ExchangeId exchange, const RenderedRow& row) override {
    ++busy_;
    SentRequest request;
    request.operation = row.block->operation[row.row];
    request.at = context_.clock.now();
    context_.requests.append_http1(row, request.text);
    sent_.push_back(request);
    const int status = rule_(request);
    const auto timer = std::make_shared<boost::asio::steady_timer>(context_.loop, after_);
    timer->async_wait([this, timer, exchange, status, at = request.at](auto) {
      --busy_;
      Reply reply;
      reply.status = status;
      reply.written = at;
      reply.first_byte = reply.end = context_.clock.now();
      context_.replies.replied(exchange, reply);
    });
  }
  void end_overdue(Instant) override {}
  std::uint64_t connections_opened() const override { return 1; }

 private:
  EngineContext context_;
  Rule rule_;
  std::chrono::milliseconds after_;
  std::vector<SentRequest>& sent_;
  std::size_t busy_ = 0;
};

Json open_scenario() {
  return {{"name", "test"},
          {"duration", "200ms"},
          {"policy", {{"limits", Json::array()}}},
          {"traffic", Json::array({{{"name", "open"},
                                    {"arrivals", {{"process", "poisson"}, {"rate", "1000/s"}}},
                                    {"attributes", {{"user", {{"uniform", {{"count", 10}}}}}}},
                                    {"costs", {{"tokens", 7}}}}})},
          {"target", {{"url", "http://gateway/{user}"}, {"audit", {{"share", 0}, {"keys", 0}}}}}};
}

/// A run of some workers, one after another or side by side, over an engine that answers.
class WorkerRun : public testing::Test {
 protected:
  void prepare(const Json& document, unsigned workers = 1) {
    auto scenario = scenario::read_scenario(document, {});
    ASSERT_TRUE(scenario) << scenario.error()[0].message;
    target_ = *scenario->target;
    auto plan = scenario::plan_run(*scenario, {.wanted = {"user"}});
    ASSERT_TRUE(plan);
    plan_ = std::make_unique<scenario::RunPlan>(std::move(*plan));
    const Columns& columns = plan_->traffic.columns();
    auto requests = RequestTemplate::make(target_, target_.url, {&columns, ""});
    ASSERT_TRUE(requests) << requests.error().message;
    requests_ = std::move(*requests);
    record_ = std::make_unique<LiveRecord>(
        columns, plan_->traffic.classes().size(),
        metrics::RecordClock{plan_->facts.start, plan_->facts.series_interval,
                             plan_->facts.series_points()},
        std::vector<std::size_t>{*columns.find_attribute("user")});
    workers_ = workers;
    if (target_.max_requests) budget_.limit(*target_.max_requests);
    costs_left_ =
        std::vector<std::atomic<std::int64_t>>(target_.max_cost.empty() ? 0 : columns.costs.size());
    for (auto& left : costs_left_) left = target_.max_cost.begin()->second;
  }

  /// Runs one of the workers to its end; what it sent.
  std::vector<SentRequest> run(unsigned index, const AnsweringEngine::Rule& rule) {
    std::vector<SentRequest> sent;
    RunClock clock(plan_->traffic.start());
    WorkerContext context{.plan = plan_->traffic,
                          .target = target_,
                          .requests = *requests_,
                          .meanings = meanings_,
                          .clock = clock,
                          .record = *record_,
                          .control = control_,
                          .budget = budget_,
                          .key_columns = {},
                          .nonce = "nonce",
                          .costs_left = costs_left_,
                          .client_column_of_class = {},
                          .workers = workers_,
                          .shards = traffic::shards_of({})};
    context.client_column_of_class.resize(plan_->traffic.classes().size());
    Worker worker(context, index, [&](const EngineContext& engine) {
      return std::make_unique<AnsweringEngine>(engine, rule, answers_after_, sent);
    });
    clock.start(RunClock::Steady::now(), Instant());
    worker.run();
    return sent;
  }
  metrics::Accumulator finish() { return record_->finish(1); }

  static int allow(const SentRequest&) { return 200; }

  scenario::TargetSpec target_;
  std::unique_ptr<scenario::RunPlan> plan_;
  std::optional<RequestTemplate> requests_;
  StatusMeanings meanings_{{}, {}};
  std::unique_ptr<LiveRecord> record_;
  LoadControl control_;
  Budget budget_;
  std::vector<std::atomic<std::int64_t>> costs_left_;
  unsigned workers_ = 1;
  std::chrono::milliseconds answers_after_{0};
};

std::vector<std::string> texts(const std::vector<SentRequest>& sent) {
  std::vector<std::string> all;
  for (const SentRequest& request : sent) all.push_back(request.text);
  return all;
}

TEST_F(WorkerRun, SendsTheSameRequestsInTheSameOrder) {
  prepare(open_scenario());
  const auto first = texts(run(0, allow));
  prepare(open_scenario());
  EXPECT_EQ(texts(run(0, allow)), first);
  EXPECT_GT(first.size(), 100u);
}

TEST_F(WorkerRun, SendsNothingBeforeItIsDue) {
  prepare(open_scenario());
  const auto sent = run(0, allow);
  traffic::Lane lane(plan_->traffic, traffic::ShardSet().set());
  std::size_t row = 0;
  for (const RequestBlock* block = lane.next(); block != nullptr; block = lane.next()) {
    for (const Instant due : block->at) {
      ASSERT_LT(row, sent.size());
      EXPECT_GE(sent[row++].at, due);
    }
  }
  EXPECT_EQ(row, sent.size());
}

TEST_F(WorkerRun, SharesTheRequestsAmongSeveral) {
  prepare(open_scenario());
  const auto all = texts(run(0, allow));
  prepare(open_scenario(), 2);
  auto shared = texts(run(0, allow));
  EXPECT_NEAR(static_cast<double>(shared.size()), static_cast<double>(all.size()) / 2.0, 1.0);
  for (std::string& text : texts(run(1, allow))) shared.push_back(std::move(text));
  EXPECT_THAT(shared, testing::UnorderedElementsAreArray(all));
}

TEST_F(WorkerRun, CountsWhatBecameOfThem) {
  prepare(open_scenario());
  const auto sent = run(0, [](const SentRequest& r) {
    return r.operation % 3 == 0 ? 429 : r.operation % 3 == 1 ? 200 : 500;
  });
  const metrics::Accumulator sums = finish();
  EXPECT_EQ(sums.totals.attempts, sent.size());
  EXPECT_EQ(sums.totals.allowed + sums.totals.denied + sums.totals.errors, sent.size());
  EXPECT_GT(sums.totals.denied, 0u);
  EXPECT_EQ(sums.live->statuses.at("429"), sums.totals.denied);
  EXPECT_EQ(sums.live->errors.at("unexpected_status"), sums.totals.errors);
  EXPECT_EQ(sums.operations.count, sent.size());
  EXPECT_EQ(sums.operations.succeeded, sums.totals.allowed);
  EXPECT_EQ(sums.latency_allowed.count(), sums.totals.allowed);
  EXPECT_EQ(sums.live->lateness.count(), sent.size());
  EXPECT_EQ(sums.costs.at("tokens").offered, static_cast<std::int64_t>(7 * sent.size()));
  EXPECT_EQ(sums.limits[0].keys, 10u);
}

TEST_F(WorkerRun, TriesAgainAsTheClientsDo) {
  Json document = open_scenario();
  document["duration"] = "300ms";
  document["traffic"][0]["until"] = "100ms";
  document["traffic"][0]["on_denied"] = {
      {"behaviour", "fixed"}, {"delay", "20ms"}, {"max_attempts", 3}};
  prepare(document);
  const auto sent = run(0, [](const SentRequest&) { return 429; });
  const metrics::Accumulator sums = finish();
  EXPECT_EQ(sums.operations.count * 3, sent.size());
  EXPECT_EQ(sums.operations.abandoned, sums.operations.count);
  EXPECT_EQ(sums.operations.retries, 2 * sums.operations.count);
  std::map<std::uint64_t, std::vector<Instant>> by_operation;
  for (const SentRequest& request : sent) by_operation[request.operation].push_back(request.at);
  for (const auto& [operation, times] : by_operation) {
    ASSERT_THAT(times, SizeIs(3));
    EXPECT_GE(times[1] - times[0], Duration::from_ms(20));
    EXPECT_GE(times[2] - times[1], Duration::from_ms(20));
  }
}

TEST_F(WorkerRun, LeavesUnfinishedWhatWouldComeTooLate) {
  Json document = open_scenario();
  document["traffic"][0]["on_denied"] = {{"behaviour", "fixed"}, {"delay", "10s"}};
  prepare(document);
  const auto sent = run(0, [](const SentRequest&) { return 429; });
  const metrics::Accumulator sums = finish();
  EXPECT_EQ(sums.operations.unfinished, sent.size());
}

TEST_F(WorkerRun, EndsWhenSoManyWereSent) {
  Json document = open_scenario();
  document["target"]["max_requests"] = 10;
  prepare(document);
  EXPECT_THAT(run(0, allow), SizeIs(10));
  EXPECT_STREQ(budget_.ended_by(), "max_requests");
  EXPECT_EQ(finish().operations.count, 10u);
}

TEST_F(WorkerRun, EndsBeforeACostWouldPassItsCap) {
  Json document = open_scenario();
  document["target"]["max_cost"] = {{"tokens", 70}};
  prepare(document);
  EXPECT_THAT(run(0, allow), SizeIs(10));
  EXPECT_STREQ(budget_.ended_by(), "max_cost");
}

TEST_F(WorkerRun, DoesNotSendWhatHasWaitedTooLong) {
  Json document = open_scenario();
  document["target"]["connections"] = 1;
  document["target"]["max_lateness"] = "30ms";
  prepare(document);
  answers_after_ = std::chrono::milliseconds(50);
  const auto sent = run(0, allow);
  const metrics::Accumulator sums = finish();
  EXPECT_LE(sent.size(), 6u) << "one connection, 50 ms each, for at most 230 ms";
  EXPECT_EQ(sums.live->unsent + sent.size(), sums.operations.count);
  EXPECT_EQ(sums.operations.abandoned, sums.live->unsent);
  EXPECT_LE(sums.live->lateness.max(), Duration::from_ms(35).ns());
}

TEST_F(WorkerRun, KeepsItsClientsBusyInTheClosedModel) {
  Json document = open_scenario();
  document["duration"] = "50ms";
  document["traffic"][0].erase("arrivals");
  document["traffic"][0]["clients"] = {{"count", 4}, {"think_time", "5ms"}};
  prepare(document);
  const auto sent = run(0, allow);
  std::map<std::uint64_t, std::vector<Instant>> by_client;
  for (const SentRequest& request : sent) by_client[request.operation % 4].push_back(request.at);
  ASSERT_THAT(by_client, SizeIs(4));
  for (const auto& [client, times] : by_client) {
    EXPECT_GE(times.size(), 2u);
    EXPECT_LE(times.size(), 10u);
    for (std::size_t i = 1; i < times.size(); ++i) {
      EXPECT_GE(times[i] - times[i - 1], Duration::from_ms(5));
    }
  }
}

TEST_F(WorkerRun, StopsWhenItIsTold) {
  Json document = open_scenario();
  document["duration"] = "1h";
  prepare(document);
  const auto sent = run(0, [&](const SentRequest& request) {
    if (request.at >= plan_->traffic.start() + Duration::from_ms(50)) control_.stop = true;
    return 200;
  });
  const metrics::Accumulator sums = finish();
  EXPECT_EQ(sums.totals.allowed, sent.size()) << "what was on its way is answered";
  EXPECT_LT(sent.size(), 1'000u);
}

// More clients than connections: those in the line are given up, and do not think of anything new.
TEST_F(WorkerRun, StopsInTheClosedModelToo) {
  Json document = open_scenario();
  document["duration"] = "2s";
  document["target"]["connections"] = 1;
  document["traffic"][0].erase("arrivals");
  document["traffic"][0]["clients"] = {{"count", 4}};
  prepare(document);
  answers_after_ = std::chrono::milliseconds(5);
  const auto sent = run(0, [&](const SentRequest& request) {
    if (request.at >= plan_->traffic.start() + Duration::from_ms(50)) control_.stop = true;
    return 200;
  });
  const metrics::Accumulator sums = finish();
  EXPECT_EQ(sums.totals.allowed, sent.size());
  EXPECT_LE(sums.live->unsent, 4u);
  EXPECT_EQ(sums.operations.count, sent.size() + sums.live->unsent);
}

}  // namespace
}  // namespace weir::load
