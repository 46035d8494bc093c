#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/load_support.hpp"
#include "e2e/program.hpp"

namespace weir::e2e {

/// A line of the access log.
struct NginxRequest {
  /// What the headers X-Operation and X-User said; "-" without them.
  std::string operation;
  std::string user;
  /// PASSED, DELAYED or REJECTED by limit_req; "-" where nothing is limited.
  std::string decision;
  int status = 0;
  /// When its first byte was read, in milliseconds of the wall clock, and how long it took.
  std::int64_t begun_ms = 0;
  std::int64_t took_ms = 0;

  bool is_allowed() const { return decision == "PASSED" || decision == "DELAYED"; }
};

/// A rule of limit_req, by the value of X-User.
struct NginxRule {
  std::string_view path;
  std::int64_t rate_per_second;
  std::int64_t burst;
};

/// A real nginx that denies with 429 and logs every request.
class NginxUnderLoad : public testing::Test {
 public:
  static constexpr NginxRule nodelay{"/nodelay", 100, 50};
  static constexpr NginxRule delay{"/delay", 20, 10};
  /// How many of the burst are not delayed there.
  static constexpr std::int64_t delay_after = 5;
  /// As good as no rate: this many of a key are admitted in any run of a test.
  static constexpr std::int64_t admitted_once = 5;
  static constexpr std::string_view once_path = "/once";
  static constexpr std::string_view free_path = "/free";
  /// Unlimited; logs requests with their bodies as JSON, a line each.
  static constexpr std::string_view echo_path = "/echo";

 protected:
  void SetUp() override;

  std::string url(std::string_view path) const { return local_url(server_.port, path); }
  /// All that was requested so far.
  std::vector<NginxRequest> log() const;
  std::vector<Json> echo_log() const;
  TemporaryFolder& folder() { return folder_; }
  /// Where a file of that content is now.
  std::string file(std::string_view name, std::string_view content) const;

 private:
  /// Returns once nginx has logged whatever it has answered so far.
  void flush_logs() const;

  TemporaryFolder folder_;
  Server server_;
};

}  // namespace weir::e2e
