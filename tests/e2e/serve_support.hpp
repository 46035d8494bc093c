#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/load_support.hpp"
#include "e2e/program.hpp"

namespace weir::e2e {

/// A `weir serve` on a free port, with administration on another; stopped when this goes.
class RunningGateway {
 public:
  /// `arguments` without --listen and --admin.
  explicit RunningGateway(std::vector<std::string> arguments);

  bool is_running() const { return server_.process != nullptr; }
  std::uint16_t port() const { return server_.port; }
  std::string url(std::string_view path = "/") const { return local_url(server_.port, path); }
  void send_signal(int signal) const;
  /// What it has written on standard error so far.
  std::string messages() const { return folder_.read("err"); }
  /// Stops it and waits for its end; what it wrote on standard error.
  std::string stop();

  /// What is counted under /totals; empty if there is no answer.
  Json totals() const;
  /// A number of /metrics by its whole name, with labels; -1 if there is none.
  double metric(std::string_view name) const;

 private:
  TemporaryFolder folder_;
  /// Before the server, whose start chooses it.
  std::uint16_t admin_port_ = 0;
  Server server_;
};

/// An answer: its status, 0 if there was none, and all of it.
struct Fetched {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;
  std::string body;

  /// The last of that name; empty if there is none.
  std::string header(std::string_view name) const;
  /// How many there are of that name.
  int count(std::string_view name) const;
  std::map<std::string, int, std::less<>> counts;
};

/// Sends one request, on a connection of its own.
Fetched fetch(std::uint16_t port, std::string_view path,
              const std::vector<std::pair<std::string, std::string>>& headers = {},
              std::string_view method = "GET", std::string_view body = "");

/// The path of one of the bundled scenarios.
std::string scenario_path(std::string_view name);

/// Runs a scenario under simulate, and under serve and load, with the arguments `shorter` for all
/// of them: what was allowed has to be the same but for that share of the attempts, since on a slow
/// machine some requests come on the other side of a border.
void expect_agreement(const std::string& path, const std::vector<std::string>& shorter,
                      const std::vector<std::string>& serve, const std::string& policy,
                      double tolerance);

/// The report of `weir simulate` of a file with these further arguments.
Json simulated(const std::string& scenario, std::vector<std::string> arguments = {});

}  // namespace weir::e2e
