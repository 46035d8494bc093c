#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/alarms.hpp"
#include "gateway/endpoint.hpp"
#include "gateway/poller.hpp"
#include "gateway/server_options.hpp"
#include "gateway/worker.hpp"

namespace weir::gateway {

/// Accepts the connections of a listener, on the first of the threads, and deals them out.
class Acceptor final : public Poller::Watched {
 public:
  Acceptor(ListeningSocket& listener, Role role, std::size_t max_connections,
           std::vector<std::unique_ptr<Worker>>& workers);

  /// Both on the first thread.
  void start();
  void stop();

 private:
  void ready(std::uint32_t events) override;
  /// False if there is nothing to accept now.
  bool accept_one();
  void deal_out(int fd, const std::optional<boost::asio::ip::address>& peer);
  void refuse(int fd);
  std::size_t open_connections() const;

  ListeningSocket& listener_;
  Role role_;
  std::size_t max_connections_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  std::size_t next_ = 0;
  /// Connections that no thread has counted yet.
  std::shared_ptr<std::atomic<std::size_t>> on_their_way_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  bool is_stopped_ = false;
  Alarm retry_;
};

}  // namespace weir::gateway
