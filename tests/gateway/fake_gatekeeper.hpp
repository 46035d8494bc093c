#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/gatekeeper.hpp"
#include "gateway/server_options.hpp"

namespace weir::gateway {

/// A request as the Gatekeeper of the tests saw it.
struct SeenRequest {
  std::string method;
  std::string target;
  std::string host;
  std::string body;
  bool has_peer = false;
};

/// An admitted request that has ended, and what its Debt has read.
struct EndedRequest {
  AnswerEnd end;
  int status_read = 0;
  std::string content_type_read;
  std::string body_read;
};

/// What the Gatekeepers of a server, all threads together, have seen, and what they shall say. The
/// rule is called on the threads of the server; it may decide later, too.
class GatekeeperScript {
 public:
  /// Says what becomes of a request.
  using Rule = std::function<Admission(const SeenRequest&)>;
  using Decided = std::function<void(Admission&&)>;
  /// True where it will call `decided` on that loop.
  using LateRule =
      std::function<bool(const SeenRequest&, boost::asio::io_context& loop, Decided decided)>;

  Rule rule;
  LateRule late_rule;
  bool needs_body = false;
  /// Whether allowed requests owe anything, and whether their answers are read.
  bool owes = true;
  bool reads_answers = false;

  GatekeeperFactory factory();
  std::vector<SeenRequest> seen() const;
  /// Waits until so many have ended.
  std::vector<EndedRequest> wait_for_ended(std::size_t count) const;
  std::vector<EndedRequest> ended() const { return wait_for_ended(0); }

 private:
  class Keeper;
  class Owed;

  void add_seen(SeenRequest request);
  void add_ended(EndedRequest ended);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<SeenRequest> seen_;
  std::vector<EndedRequest> ended_;
};

/// Waits until it holds; false if it does not for very long.
bool comes_true(const std::function<bool()>& condition);

}  // namespace weir::gateway
