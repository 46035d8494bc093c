#pragma once

#include <hiredis/async.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "store/redis_options.hpp"
#include "store/redis_script.hpp"

namespace weir::store {

class RedisSocket;

/// Why a command was not answered.
enum class RedisFailure {
  none,
  timeout,
  /// There is no connection, or it broke before the answer.
  connection,
  /// Redis answered with an error.
  error,
  /// It was not even sent: the node failed before and has not answered since.
  down,
  /// It was not sent: too many are outstanding.
  overload,
};

/// A thread's connection to one node. Commands are sent one behind another and answered in that
/// order. A node that fails is down until it has answered a probe; meanwhile commands fail at once.
class RedisConnection : public std::enable_shared_from_this<RedisConnection> {
 public:
  /// Called once with the answer or why there is none; and again, with `is_late`, if the answer to
  /// a command that had timed out comes after all. `reply` is null without an answer.
  struct Answer {
    RedisFailure failure = RedisFailure::none;
    const redisReply* reply = nullptr;
    bool is_late = false;
  };
  using Answered = std::function<void(const Answer& answer)>;

  RedisConnection(boost::asio::io_context& loop, RedisNode node, const RedisOptions& options,
                  std::vector<const RedisScript*> scripts);
  ~RedisConnection();

  /// Connects; commands may be sent before it has.
  void start();
  /// Ends it; what is outstanding is never answered.
  void close();

  /// Whether a command that nobody waits for is sent to a node that hangs, too.
  enum class Urgency { awaited, can_wait };
  void send(std::string command, Answered answered, Urgency urgency = Urgency::awaited);
  const RedisNode& node() const { return node_; }

 private:
  friend class RedisSocket;
  using Clock = std::chrono::steady_clock;
  enum class State { fresh, up, suspect, lost };

  struct Call {
    std::string command;
    Answered answered;
    bool is_answered = false;
    bool is_in_redis = false;
    bool is_retried = false;
  };
  struct Deadline {
    Clock::time_point at;
    std::shared_ptr<Call> call;
  };

  bool issue(const std::shared_ptr<Call>& call);
  void connect();
  void shake_hands();
  void expect_ok(std::string command);
  void probe();
  void is_well();
  void drop();
  void lost();
  void tell_of_loss(const std::string& why);
  void replied(const std::shared_ptr<Call>& call, const redisReply* reply);
  void retry(const std::shared_ptr<Call>& call);
  void finish(Call& call, RedisFailure failure, const redisReply* reply);
  void wait_for_deadline();
  void time_out();
  void in(std::chrono::nanoseconds time, void (RedisConnection::*then)());
  Clock::duration next_backoff();

  static void on_reply(redisAsyncContext* context, void* reply, void* data);

  boost::asio::io_context& loop_;
  RedisNode node_;
  std::chrono::nanoseconds timeout_;
  std::chrono::nanoseconds first_backoff_;
  std::chrono::nanoseconds longest_backoff_;
  std::size_t most_outstanding_;
  std::vector<const RedisScript*> scripts_;
  State state_ = State::fresh;
  redisAsyncContext* context_ = nullptr;
  std::chrono::nanoseconds backoff_{};
  RandomSequence draws_;
  std::size_t outstanding_ = 0;
  std::deque<Deadline> deadlines_;
  boost::asio::steady_timer deadline_timer_;
  bool waits_for_deadline_ = false;
  /// For what comes next in the life of the connection: a probe given up, a new attempt.
  std::function<void(const std::string& node, bool is_up, const std::string& why)> on_change_;
  bool has_told_of_loss_ = false;
  /// What Redis said that made the connection useless.
  std::string complaint_;
  boost::asio::steady_timer state_timer_;
  /// What state_timer_ was last set for.
  std::uint64_t step_ = 0;
  bool is_closed_ = false;
};

}  // namespace weir::store
