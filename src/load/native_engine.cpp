#include "load/native_engine.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <string_view>

#include "load/deadlines.hpp"
#include "load/failures.hpp"
#include "load/rate_limit_headers.hpp"
#include "load/response_scanner.hpp"

namespace weir::load {
namespace {

using boost::asio::ip::tcp;

constexpr std::size_t buffer_size = std::size_t{64} << 10;

bool wants_all(std::string_view) { return true; }

}  // namespace

/// One connection and the exchange that it is at.
class NativeEngine::Connection final : private Poller::Watched {
 public:
  explicit Connection(NativeEngine& engine)
      : engine_(engine),
        scanner_(engine.context_.keeps_answers ? &wants_all : &RateLimitHeaders::wants) {}
  ~Connection() { close_socket(); }

  void begin(ExchangeId exchange, const RenderedRow& row) {
    exchange_ = exchange;
    reply_ = {};
    begun_ = now();
    was_kept_ = stage_ == Stage::idle;
    out_.clear();
    engine_.context_.requests.append_http1(row, out_);
    if (stage_ == Stage::idle) {
      write_request();
    } else {
      connect();
    }
  }

  /// Opens it for a request that is to come.
  void open() {
    begun_ = now();
    is_ahead_ = true;
    ++engine_.opening_;
    connect();
  }

  bool is_busy() const { return stage_ == Stage::connecting || stage_ == Stage::busy; }

  void end_if_overdue(Instant now) {
    const Progress progress = stage_ == Stage::connecting  ? Progress::connecting
                              : !scanner_.saw_first_byte() ? Progress::written
                                                           : Progress::answering;
    if (const auto failure = overdue(engine_.context_.target, progress, now - begun_)) {
      fail(*failure);
    }
  }

 private:
  enum class Stage : std::uint8_t { closed, connecting, idle, busy };

  Instant now() const { return engine_.context_.clock.now(); }

  void ready(bool readable, bool writable) override {
    if (stage_ == Stage::connecting) {
      if (writable) connected();
      return;
    }
    if (writable && is_writing_) write_on();
    if (readable && stage_ != Stage::closed) read_on();
  }

  // ---- Writing

  void connect() {
    stage_ = Stage::connecting;
    ++engine_.opened_;
    const tcp::endpoint& to = engine_.endpoint_;
    socket_ = ::socket(to.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return fail_later(errno);
    const int yes = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(socket_, to.data(), static_cast<socklen_t>(to.size())) != 0 &&
        errno != EINPROGRESS) {
      return fail_later(errno);
    }
    if (!engine_.poller_.add(socket_, *this, true)) fail_later(errno);
  }

  void connected() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(failure_of(error));
    is_writing_ = true;
    if (!is_ahead_) return write_request();
    end_opening();
    want_to_write(false);
    stage_ = Stage::idle;
    engine_.idle_.push_back(this);
  }

  void write_request() {
    stage_ = Stage::busy;
    written_ = 0;
    scanner_.begin(engine_.context_.requests.is_head());
    headers_.clear();
    reply_.written = now();
    write_on();
  }

  // A connection that cannot be written to has been closed, and what the server sent before may
  // still be read: it says more.
  void write_on() {
    while (written_ < out_.size()) {
      const ssize_t n =
          ::send(socket_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) return want_to_write(true);
      if (n < 0 && errno != EINTR) break;
      if (n > 0) written_ += static_cast<std::size_t>(n);
    }
    want_to_write(false);
  }

  void want_to_write(bool wanted) {
    if (wanted == is_writing_) return;
    is_writing_ = wanted;
    engine_.poller_.change(socket_, *this, wanted);
  }

  // ---- Reading

  void read_on() {
    std::vector<char>& buffer = engine_.buffer_;
    const ssize_t n = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (stage_ == Stage::idle) return close_idle();
    if (n < 0) return broken(failure_of(errno));
    const Instant at = now();
    if (n == 0) return ended_by_peer(at);
    if (!scanner_.saw_first_byte()) reply_.first_byte = at;
    take({buffer.data(), static_cast<std::size_t>(n)}, at);
  }

  void take(std::string_view bytes, Instant at) {
    const std::size_t used = scanner_.feed(bytes);
    if (scanner_.state() == ResponseScanner::State::done) {
      return complete(at, scanner_.keeps_alive() && used == bytes.size() && !is_writing_);
    }
    if (scanner_.state() == ResponseScanner::State::malformed) return fail(Failure::malformed);
    const auto most = static_cast<std::uint64_t>(engine_.context_.target.max_body);
    if (scanner_.body_bytes() <= most) return;
    reply_.body_cut = true;
    complete(at, false);
  }

  void ended_by_peer(Instant at) {
    if (!scanner_.saw_first_byte()) return broken(Failure::closed_early);
    scanner_.end_of_stream();
    if (scanner_.state() == ResponseScanner::State::done) return complete(at, false);
    const bool is_malformed = scanner_.state() == ResponseScanner::State::malformed;
    fail(is_malformed ? Failure::malformed : Failure::closed_early);
  }

  // ---- Ends

  void complete(Instant at, bool keep) {
    reply_.status = scanner_.status();
    reply_.end = at;
    reply_.body_bytes = scanner_.body_bytes();
    for (std::size_t i = 0; i < scanner_.header_count(); ++i) {
      const Header header = scanner_.header(i);
      headers_.add(header.name, header.value);
    }
    reply_.headers = &headers_;
    if (engine_.context_.keeps_answers) keep_head_lines();
    if (keep) {
      stage_ = Stage::idle;
      engine_.idle_.push_back(this);
    } else {
      close();
    }
    engine_.context_.replies.replied(exchange_, reply_);
  }

  void keep_head_lines() {
    head_lines_.clear();
    for (std::size_t i = 0; i < scanner_.header_count(); ++i) {
      const Header header = scanner_.header(i);
      head_lines_.append(header.name).append(": ").append(header.value).append("\r\n");
    }
    reply_.head_lines = head_lines_;
  }

  /// A kept connection may have been closed just as the request was written; the server has not
  /// looked at it then, and it is sent once more.
  void broken(Failure failure) {
    if (!was_kept_ || scanner_.saw_first_byte() || reply_.resent || !engine_.context_.may_resend ||
        !engine_.context_.requests.is_idempotent()) {
      return fail(failure);
    }
    close_socket();
    reply_.resent = true;
    was_kept_ = false;
    connect();
  }

  void end_opening() {
    is_ahead_ = false;
    --engine_.opening_;
  }

  void fail(Failure failure) {
    if (is_ahead_) {
      // Nobody waits for it: the request that would have been sent on it opens another.
      end_opening();
      return close();
    }
    const Instant at = now();
    reply_.failure = failure;
    reply_.end = at;
    if (reply_.written == Instant()) reply_.written = at;
    if (reply_.first_byte == Instant()) reply_.first_byte = at;
    close();
    engine_.context_.replies.replied(exchange_, reply_);
  }

  void fail_later(int error) {
    boost::asio::post(engine_.context_.loop, [this, life = life_, failure = failure_of(error)] {
      if (life == life_) fail(failure);
    });
  }

  void close_idle() {
    std::erase(engine_.idle_, this);
    close();
  }

  void close() {
    close_socket();
    stage_ = Stage::closed;
    engine_.closed_.push_back(this);
  }

  void close_socket() {
    ++life_;
    is_writing_ = false;
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  NativeEngine& engine_;
  int socket_ = -1;
  Stage stage_ = Stage::closed;
  /// Whether the poller watches for room to write.
  bool is_writing_ = false;
  /// What was posted for a socket that was closed since has another.
  std::uint64_t life_ = 0;
  std::string out_;
  std::size_t written_ = 0;
  ResponseScanner scanner_;
  RateLimitHeaders headers_;
  ExchangeId exchange_ = 0;
  Reply reply_;
  /// Where somebody asked for them.
  std::string head_lines_;
  Instant begun_;
  bool was_kept_ = false;
  /// It is being opened for no request yet.
  bool is_ahead_ = false;
};

NativeEngine::NativeEngine(const EngineContext& context, tcp::endpoint endpoint)
    : context_(context),
      endpoint_(std::move(endpoint)),
      poller_(context.loop),
      buffer_(buffer_size) {}

NativeEngine::~NativeEngine() = default;

void NativeEngine::send(ExchangeId exchange, const RenderedRow& row) {
  if (idle_.empty()) return unused_connection()->begin(exchange, row);
  Connection* const connection = idle_.back();
  idle_.pop_back();
  connection->begin(exchange, row);
}

void NativeEngine::open_ahead(std::size_t connections) {
  while (idle_.size() + opening_ < connections && can_open()) unused_connection()->open();
}

NativeEngine::Connection* NativeEngine::unused_connection() {
  if (closed_.empty()) {
    return connections_.emplace_back(std::make_unique<Connection>(*this)).get();
  }
  Connection* const connection = closed_.back();
  closed_.pop_back();
  return connection;
}

void NativeEngine::end_overdue(Instant now) {
  // By index: what ends may begin another exchange on a new connection.
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (connections_[i]->is_busy()) connections_[i]->end_if_overdue(now);
  }
}

}  // namespace weir::load
