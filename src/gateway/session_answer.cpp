#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "gateway/answer_text.hpp"
#include "gateway/session.hpp"
#include "gateway/worker.hpp"

namespace weir::gateway {
namespace {

namespace http_fields = boost::beast::http;

/// So much of an answer is written at once; less waits until all has come that comes now.
constexpr std::size_t flush_at = std::size_t{32} << 10;

/// The headers of a head that is text.
http_fields::fields fields_of(std::string_view head) {
  http_fields::fields fields;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(": ");
    if (colon != line.npos) fields.insert(line.substr(0, colon), line.substr(colon + 2));
    head.remove_prefix(std::min(end + 2, head.size()));
  }
  return fields;
}

bool has_no_body(int status) { return status / 100 == 1 || status == 204 || status == 304; }

}  // namespace

std::optional<std::uint64_t> Session::body_length() const {
  return has_reader() ? reader_->body_left() : std::nullopt;
}

/// Whether the request that is answered is one that wants no body.
bool Session::is_to_head() const {
  return reader_->has_start_line() && head_.method() == http_fields::verb::head;
}

bool Session::answer_is_read() const { return admission_.debt && admission_.debt->reads_answer(); }

// ---- Whole answers

void Session::answer(int status, std::string_view prepared_head, std::string_view body) {
  status_ = status;
  has_begun_ = true;
  const bool is_head = is_to_head();
  if (answer_is_read()) {
    admission_.debt->answer_begins(status, fields_of(prepared_head));
    if (!is_head && !body.empty()) admission_.debt->answer_goes_on(body);
  }
  settle_rest_of_body();
  out_.append(prepared_head);
  out_.append(worker_.date().now());
  out_.append(admission_.headers);
  append_connection(false);
  if (!is_head) {
    out_.append(body);
    body_bytes_ = body.size();
  }
  const bool had_left = left_;
  finish();
  if (had_left) return close();
  turn_soon();
}

void Session::answer_text(int status, std::string_view content_type, std::string_view lines,
                          std::string_view body) {
  std::string head;
  append_status_line(head, status);
  if (!body.empty() || !content_type.empty()) {
    head.append("Content-Type: ").append(content_type.empty() ? "text/plain" : content_type);
    head.append("\r\n");
  }
  if (!has_no_body(status)) append_length(head, body.size());
  head.append(lines);
  answer(status, head, has_no_body(status) ? "" : body);
}

void Session::answer_page(const Page& page) {
  is_page_ = true;
  answer_text(page.status, page.content_type, page.headers, page.body);
  page_.reset();
}

/// The last lines of a head.
void Session::append_connection(bool is_tunnel) {
  if (is_tunnel) {
    out_.append("Connection: Upgrade\r\n");
  } else if (!keep_alive_) {
    out_.append("Connection: close\r\n");
  } else if (reader_ && reader_->version() < 11) {
    out_.append("Connection: keep-alive\r\n");
  }
  out_.append("\r\n");
}

// ---- Answers in pieces

void Session::begin(const AnswerHead& head) {
  status_ = head.status;
  has_begun_ = true;
  if (answer_is_read()) {
    admission_.debt->answer_begins(head.status,
                                   head.fields != nullptr ? *head.fields : fields_of(head.lines));
  }
  if (left_) return;
  const bool is_head = is_to_head();
  const bool is_1_0 = reader_->version() < 11;
  if (is_head || has_no_body(head.status)) {
    framing_ = Framing::none;
  } else if (head.length) {
    framing_ = Framing::length;
  } else {
    framing_ = is_1_0 ? Framing::until_close : Framing::chunked;
    if (is_1_0) keep_alive_ = false;
  }
  append_status_line(out_, head.status);
  append_lines_but(out_, head.lines, admission_.headers);
  if (!head.has_date) out_.append(worker_.date().now());
  // Not to a 204, which has no body, but to 304 and HEAD, which tell of one.
  if (head.length && head.status / 100 != 1 && head.status != 204)
    append_length(out_, *head.length);
  if (framing_ == Framing::chunked) out_.append("Transfer-Encoding: chunked\r\n");
  out_.append(admission_.headers);
  if (!body_is_read()) settle_rest_of_body();
  append_connection(false);
  turn_soon();
}

void Session::go_on(std::string_view bytes) {
  if (answer_is_read()) admission_.debt->answer_goes_on(bytes);
  if (left_ || framing_ == Framing::none) return;
  body_bytes_ += bytes.size();
  if (framing_ == Framing::chunked) {
    append_chunk(out_, bytes);
  } else {
    out_.append(bytes);
  }
  if (unwritten() >= flush_at && !in_turn_) flush();
  turn_soon();
}

void Session::end() {
  if (!left_ && framing_ == Framing::chunked) out_.append(last_chunk);
  if (!body_is_read()) settle_rest_of_body();
  const bool had_left = left_;
  finish();
  if (had_left) return close();
  turn_soon();
}

void Session::break_off() {
  // Without its last chunk or all of its length a client cannot take it for complete.
  keep_alive_ = false;
  const bool had_left = left_;
  finish();
  if (had_left) return close();
  if (framing_ == Framing::until_close) {
    flush();
    broken_ = true;
  }
  turn_soon();
}

void Session::inform(int status, std::string_view lines) {
  if (left_ || has_begun_ || reader_->version() < 11) return;
  append_status_line(out_, status);
  out_.append(lines).append("\r\n");
  turn_soon();
}

void Session::begin_tunnel(const AnswerHead& head) {
  status_ = head.status;
  has_begun_ = true;
  keep_alive_ = false;
  framing_ = Framing::until_close;
  // Nobody knows how long it is quiet, but a client that is gone may not hold it for ever.
  const int yes = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
  append_status_line(out_, head.status);
  out_.append(head.lines);
  out_.append(admission_.headers);
  append_connection(true);
  stage_ = Stage::tunnel;
  readable_ = true;
  turn_soon();
}

void Session::wants_body() { turn_soon(); }

// ---- The end of a request

void Session::settle_rest_of_body() {
  if (body_is_read()) return;
  const auto left = reader_->body_left();
  const bool waits_for_continue = head_.count(http_fields::field::expect) > 0 && input_.empty() &&
                                  stage_ != Stage::body && !passes_body_;
  if (!left || *left > max_rest_of_body || waits_for_continue) keep_alive_ = false;
}

/// Reads and drops.
void Session::take_rest() {
  const std::size_t used = reader_->feed(input_);
  input_.remove_prefix(used);
  progress_ = worker_.now();
  needs_more_ = !input_.empty();
  rest_taken();
}

void Session::rest_taken() {
  if (reader_->state() == RequestReader::State::bad) closes_ = true;
  if (reader_->state() == RequestReader::State::body && !closes_) return;
  needs_more_ = false;
  is_reader_spent_ = true;
  stage_ = Stage::head;
}

/// The answer is complete, or there will be none.
void Session::finish() {
  worker_.counters().answers[static_cast<std::size_t>(status_ / 100 % 6)].add();
  if (worker_.access_log() != nullptr && role_ == Role::traffic && !is_page_) log();
  if (admission_.debt) gatekeeper_->end(std::move(admission_.debt), {status_, dropped_});
  if (answering_) worker_.bury(std::move(answering_));
  gatekeeper_.reset();
  admission_.headers.clear();
  admission_.denied_by.clear();
  admission_.delay = {};
  admission_.client.reset();
  if (body_.capacity() > 0) std::string().swap(body_);
  progress_ = worker_.now();
  if (stage_ == Stage::closed) return;
  const bool has_rest = keep_alive_ && !body_is_read();
  stage_ = has_rest ? Stage::rest_of_body : Stage::head;
  passes_body_ = keeps_body_ = false;
  sent_all_ = body_is_read();
  if (!has_rest) is_reader_spent_ = true;
  if (!keep_alive_) closes_ = true;
}

void Session::log() {
  AccessRecord record;
  const bool has_head = begun_ != Instant();
  record.took = has_head ? steady_now() - begun_ : Duration();
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  record.at =
      Instant::from_unix_seconds(time.tv_sec) + Duration::from_ns(time.tv_nsec) - record.took;
  record.peer = admission_.client ? admission_.client : peer_;
  if (reader_->has_start_line()) {
    record.method = head_.method_string();
    record.target = head_.target();
  }
  record.version = reader_->version();
  record.status = status_;
  record.bytes = body_bytes_;
  record.delay = admission_.delay;
  record.denied_by = admission_.denied_by;
  record.host = head_[http_fields::field::host];
  record.user_agent = head_[http_fields::field::user_agent];
  record.referer = head_[http_fields::field::referer];
  record.client_left = left_;
  worker_.access_log()->add(record);
}

}  // namespace weir::gateway
