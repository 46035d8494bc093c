#include "load/curl_transfer.hpp"

#include <algorithm>
#include <cerrno>

#include "load/curl_failure.hpp"
#include "load/deadlines.hpp"

namespace weir::load {
CurlTransfer::CurlTransfer(CurlShared& shared)
    : shared_(shared), request_(shared.context.requests) {
  make_easy();
}

CurlTransfer& CurlTransfer::of(CURL* easy) {
  char* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *reinterpret_cast<CurlTransfer*>(self);
}

void CurlTransfer::make_easy() {
  const EngineContext& context = shared_.context;
  easy_.emplace();
  is_for_new_connection_ = true;
  set_way_to(*easy_, context.requests.url(), context.target);
  shared_.loop.adopt(*easy_);
  easy_->set(CURLOPT_RESOLVE, shared_.addresses.list());
  easy_->set(CURLOPT_PATH_AS_IS, 1L);
  if (context.target.compressed) easy_->set(CURLOPT_ACCEPT_ENCODING, "");
  set_callbacks();
}

void CurlTransfer::set_callbacks() {
  easy_->set(CURLOPT_PRIVATE, this);
  easy_->set(CURLOPT_ERRORBUFFER, problem_text_.data());
  easy_->set(CURLOPT_PREREQFUNCTION, &CurlTransfer::on_request);
  easy_->set(CURLOPT_PREREQDATA, this);
  easy_->set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  easy_->set(CURLOPT_HEADERDATA, this);
  easy_->set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  easy_->set(CURLOPT_WRITEDATA, this);
}

void CurlTransfer::prepare(ExchangeId exchange, const RenderedRow& row) {
  exchange_ = exchange;
  is_busy_ = true;
  begun_ = now();
  opened_ = connects_ = 0;
  reply_ = {};
  written_ = 0;
  is_kept_from_resending_ = is_to_begin_again_ = false;
  problem_text_[0] = '\0';
  expect_answer();
  if (shared_.is_http2_presumed && is_for_new_connection_ == shared_.speaks_http2) {
    is_for_new_connection_ = !shared_.speaks_http2;
    set_presumption();
  }
  request_.set(row, *easy_);
}

void CurlTransfer::expect_answer() {
  heads_.clear();
  reply_.body_bytes = 0;
  reply_.body_cut = false;
  head_lines_.clear();
  body_.clear();
}

std::optional<Failure> CurlTransfer::overdue(Instant now) const {
  const Progress progress = written_ == 0         ? Progress::connecting
                            : !heads_.has_begun() ? Progress::written
                                                  : Progress::answering;
  return load::overdue(shared_.context.target, progress, now - begun_);
}

// ---- What libcurl calls

int CurlTransfer::on_request(void* self, char*, char*, int, int) {
  return static_cast<CurlTransfer*>(self)->request() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

std::size_t CurlTransfer::on_header(char* text, std::size_t, std::size_t size, void* self) {
  return static_cast<CurlTransfer*>(self)->take_header_line({text, size}) ? size : 0;
}

std::size_t CurlTransfer::on_body(char* text, std::size_t, std::size_t size, void* self) {
  // Whatever is not the size ends the transfer; a piece of no bytes is one, too.
  return static_cast<CurlTransfer*>(self)->take_body({text, size}) ? size : size + 1;
}

// Called when a connection is there and the request is about to be written. libcurl writes it again
// on another connection when one that was kept was closed under it, whatever the method. Over
// HTTP/2 that is right: a server that closes a connection says which requests it has not looked at.
bool CurlTransfer::request() {
  if (!fits_connection()) return false;
  if (written_ > 0 && !may_resend()) {
    is_kept_from_resending_ = true;
    return false;
  }
  reply_.resent = written_ > 0;
  ++written_;
  reply_.written = now();
  expect_answer();
  return true;
}

bool CurlTransfer::may_resend() const {
  return shared_.context.may_resend &&
         (shared_.context.requests.is_idempotent() || shared_.speaks_http2);
}

// libcurl 7.88 switches to HTTP/2 with every request that expects the server to speak it without
// TLS, again and again on the same connection, which breaks it. A request that may use HTTP/2 goes
// well on such a connection, but opens none.
bool CurlTransfer::fits_connection() {
  if (!shared_.is_http2_presumed) return true;
  const long connects = easy_->number(CURLINFO_NUM_CONNECTS);
  const bool is_new = connects > connects_;
  connects_ = connects;
  is_to_begin_again_ = is_new != is_for_new_connection_;
  return !is_to_begin_again_;
}

bool CurlTransfer::turn_back() {
  if (!is_to_begin_again_) return false;
  is_to_begin_again_ = false;
  is_for_new_connection_ = !is_for_new_connection_;
  set_presumption();
  note_connections();
  return true;
}

void CurlTransfer::set_presumption() {
  easy_->set(CURLOPT_HTTP_VERSION, is_for_new_connection_
                                       ? long{CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE}
                                       : long{CURL_HTTP_VERSION_2TLS});
}

void CurlTransfer::note_connections() {
  opened_ += static_cast<std::uint64_t>(easy_->number(CURLINFO_NUM_CONNECTS));
  connects_ = 0;
}

bool CurlTransfer::take_header_line(std::string_view line) {
  if (!heads_.has_begun()) reply_.first_byte = now();
  if (shared_.context.keeps_answers) head_lines_ += line;
  return heads_.add_line(line);
}

bool CurlTransfer::take_body(std::string_view bytes) {
  reply_.body_bytes += bytes.size();
  if (shared_.context.keeps_answers) body_ += bytes;
  const auto most = static_cast<std::uint64_t>(shared_.context.target.max_body);
  reply_.body_cut = reply_.body_bytes > most;
  return !reply_.body_cut;
}

// ---- Ends

void CurlTransfer::end(CURLcode result, Instant at) {
  if (easy_->number(CURLINFO_HTTP_VERSION) >= CURL_HTTP_VERSION_2_0) shared_.speaks_http2 = true;
  if (result != CURLE_OK && !reply_.body_cut) return end_with(failure(result), at);
  // To libcurl a head may end with the connection.
  if (!heads_.is_complete()) return end_with(Failure::closed_early, at);
  reply_.status = static_cast<int>(easy_->number(CURLINFO_RESPONSE_CODE));
  reply_.headers = &heads_.headers();
  reply_.head_lines = head_lines_;
  reply_.body = body_;
  end_with(Failure::none, at);
}

void CurlTransfer::end_overdue(Failure failure, Instant at) { end_with(failure, at); }

Failure CurlTransfer::failure(CURLcode result) const {
  if (heads_.is_too_long()) return Failure::malformed;
  auto os_error = static_cast<int>(easy_->number(CURLINFO_OS_ERRNO));
  if (is_kept_from_resending_) {
    return os_error == ECONNRESET || os_error == EPIPE ? Failure::reset : Failure::closed_early;
  }
  if (result == CURLE_COULDNT_CONNECT && os_error == 0) os_error = shared_.loop.socket_error();
  return failure_of(CurlProblem{.result = result,
                                .os_error = os_error,
                                .tunnel_status = easy_->number(CURLINFO_HTTP_CONNECTCODE),
                                .text = problem_text_.data()});
}

void CurlTransfer::end_with(Failure failure, Instant at) {
  is_busy_ = false;
  note_connections();
  reply_.failure = failure;
  reply_.end = at;
  if (written_ == 0) reply_.written = at;
  if (!heads_.has_begun()) reply_.first_byte = at;
  if (failure != Failure::none) reply_.body_bytes = 0;
  // libcurl keeps CURLINFO_OS_ERRNO for as long as it has the handle, and takes it for the reason
  // of the next failure.
  if (failure != Failure::none || reply_.resent) make_easy();
}

}  // namespace weir::load
