#include "gateway/session.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "gateway/worker.hpp"

namespace weir::gateway {
namespace {

constexpr Duration linger_time = Duration::from_seconds(2);
/// So often a client that is as fast as we are is served before others have their turn.
constexpr int rounds_at_once = 16;
/// More than this nobody sends who will ever read the answer.
constexpr std::size_t max_lingered = std::size_t{4} << 20;

}  // namespace

Session::Session(Worker& worker, int fd, Role role, std::optional<boost::asio::ip::address> peer)
    : worker_(worker),
      fd_(fd),
      role_(role),
      peer_(std::move(peer)),
      deadline_(worker.alarms(), [this] { overdue(); }),
      progress_(worker.now()) {}

Session::~Session() {
  if (fd_ >= 0) ::close(fd_);
}

void Session::open() {
  // Its first event says that it can be written to.
  if (!worker_.poller().add(fd_, *this)) return close();
  set_deadline();
}

void Session::ready(std::uint32_t events) {
  if (stage_ == Stage::closed) return;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) broken_ = true;
  if ((events & EPOLLRDHUP) != 0) peer_ended_ = true;
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) readable_ = true;
  if ((events & EPOLLOUT) != 0) is_blocked_ = false;
  turn();
}

void Session::turn_soon() {
  if (in_turn_ || std::exchange(resumes_soon_, true)) return;
  worker_.resume_soon(*this);
}

void Session::resume() {
  resumes_soon_ = false;
  if (has_decision_) {
    decided();
  } else if (page_ && stage_ == Stage::decision) {
    answer_page(*page_);
  }
  turn();
}

/// Everything that can be done now, until something has to be waited for.
void Session::turn() {
  if (in_turn_ || stage_ == Stage::closed || stage_ == Stage::settling) return;
  in_turn_ = true;
  input_ = in_;
  bool goes_on = true;
  for (int i = 0; goes_on && i < rounds_at_once; ++i) {
    read_on();
    flush();
    goes_on = (wants_input() && (readable_ || (!input_.empty() && !needs_more_))) ||
              (unwritten() > 0 && !is_blocked_ && !broken_);
  }
  keep_input();
  in_turn_ = false;
  if (stage_ == Stage::closed) return;
  if (goes_on) turn_soon();
  const bool waits = stage_ == Stage::decision || stage_ == Stage::delay || stage_ == Stage::answer;
  if (broken_ || (peer_ended_ && (waits || stage_ == Stage::tunnel))) return client_left();
  if (closes_ && stage_ == Stage::head && unwritten() == 0) end_connection();
  if (stage_ != Stage::closed) set_deadline();
}

// ---- Bytes in

bool Session::wants_input() const {
  switch (stage_) {
    case Stage::head:
      return !closes_ && unwritten() < full_at;
    case Stage::body:
    case Stage::rest_of_body:
    case Stage::linger:
      return true;
    case Stage::answer:
      return passes_body_ && !body_is_read() && answering_->has_room();
    case Stage::tunnel:
      return answering_->has_room();
    case Stage::decision:
    case Stage::delay:
    case Stage::settling:
    case Stage::closed:
      return false;
  }
  return false;
}

void Session::read_on() {
  while (wants_input()) {
    if (input_.empty() || needs_more_) {
      if (!receive()) return;
      needs_more_ = false;
    }
    take_input();
  }
}

/// Adds to `input_`; false where nothing comes now.
bool Session::receive() {
  if (!readable_) return false;
  std::vector<char>& buffer = worker_.buffer();
  const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (n < 0 && errno == EINTR) return receive();
  if (n <= 0) {
    readable_ = false;
    if (n < 0 && errno == EAGAIN) return false;
    if (n < 0) broken_ = true;
    peer_ended_ = true;
    // Requests that came whole are answered before.
    (stage_ == Stage::head ? closes_ : broken_) = true;
    return false;
  }
  const auto size = static_cast<std::size_t>(n);
  if (size < buffer.size() && !peer_ended_) readable_ = false;
  worker_.counters().bytes_in.add(size);
  if (input_.empty()) {
    input_ = {buffer.data(), size};
  } else {
    std::string joined;
    joined.reserve(input_.size() + size);
    joined.append(input_).append(buffer.data(), size);
    in_.swap(joined);
    input_ = in_;
  }
  return true;
}

/// Keeps what was not used beyond this turn.
void Session::keep_input() {
  if (input_.empty()) {
    in_.clear();
    if (in_.capacity() > kept_capacity) in_.shrink_to_fit();
  } else if (input_.data() >= in_.data() && input_.data() <= in_.data() + in_.size()) {
    in_.erase(0, static_cast<std::size_t>(input_.data() - in_.data()));
  } else {
    in_.assign(input_);
  }
}

void Session::take_input() {
  switch (stage_) {
    case Stage::linger:
      lingered_ += input_.size();
      input_ = {};
      if (lingered_ > max_lingered) close();
      return;
    case Stage::tunnel:
      answering_->take_body(std::exchange(input_, {}));
      return;
    case Stage::rest_of_body:
      return take_rest();
    default:
      return take_request();
  }
}

// ---- Bytes out

void Session::flush() {
  if (fd_ < 0 || unwritten() == 0 || is_blocked_) return;
  const bool was_full = is_full();
  while (sent_ < out_.size()) {
    const ssize_t n = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      is_blocked_ = true;
      break;
    }
    if (n < 0) {
      broken_ = true;
      break;
    }
    sent_ += static_cast<std::size_t>(n);
    progress_ = worker_.now();
    worker_.counters().bytes_out.add(static_cast<std::uint64_t>(n));
  }
  if (sent_ == out_.size() || broken_) {
    out_.clear();
    sent_ = 0;
    if (out_.capacity() > kept_capacity && stage_ == Stage::head) out_.shrink_to_fit();
  } else if (sent_ >= full_at) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
  if (was_full && !is_full() && answering_ && !broken_) answering_->client_took();
}

/// The client has its last answer. Closing at once would take it away from a client that still
/// sends: the reset that this provokes makes its system forget what it has received.
void Session::end_connection() {
  const bool may_send = !sent_all_ || !in_.empty() || readable_;
  if (peer_ended_ || broken_ || !may_send) return close();
  ::shutdown(fd_, SHUT_WR);
  stage_ = Stage::linger;
  progress_ = worker_.now();
  input_ = {};
  in_.clear();
  readable_ = true;
  set_deadline();
  turn_soon();
}

void Session::close() {
  if (stage_ == Stage::closed) return;
  stage_ = Stage::closed;
  deadline_.cancel();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  worker_.counters().connections_closed.add();
  worker_.bury(*this);
}

// ---- Time

void Session::set_deadline() {
  const ClientTimeouts& timeouts = worker_.options().timeouts;
  if (unwritten() > 0) return deadline_.set(progress_ + timeouts.write);
  switch (stage_) {
    case Stage::head: {
      const bool is_idle = !is_first_ && !has_reader();
      return deadline_.set(progress_ + (is_idle ? timeouts.idle : timeouts.head));
    }
    case Stage::body:
    case Stage::rest_of_body:
      return deadline_.set(progress_ + timeouts.body);
    case Stage::answer:
      if (wants_input()) return deadline_.set(progress_ + timeouts.body);
      return deadline_.cancel();
    case Stage::linger:
      return deadline_.set(progress_ + linger_time);
    case Stage::settling:
      return deadline_.set(progress_ + timeouts.settle);
    default:
      return deadline_.cancel();
  }
}

void Session::overdue() {
  if (unwritten() > 0) return client_left();
  switch (stage_) {
    case Stage::head:
      if (!has_reader()) return close();
      reject(BadRequest::timeout);
      return turn();
    case Stage::body:
      reject(BadRequest::timeout);
      return turn();
    case Stage::answer:
    case Stage::tunnel:
      return client_left();
    case Stage::settling:
      finish();
      return close();
    default:
      return close();
  }
}

// ---- The end

/// There is nobody to answer any more.
void Session::client_left() {
  if (stage_ == Stage::closed) return;
  const bool has_request =
      stage_ != Stage::head && stage_ != Stage::linger && stage_ != Stage::rest_of_body;
  out_.clear();
  sent_ = 0;
  if (!has_request) return close();
  left_ = true;
  worker_.counters().clients_left.add();
  const bool is_read_on = stage_ == Stage::answer && answering_ && body_is_read() &&
                          answer_is_read() && !worker_.is_stopping();
  if (is_read_on) {
    stage_ = Stage::settling;
    progress_ = worker_.now();
    worker_.poller().remove(fd_);
    ::close(std::exchange(fd_, -1));
    return set_deadline();
  }
  if (!awaits_decision_) finish();
  close();
}

void Session::leave_soon() {
  if (stage_ == Stage::closed) return;
  keep_alive_ = false;
  const bool is_idle = stage_ == Stage::head && !has_reader() && unwritten() == 0;
  if (is_idle || stage_ == Stage::tunnel) {
    client_left();
  } else if (stage_ == Stage::head && !has_reader()) {
    closes_ = true;
  }
}

void Session::kill() {
  if (stage_ == Stage::settling) finish();
  broken_ = true;
  client_left();
}

}  // namespace weir::gateway
