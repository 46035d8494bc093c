#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "gateway/request_view.hpp"

namespace weir::gateway {

/// What an admitted request still owes; opaque to those who carry it.
class Debt {
 public:
  virtual ~Debt() = default;
  /// Whether somebody wants to read the answer, because it tells the request's real cost.
  virtual bool reads_answer() const = 0;
  /// The answer's beginning; names of headers in any letter case.
  virtual void answer_begins(int status, const boost::beast::http::fields& headers) = 0;
  /// The answer's body as it comes, without any transfer coding.
  virtual void answer_goes_on(std::string_view bytes) = 0;
};

/// What is to become of a request.
struct Admission {
  bool allowed = true;
  /// Before it is passed on.
  Duration delay;
  /// Header lines for its answer, whoever answers; each ends with CR LF.
  std::string headers;
  /// The gateway's own answer to what is not allowed.
  int status = 429;
  std::string content_type;
  std::string body;
  /// For the access log: the limit that denied, or why it was refused; empty if it was allowed.
  std::string denied_by;
  /// For the access log: who it comes from, if a proxy that is believed says so.
  std::optional<boost::asio::ip::address> client;
  /// Of an allowed request; null where it owes nothing.
  std::unique_ptr<Debt> debt;
};

/// How an admitted request has ended.
struct AnswerEnd {
  /// 0 if there was none.
  int status = 0;
  /// It failed for want of capacity: the upstream timed out, refused, or said 503 or 429.
  bool dropped = false;
};

/// Decides on requests, for one thread. Made by the Server for each of its threads.
class Gatekeeper {
 public:
  virtual ~Gatekeeper() = default;
  /// Whether decisions need the body, so that it has to be read before; at most so many bytes.
  virtual bool needs_body() const = 0;
  /// Decides at once if it can: true, and `admission` says what; else false, and `decided` is
  /// called later on the same thread. The view need not outlive the call.
  virtual bool decide(const RequestView& request, Admission& admission,
                      std::function<void(Admission&&)> decided) = 0;
  /// Exactly once for each allowed request that has a debt, when its answer has ended, however.
  virtual void end(std::unique_ptr<Debt> debt, const AnswerEnd& end) = 0;
};

}  // namespace weir::gateway
