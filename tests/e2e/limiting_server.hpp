#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "e2e/threaded_server.hpp"

namespace weir::e2e {

/// A server of the tests with a limiter of its own: a token bucket for each X-User, which tells a
/// denied client when to come back, truly or not.
class LimitingServer {
 public:
  using Clock = std::chrono::steady_clock;

  struct Rule {
    double capacity = 1.0;
    std::chrono::milliseconds for_one{1000};
    /// What Retry-After says: "HONEST" is rounded up to whole seconds; anything else is sent as it
    /// is, and nothing if empty.
    std::string retry_after = "HONEST";
  };

  /// A request as it was decided.
  struct Decision {
    std::string user;
    std::string operation;
    bool allowed = false;
    Clock::time_point came;
    /// Just before the answer was written.
    Clock::time_point answered;
  };

  explicit LimitingServer(Rule rule);

  std::uint16_t port() const { return server_.port(); }
  /// In the order in which they were decided.
  std::vector<Decision> decisions() const;

 private:
  struct Bucket {
    double tokens;
    Clock::time_point at;
  };

  void serve(ServedConnection& connection);
  std::string decide(const ServedRequest& request);
  std::string retry_after(const Bucket& bucket) const;

  Rule rule_;
  mutable std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
  std::vector<Decision> decisions_;
  /// The last, so that it ends first.
  ThreadedServer server_;
};

}  // namespace weir::e2e
