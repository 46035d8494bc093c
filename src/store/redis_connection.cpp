#include "store/redis_connection.hpp"

#include <algorithm>
#include <utility>

#include "store/redis_command.hpp"
#include "store/redis_socket.hpp"

namespace weir::store {
namespace {

using std::chrono::nanoseconds;

/// What hiredis keeps of a call until it answers it.
template <class Call>
struct CallInRedis {
  std::weak_ptr<RedisConnection> connection;
  std::shared_ptr<Call> call;
};

bool is_error(const redisReply* reply, std::string_view code) {
  return reply->type == REDIS_REPLY_ERROR &&
         std::string_view(reply->str, static_cast<std::size_t>(reply->len))
                 .substr(0, code.size()) == code;
}

}  // namespace

RedisConnection::RedisConnection(boost::asio::io_context& loop, RedisNode node,
                                 const RedisOptions& options,
                                 std::vector<const RedisScript*> scripts)
    : loop_(loop),
      node_(std::move(node)),
      timeout_(options.timeout.ns()),
      first_backoff_(options.backoff.ns()),
      longest_backoff_(options.longest_backoff.ns()),
      most_outstanding_(options.most_outstanding),
      scripts_(std::move(scripts)),
      backoff_(first_backoff_),
      draws_(RandomStream(hash64(node_.name()) ^ reinterpret_cast<std::uintptr_t>(this))),
      deadline_timer_(loop),
      on_change_(options.on_change),
      state_timer_(loop) {}

RedisConnection::~RedisConnection() { close(); }

void RedisConnection::start() { connect(); }

void RedisConnection::close() {
  is_closed_ = true;
  deadline_timer_.cancel();
  state_timer_.cancel();
  deadlines_.clear();
  if (redisAsyncContext* const context = std::exchange(context_, nullptr)) redisAsyncFree(context);
}

void RedisConnection::send(std::string command, Answered answered, Urgency urgency) {
  const bool may_send = state_ == State::fresh || state_ == State::up ||
                        (state_ == State::suspect && urgency == Urgency::can_wait);
  if (!may_send || context_ == nullptr) {
    return answered({.failure = RedisFailure::down, .reply = nullptr});
  }
  if (outstanding_ >= most_outstanding_) {
    return answered({.failure = RedisFailure::overload, .reply = nullptr});
  }
  auto call = std::make_shared<Call>();
  call->command = std::move(command);
  call->answered = std::move(answered);
  if (!issue(call)) return finish(*call, RedisFailure::connection, nullptr);
  deadlines_.push_back({Clock::now() + timeout_, std::move(call)});
  wait_for_deadline();
}

bool RedisConnection::issue(const std::shared_ptr<Call>& call) {
  using Kept = CallInRedis<Call>;
  auto kept = std::make_unique<Kept>(Kept{weak_from_this(), call});
  if (context_ == nullptr ||
      redisAsyncFormattedCommand(context_, &RedisConnection::on_reply, kept.get(),
                                 call->command.data(), call->command.size()) != REDIS_OK) {
    return false;
  }
  static_cast<void>(kept.release());
  ++outstanding_;
  call->is_in_redis = true;
  return true;
}

void RedisConnection::on_reply(redisAsyncContext*, void* reply, void* data) {
  const std::unique_ptr<CallInRedis<Call>> kept(static_cast<CallInRedis<Call>*>(data));
  const std::shared_ptr<RedisConnection> connection = kept->connection.lock();
  if (!connection || connection->is_closed_) return;
  connection->replied(kept->call, static_cast<const redisReply*>(reply));
}

void RedisConnection::replied(const std::shared_ptr<Call>& call, const redisReply* reply) {
  --outstanding_;
  call->is_in_redis = false;
  if (reply == nullptr) return finish(*call, RedisFailure::connection, nullptr);
  // Somebody made Redis forget its scripts.
  if (is_error(reply, "NOSCRIPT") && !call->is_retried) return retry(call);
  const bool failed = reply->type == REDIS_REPLY_ERROR;
  finish(*call, failed ? RedisFailure::error : RedisFailure::none, reply);
}

void RedisConnection::retry(const std::shared_ptr<Call>& call) {
  call->is_retried = true;
  for (const RedisScript* script : scripts_) {
    const auto load = std::make_shared<Call>();
    load->command = RedisCommand("SCRIPT", "LOAD", std::string_view(script->text)).text();
    load->answered = [](const Answer&) {};
    issue(load);
  }
  if (!issue(call)) finish(*call, RedisFailure::connection, nullptr);
}

void RedisConnection::finish(Call& call, RedisFailure failure, const redisReply* reply) {
  const bool is_late = std::exchange(call.is_answered, true);
  if (is_late && reply == nullptr) return;
  call.answered({.failure = failure, .reply = reply, .is_late = is_late});
  // What the answer's receiver holds must not stay until the deadline.
  if (!call.is_in_redis) call.answered = nullptr;
}

void RedisConnection::wait_for_deadline() {
  while (!deadlines_.empty() && deadlines_.front().call->is_answered) deadlines_.pop_front();
  if (waits_for_deadline_ || deadlines_.empty()) return;
  waits_for_deadline_ = true;
  deadline_timer_.expires_at(deadlines_.front().at);
  deadline_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->is_closed_) return;
    self->waits_for_deadline_ = false;
    self->time_out();
    self->wait_for_deadline();
  });
}

void RedisConnection::time_out() {
  const Clock::time_point now = Clock::now();
  // Answers may have come that this thread was too busy to read.
  if (context_ != nullptr && (context_->c.flags & REDIS_CONNECTED) != 0) {
    redisAsyncHandleRead(context_);
  }
  bool any = false;
  while (!deadlines_.empty() && deadlines_.front().at <= now) {
    const std::shared_ptr<Call> call = deadlines_.front().call;
    deadlines_.pop_front();
    if (call->is_answered) continue;
    any = true;
    finish(*call, RedisFailure::timeout, nullptr);
  }
  if (!any || (state_ != State::up && state_ != State::fresh)) return;
  tell_of_loss("it did not answer in time");
  probe();
}

void RedisConnection::connect() {
  if (is_closed_) return;
  context_ = node_.path.empty() ? redisAsyncConnect(node_.host.c_str(), node_.port)
                                : redisAsyncConnectUnix(node_.path.c_str());
  if (context_ == nullptr || context_->err != 0) {
    if (context_ != nullptr) redisAsyncFree(std::exchange(context_, nullptr));
    return lost();
  }
  RedisSocket::attach(loop_, context_, [weak = weak_from_this(), mine = context_] {
    const auto self = weak.lock();
    if (!self || self->context_ != mine) return;
    self->context_ = nullptr;
    self->lost();
  });
  // Without a callback hiredis would not look whether the connection came about.
  redisAsyncSetConnectCallback(context_, [](const redisAsyncContext*, int) {});
  shake_hands();
}

void RedisConnection::shake_hands() {
  if (!node_.password.empty()) {
    expect_ok(node_.user.empty() ? RedisCommand("AUTH", std::string_view(node_.password)).text()
                                 : RedisCommand("AUTH", std::string_view(node_.user),
                                                std::string_view(node_.password))
                                       .text());
  }
  if (node_.database != 0) {
    expect_ok(RedisCommand("SELECT", std::int64_t{node_.database}).text());
  }
  for (const RedisScript* script : scripts_) {
    expect_ok(RedisCommand("SCRIPT", "LOAD", std::string_view(script->text)).text());
  }
  const State before = state_;
  probe();
  if (before == State::fresh) state_ = before;
}

void RedisConnection::expect_ok(std::string command) {
  const auto call = std::make_shared<Call>();
  call->command = std::move(command);
  call->answered = [this](const Answer& answer) {
    if (answer.failure != RedisFailure::error) return;
    complaint_.assign(answer.reply->str, static_cast<std::size_t>(answer.reply->len));
    drop();
  };
  issue(call);
}

void RedisConnection::probe() {
  state_ = State::suspect;
  const auto call = std::make_shared<Call>();
  call->command = RedisCommand("PING").text();
  call->answered = [this](const Answer& answer) {
    if (answer.failure == RedisFailure::none) is_well();
    if (answer.failure != RedisFailure::error) return;
    complaint_.assign(answer.reply->str, static_cast<std::size_t>(answer.reply->len));
    drop();
  };
  issue(call);
  in(std::max<nanoseconds>(timeout_ * 10, std::chrono::seconds(1)), &RedisConnection::drop);
}

void RedisConnection::is_well() {
  state_ = State::up;
  if (std::exchange(has_told_of_loss_, false) && on_change_) on_change_(node_.name(), true, "");
  complaint_.clear();
  backoff_ = first_backoff_;
  ++step_;
  state_timer_.cancel();
}

void RedisConnection::drop() {
  if (context_ != nullptr) redisAsyncFree(context_);
}

void RedisConnection::lost() {
  state_ = State::lost;
  if (is_closed_) return;
  tell_of_loss(complaint_.empty() ? "it cannot be connected to, or has closed the connection"
                                  : complaint_);
  in(next_backoff(), &RedisConnection::connect);
}

void RedisConnection::tell_of_loss(const std::string& why) {
  if (!std::exchange(has_told_of_loss_, true) && on_change_) on_change_(node_.name(), false, why);
}

void RedisConnection::in(nanoseconds time, void (RedisConnection::*then)()) {
  state_timer_.expires_after(time);
  // It may have run out already when it is cancelled.
  const std::uint64_t step = ++step_;
  state_timer_.async_wait(
      [weak = weak_from_this(), step, then](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self || self->is_closed_ || self->step_ != step) return;
        ((*self).*then)();
      });
}

// Doubled each time, and drawn from its upper half, so that gateways do not come all at once.
RedisConnection::Clock::duration RedisConnection::next_backoff() {
  const nanoseconds longest = std::exchange(backoff_, std::min(backoff_ * 2, longest_backoff_));
  const double part = 0.5 + 0.5 * draws_.uniform();
  return nanoseconds(static_cast<std::int64_t>(static_cast<double>(longest.count()) * part));
}

}  // namespace weir::store
