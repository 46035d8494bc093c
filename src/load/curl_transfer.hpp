#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "load/curl_heads.hpp"
#include "load/curl_loop.hpp"
#include "load/curl_request.hpp"
#include "load/curl_target.hpp"
#include "load/engine.hpp"

namespace weir::load {

/// What all transfers of an engine share.
struct CurlShared {
  const EngineContext& context;
  CurlLoop& loop;
  CurlAddresses& addresses;
  /// HTTP/2 is spoken without having been agreed on.
  bool is_http2_presumed = false;
  /// Whether any answer came by HTTP/2.
  bool speaks_http2 = false;
};

/// An easy handle and the exchange that it is at; for one exchange after another.
class CurlTransfer {
 public:
  explicit CurlTransfer(CurlShared& shared);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  /// The transfer that a handle belongs to.
  static CurlTransfer& of(CURL* easy);
  CURL* easy() const { return easy_->get(); }
  ExchangeId exchange() const { return exchange_; }
  bool is_busy() const { return is_busy_; }

  /// Makes the handle ready to be begun by the loop.
  void prepare(ExchangeId exchange, const RenderedRow& row);
  /// Whether the transfer has ended only because it met another kind of connection than it was
  /// made for; it is ready to be begun again.
  bool turn_back();
  /// What it has taken too long for, if it has.
  std::optional<Failure> overdue(Instant now) const;

  /// The loop is done with the handle: it has ended by itself, or was ended because it was overdue.
  void end(CURLcode result, Instant at);
  void end_overdue(Failure failure, Instant at);
  /// What became of the last exchange.
  const Reply& reply() const { return reply_; }
  std::uint64_t connections_opened() const { return opened_; }

 private:
  static int on_request(void* self, char*, char*, int, int);
  static std::size_t on_header(char* text, std::size_t one, std::size_t size, void* self);
  static std::size_t on_body(char* text, std::size_t one, std::size_t size, void* self);

  Instant now() const { return shared_.context.clock.now(); }
  void make_easy();
  void set_callbacks();
  bool request();
  bool may_resend() const;
  bool fits_connection();
  void set_presumption();
  void note_connections();
  void expect_answer();
  bool take_header_line(std::string_view line);
  bool take_body(std::string_view bytes);
  Failure failure(CURLcode result) const;
  void end_with(Failure failure, Instant at);

  CurlShared& shared_;
  std::optional<CurlEasy> easy_;
  CurlRequest request_;
  std::array<char, CURL_ERROR_SIZE> problem_text_ = {};
  ExchangeId exchange_ = 0;
  bool is_busy_ = false;
  Instant begun_;
  std::uint64_t opened_ = 0;
  /// CURLINFO_NUM_CONNECTS, as last seen.
  long connects_ = 0;
  /// See fits_connection().
  bool is_for_new_connection_ = true;
  bool is_to_begin_again_ = false;
  Reply reply_;
  CurlHeads heads_;
  /// Where replies have them.
  std::string head_lines_;
  std::string body_;

  /// How often the request has been written, and that it shall not be once more.
  int written_ = 0;
  bool is_kept_from_resending_ = false;
};

}  // namespace weir::load
