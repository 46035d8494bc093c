#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "load/curl_easy.hpp"

namespace weir::load {

/// libcurl's multi interface on a thread's loop: libcurl says which sockets and instants it waits
/// for, the loop does the waiting.
class CurlLoop {
 public:
  struct Ended {
    CURL* easy = nullptr;
    CURLcode result = CURLE_OK;
  };

  struct Settings {
    /// The most at once, and kept.
    std::size_t connections = 1;
    /// Whether to send together what libcurl writes piece by piece.
    bool gathers_writes = false;
  };

  /// `some_ended` is called from the loop when there may be something to take, and never from
  /// within begin().
  CurlLoop(boost::asio::io_context& loop, const Settings& settings,
           std::function<void()> some_ended);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// Every handle needs this before it begins: its sockets are then opened and closed here.
  void adopt(CurlEasy& easy);

  /// Goes as far as a transfer can go without waiting.
  void begin(CURL* easy);
  void cancel(CURL* easy);
  std::optional<Ended> take_ended();

  /// Why a socket could not be made, the last time; libcurl does not say.
  int socket_error() const { return socket_error_; }

 private:
  class Watch;
  struct Cleanup {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
  };

  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int close_socket(void* self, curl_socket_t socket);
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* ignored);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);

  Watch& watch(curl_socket_t socket, bool is_ours);
  void forget(curl_socket_t socket);
  void set_timer(long timeout_ms);
  void act_soon();
  bool act_on(curl_socket_t socket, int events);
  void act(curl_socket_t socket, int events);
  void flush();

  boost::asio::io_context& loop_;
  boost::asio::steady_timer timer_;
  std::function<void()> some_ended_;
  /// By descriptor. A watch goes when its socket is closed, so that none is there for the next
  /// socket with that number.
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  std::unique_ptr<CURLM, Cleanup> multi_;
  /// Those begun and neither cancelled nor taken.
  int transfers_ = 0;
  int socket_error_ = 0;
  bool gathers_writes_;
  bool is_beginning_ = false;
  bool is_due_ = false;
  /// Handlers that are still in the loop when this goes find that out here.
  std::shared_ptr<const bool> life_ = std::make_shared<const bool>(true);
};

}  // namespace weir::load
