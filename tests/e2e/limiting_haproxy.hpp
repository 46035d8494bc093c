#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "e2e/load_support.hpp"
#include "e2e/program.hpp"

namespace weir::e2e {

/// A real HAProxy that denies with 429 by http_req_rate of X-User; stopped when this goes.
class LimitingHaproxy {
 public:
  LimitingHaproxy(std::int64_t limit, std::string_view period);

  static bool is_installed() { return find_program("haproxy").has_value(); }
  bool is_running() const { return server_.process != nullptr; }
  std::string url() const { return local_url(server_.port, "/"); }
  /// What it has written so far.
  std::string output() const { return folder_.read("output"); }

 private:
  TemporaryFolder folder_;
  Server server_;
};

}  // namespace weir::e2e
