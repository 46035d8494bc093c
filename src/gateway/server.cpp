#include "gateway/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <thread>
#include <utility>

#include "gateway/acceptor.hpp"
#include "gateway/worker.hpp"

namespace weir::gateway {
namespace {

constexpr std::size_t usual_max_connections = 20'000;
/// For logs, loops, stores and whatever else a process opens.
constexpr std::size_t other_descriptors = 64;

/// As many connections as were asked for, but no more than the process may have descriptors; raises
/// their soft limit to the hard one. Each may need another one to the upstream.
std::size_t settle_max_connections(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::max<std::size_t>(wanted, 256);
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const std::size_t most = limit.rlim_cur == RLIM_INFINITY
                               ? usual_max_connections
                               : static_cast<std::size_t>(limit.rlim_cur);
  const std::size_t room = most > 2 * other_descriptors ? most - other_descriptors : most / 2;
  return std::min(wanted == 0 ? usual_max_connections : wanted, room);
}

}  // namespace

Server::Server(ServerOptions options) : options_(std::move(options)) {}

Server::~Server() {
  acceptors_.clear();
  workers_.clear();
}

Result<std::unique_ptr<Server>> Server::open(ServerOptions options) {
  std::unique_ptr<Server> server(new Server(std::move(options)));
  ServerOptions& own = server->options_;
  own.max_connections = settle_max_connections(own.max_connections);
  for (const ListenerSpec& spec : own.listeners) {
    auto opened = ListeningSocket::open(spec.endpoint, own.backlog);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    server->listeners_.push_back(std::move(*opened));
  }
  for (unsigned i = 0; i < std::max(own.threads, 1U); ++i) {
    server->workers_.push_back(std::make_unique<Worker>(own, i));
  }
  for (std::size_t i = 0; i < server->listeners_.size(); ++i) {
    server->acceptors_.push_back(std::make_unique<Acceptor>(
        server->listeners_[i], own.listeners[i].role, own.max_connections, server->workers_));
    server->acceptors_.back()->start();
  }
  return server;
}

std::vector<std::uint16_t> Server::ports() const {
  std::vector<std::uint16_t> ports;
  for (const ListeningSocket& listener : listeners_) ports.push_back(listener.port());
  return ports;
}

void Server::run() {
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < workers_.size(); ++i) {
    threads.emplace_back([worker = workers_[i].get()] { worker->run(); });
  }
  workers_.front()->run();
}

void Server::stop(Duration grace) {
  boost::asio::post(workers_.front()->loop(), [this, grace] {
    for (const auto& acceptor : acceptors_) acceptor->stop();
    for (const auto& worker : workers_) worker->stop(grace);
  });
}

void Server::replace_gatekeepers(GatekeeperFactory make) {
  for (const auto& worker : workers_) {
    boost::asio::post(worker->loop(),
                      [&worker = *worker, make] { worker.use_gatekeeper(make(worker.loop())); });
  }
}

ServerFigures Server::figures() const {
  ServerFigures sum;
  for (const auto& worker : workers_) sum.add(worker->counters());
  return sum;
}

}  // namespace weir::gateway
