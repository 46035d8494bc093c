#include "load/curl_loop.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <new>

namespace weir::load {

using boost::asio::posix::stream_descriptor;

// What libcurl asks to wait for and what it is told has happened are the same bits.
static_assert(CURL_POLL_IN == CURL_CSELECT_IN && CURL_POLL_OUT == CURL_CSELECT_OUT);

/// A socket of libcurl, waited for. It outlives its closing in handlers that are still to run.
class CurlLoop::Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(CurlLoop& owner, curl_socket_t socket, bool is_ours)
      : owner_(&owner), socket_(socket), is_ours_(is_ours), descriptor_(owner.loop_) {
    boost::system::error_code ignored;
    descriptor_.assign(socket, ignored);
  }

  /// Whether libcurl closes it by close_socket().
  bool is_ours() const { return is_ours_; }

  void want(int events) {
    wanted_ = events;
    wait();
  }

  /// The socket is about to be closed by its owner, or is already.
  void forget() {
    owner_ = nullptr;
    descriptor_.release();
  }

 private:
  void wait() {
    if ((wanted_ & CURL_POLL_IN) != 0 && !reads_) wait_for(CURL_CSELECT_IN);
    if ((wanted_ & CURL_POLL_OUT) != 0 && !writes_) wait_for(CURL_CSELECT_OUT);
  }

  void wait_for(int event) {
    const bool is_read = event == CURL_CSELECT_IN;
    (is_read ? reads_ : writes_) = true;
    descriptor_.async_wait(
        is_read ? stream_descriptor::wait_read : stream_descriptor::wait_write,
        [self = shared_from_this(), event](const boost::system::error_code& error) {
          (event == CURL_CSELECT_IN ? self->reads_ : self->writes_) = false;
          if (self->owner_ != nullptr) self->happened(event, static_cast<bool>(error));
        });
  }

  // A wait goes on while libcurl wants nothing, so that it need not begin anew with the next
  // request: what ends it then is of no interest, and seen again when it is.
  void happened(int event, bool is_error) {
    if ((wanted_ & event) == 0) return;
    if (is_error) return owner_->act(socket_, CURL_CSELECT_ERR);
    owner_->act(socket_, event);
    if (owner_ != nullptr) wait();
  }

  CurlLoop* owner_;
  curl_socket_t socket_;
  bool is_ours_;
  stream_descriptor descriptor_;
  int wanted_ = 0;
  bool reads_ = false;
  bool writes_ = false;
};

namespace {

/// Lets what is written gather until it fills packets, or sends it.
void set_gathering(curl_socket_t socket, int gathers) {
  setsockopt(socket, IPPROTO_TCP, TCP_CORK, &gathers, sizeof gathers);
}

}  // namespace

CurlLoop::CurlLoop(boost::asio::io_context& loop, const Settings& settings,
                   std::function<void()> some_ended)
    : loop_(loop),
      timer_(loop),
      some_ended_(std::move(some_ended)),
      gathers_writes_(settings.gathers_writes) {
  ensure_curl();
  multi_.reset(curl_multi_init());
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  const auto most = static_cast<long>(settings.connections);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, most);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, most);
}

CurlLoop::~CurlLoop() {
  // Closes what is open, by way of the functions below.
  multi_.reset();
  for (const auto& [socket, watch] : watches_) watch->forget();
}

void CurlLoop::adopt(CurlEasy& easy) {
  easy.set(CURLOPT_OPENSOCKETFUNCTION, &CurlLoop::open_socket);
  easy.set(CURLOPT_OPENSOCKETDATA, this);
  easy.set(CURLOPT_CLOSESOCKETFUNCTION, &CurlLoop::close_socket);
  easy.set(CURLOPT_CLOSESOCKETDATA, this);
}

// ---- Transfers

void CurlLoop::begin(CURL* easy) {
  ++transfers_;
  is_beginning_ = true;
  curl_multi_add_handle(multi_.get(), easy);
  is_beginning_ = false;
  if (act_on(CURL_SOCKET_TIMEOUT, 0)) {
    boost::asio::post(loop_, [this, life = std::weak_ptr(life_)] {
      if (!life.expired()) some_ended_();
    });
  }
}

void CurlLoop::cancel(CURL* easy) {
  --transfers_;
  curl_multi_remove_handle(multi_.get(), easy);
}

std::optional<CurlLoop::Ended> CurlLoop::take_ended() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const Ended ended{message->easy_handle, message->data.result};
    cancel(ended.easy);
    return ended;
  }
  return std::nullopt;
}

// Whether any transfer has ended.
bool CurlLoop::act_on(curl_socket_t socket, int events) {
  if (socket == CURL_SOCKET_TIMEOUT) is_due_ = false;
  int running = transfers_;
  curl_multi_socket_action(multi_.get(), socket, events, &running);
  if (gathers_writes_) flush();
  return running < transfers_;
}

void CurlLoop::flush() {
  for (const auto& [socket, watch] : watches_) {
    set_gathering(socket, 0);
    set_gathering(socket, 1);
  }
}

void CurlLoop::act(curl_socket_t socket, int events) {
  if (act_on(socket, events)) some_ended_();
}

// ---- Sockets

curl_socket_t CurlLoop::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& loop = *static_cast<CurlLoop*>(self);
  const curl_socket_t socket =
      ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket < 0) {
    loop.socket_error_ = errno;
    return CURL_SOCKET_BAD;
  }
  loop.watch(socket, true);
  if (loop.gathers_writes_) set_gathering(socket, 1);
  return socket;
}

int CurlLoop::close_socket(void* self, curl_socket_t socket) {
  static_cast<CurlLoop*>(self)->forget(socket);
  return ::close(socket);
}

int CurlLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& loop = *static_cast<CurlLoop*>(self);
  // A socket that is ours stays until it is closed; the next request on it will want it again.
  Watch& watch = loop.watch(socket, false);
  if (what == CURL_POLL_REMOVE && !watch.is_ours()) {
    loop.forget(socket);
  } else {
    watch.want(what & CURL_POLL_INOUT);
  }
  return 0;
}

CurlLoop::Watch& CurlLoop::watch(curl_socket_t socket, bool is_ours) {
  std::shared_ptr<Watch>& watch = watches_[socket];
  if (watch == nullptr) watch = std::make_shared<Watch>(*this, socket, is_ours);
  return *watch;
}

void CurlLoop::forget(curl_socket_t socket) {
  const auto found = watches_.find(socket);
  if (found == watches_.end()) return;
  found->second->forget();
  watches_.erase(found);
}

// ---- Time

int CurlLoop::on_timer(CURLM*, long timeout_ms, void* self) {
  static_cast<CurlLoop*>(self)->set_timer(timeout_ms);
  return 0;
}

void CurlLoop::set_timer(long timeout_ms) {
  // begin() asks libcurl to act at once anyway.
  if (is_beginning_) return;
  if (timeout_ms < 0) {
    is_due_ = false;
    timer_.cancel();
  } else if (timeout_ms == 0) {
    act_soon();
  } else {
    is_due_ = false;
    timer_.expires_after(std::chrono::milliseconds(timeout_ms));
    timer_.async_wait([this, life = std::weak_ptr(life_)](const boost::system::error_code& error) {
      if (!error && !life.expired()) act(CURL_SOCKET_TIMEOUT, 0);
    });
  }
}

// libcurl may not be called from where it says when it wants to be.
void CurlLoop::act_soon() {
  is_due_ = true;
  boost::asio::post(loop_, [this, life = std::weak_ptr(life_)] {
    if (!life.expired() && is_due_) act(CURL_SOCKET_TIMEOUT, 0);
  });
}

}  // namespace weir::load
