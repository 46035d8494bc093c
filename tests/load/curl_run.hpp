#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/columns.hpp"
#include "load/curl_engine.hpp"
#include "load/rate_limit_headers.hpp"

namespace weir::load {

/// What became of a request, for as long as it is wanted.
struct Heard {
  ExchangeId exchange = 0;
  Reply reply;
  RateLimitReading reading;
};

/// An engine of libcurl with all that it needs, whose requests come from a user each: user-0,
/// user-1 and so on.
class CurlRun : public ReplyHandler {
 public:
  explicit CurlRun(const std::string& url, scenario::TargetSpec target = {},
                   std::size_t connections = 1)
      : target_(std::move(target)), clock_(Instant::from_unix_seconds(1'000)) {
    target_.url = url;
    columns_.dictionaries.emplace_back("user");
    columns_.dictionaries[0].reserve_generated(users);
    block_.attributes.resize(1);
    auto made = RequestTemplate::make(target_, url, {.columns = &columns_, .nonce = ""});
    requests_ = std::make_unique<RequestTemplate>(std::move(made.value()));
    clock_.start(RunClock::Steady::now(), Instant::from_unix_seconds(1'700'000'000));
    engine_ = make_curl_engine({.loop = loop_,
                                .clock = clock_,
                                .requests = *requests_,
                                .target = target_,
                                .replies = *this,
                                .connections = connections});
  }

  /// Sends so many requests, as many at once as may be, and waits for what becomes of them.
  const std::vector<Heard>& exchange(std::size_t count = 1) {
    begin(count);
    wait();
    return heard;
  }

  void begin(std::size_t count) {
    wanted_ = sent_ + count;
    send_what_may_be();
  }

  void wait() {
    const auto give_up = RunClock::Steady::now() + std::chrono::seconds(30);
    while (heard.size() < wanted_ && RunClock::Steady::now() < give_up) turn();
    ASSERT_EQ(heard.size(), wanted_);
  }

  /// One turn of what a worker does.
  void turn() {
    loop_.restart();
    if (loop_.run_one_for(std::chrono::milliseconds(1)) == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    engine_->end_overdue(clock_.now());
    send_what_may_be();
  }

  void replied(ExchangeId exchange, const Reply& reply) override {
    EXPECT_FALSE(is_sending_);
    Heard next{.exchange = exchange, .reply = reply, .reading = {}};
    if (reply.headers != nullptr) next.reading = reply.headers->read(clock_.wall(reply.end));
    next.reply.headers = nullptr;
    heard.push_back(next);
    send_what_may_be();
    // Whoever hears may send, and the reply is still the same.
    EXPECT_EQ(reply.end, next.reply.end);
  }

  Reply reply() { return exchange().back().reply; }
  Result<void> reach() { return reach_by_curl(*requests_, target_); }
  Engine& engine() { return *engine_; }
  void drop_engine() { engine_.reset(); }
  boost::asio::io_context& loop() { return loop_; }
  const RunClock& clock() const { return clock_; }

  std::vector<Heard> heard;

 private:
  static constexpr std::int64_t users = 1'000'000;

  void send_what_may_be() {
    while (sent_ < wanted_ && engine_->can_send()) {
      const auto id = static_cast<ExchangeId>(sent_++);
      block_.at = {clock_.now()};
      block_.attributes[0] = {id};
      block_.traffic_class = {0};
      block_.operation = {id};
      is_sending_ = true;
      engine_->send(id, {.block = &block_, .row = 0, .replaced = nullptr, .replacement = {}});
      is_sending_ = false;
    }
  }

  scenario::TargetSpec target_;
  RunClock clock_;
  Columns columns_;
  RequestBlock block_;
  std::unique_ptr<RequestTemplate> requests_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<Engine> engine_;
  std::size_t wanted_ = 0;
  std::size_t sent_ = 0;
  bool is_sending_ = false;
};

}  // namespace weir::load
