#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/alarms.hpp"
#include "gateway/counters.hpp"
#include "gateway/poller.hpp"
#include "gateway/server_options.hpp"

namespace weir::gateway {

class UpstreamPool;

/// A connection to an upstream: bytes out, bytes in.
class UpstreamConnection final : public Poller::Watched {
 public:
  /// Whose exchange it carries.
  class User {
   public:
    /// It is there, there is something to read or all was written, or it is broken; look.
    virtual void connection_changed() = 0;

   protected:
    ~User() = default;
  };
  enum class State : std::uint8_t { connecting, open, broken };

  UpstreamConnection(UpstreamPool& pool, const boost::asio::ip::tcp::endpoint& to);
  ~UpstreamConnection();
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  void ready(std::uint32_t events) override;
  void set_user(User* user) { user_ = user; }
  State state() const { return state_; }

  /// Writes now what goes, and the rest as it goes.
  void send(std::string_view bytes);
  std::size_t unwritten() const { return out_.size() - sent_; }
  std::uint64_t written() const { return written_; }

  enum class Came : std::uint8_t { bytes, nothing, end, failure };
  /// The bytes are valid until anybody receives.
  Came receive(std::string_view& bytes);
  /// Whether it is as quiet as a connection between two exchanges is: a call of the system.
  bool is_quiet() const;

 private:
  friend class UpstreamPool;
  void flush();

  UpstreamPool& pool_;
  User* user_ = nullptr;
  int fd_ = -1;
  State state_ = State::connecting;
  bool readable_ = true;
  std::string out_;
  std::size_t sent_ = 0;
  std::uint64_t written_ = 0;
  Instant idle_since_;
};

/// The connections of one thread to an upstream.
class UpstreamPool {
 public:
  UpstreamPool(const BackendParts& parts, std::vector<boost::asio::ip::tcp::endpoint> endpoints,
               Duration keep_alive, std::size_t max_idle);
  ~UpstreamPool();
  UpstreamPool(const UpstreamPool&) = delete;
  UpstreamPool& operator=(const UpstreamPool&) = delete;

  /// The one that was used last; null if there is none.
  std::unique_ptr<UpstreamConnection> take_idle();
  std::unique_ptr<UpstreamConnection> connect(std::size_t endpoint);
  std::size_t endpoint_count() const { return endpoints_.size(); }
  /// It can carry another exchange.
  void give_back(std::unique_ptr<UpstreamConnection> connection);
  /// It goes, but not while events may still be told to it.
  void dispose(std::unique_ptr<UpstreamConnection> connection);

  Poller& poller() { return parts_.poller; }
  std::vector<char>& buffer() { return buffer_; }

 private:
  friend class UpstreamConnection;
  void idle_changed(UpstreamConnection& connection);
  void drop_old();

  BackendParts parts_;
  std::vector<boost::asio::ip::tcp::endpoint> endpoints_;
  Duration keep_alive_;
  std::size_t max_idle_;
  std::vector<char> buffer_;
  /// The last one was used last.
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;
  std::vector<std::unique_ptr<UpstreamConnection>> disposed_;
  Alarm old_;
};

}  // namespace weir::gateway
