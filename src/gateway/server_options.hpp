#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "gateway/access_log.hpp"
#include "gateway/alarms.hpp"
#include "gateway/backend.hpp"
#include "gateway/counters.hpp"
#include "gateway/endpoint.hpp"
#include "gateway/gatekeeper.hpp"
#include "gateway/pages.hpp"
#include "gateway/poller.hpp"

namespace weir::gateway {

/// What a listener serves.
enum class Role : std::uint8_t {
  /// Pages of the gateway's own, if it has some there, and what the Gatekeeper lets through.
  traffic,
  /// Pages only.
  admin,
};

struct ListenerSpec {
  ListenEndpoint endpoint;
  Role role = Role::traffic;
};

/// How long a client may take.
struct ClientTimeouts {
  /// For a request's head, from its first byte or, for the first request, from the connection.
  Duration head = Duration::from_seconds(10);
  /// Between two requests.
  Duration idle = Duration::from_seconds(75);
  /// Between two pieces of a body.
  Duration body = Duration::from_seconds(30);
  /// Without taking any of the answer.
  Duration write = Duration::from_seconds(30);
  /// How long an answer that somebody wants to read is read on after its client has left.
  Duration settle = Duration::from_seconds(30);
};

using GatekeeperFactory = std::function<std::unique_ptr<Gatekeeper>(boost::asio::io_context& loop)>;
/// Null where a listener of that role has no pages.
using PagesFactory = std::function<std::unique_ptr<Pages>(boost::asio::io_context& loop, Role)>;

/// What a backend is made of; all of it lives as long as the backend.
struct BackendParts {
  boost::asio::io_context& loop;
  Poller& poller;
  Alarms& alarms;
  ServerCounters& counters;
  /// From 0, and each thread has another one.
  unsigned thread = 0;
};
using BackendFactory = std::function<std::unique_ptr<Backend>(const BackendParts& parts)>;

struct ServerOptions {
  std::vector<ListenerSpec> listeners;
  unsigned threads = 1;
  ClientTimeouts timeouts;
  HeadLimits head_limits;
  /// Of a body that has to be read as a whole.
  std::size_t max_body = std::size_t{1} << 20;
  /// 0 for 20,000, or less where the process may not have so many files.
  std::size_t max_connections = 0;
  int backlog = 4096;
  GatekeeperFactory make_gatekeeper;
  PagesFactory make_pages;
  BackendFactory make_backend;
  /// None if null; outlives the server.
  AccessLog* access_log = nullptr;
};

}  // namespace weir::gateway
