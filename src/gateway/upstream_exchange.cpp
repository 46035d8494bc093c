#include "gateway/upstream_exchange.hpp"

#include <boost/beast/http/verb.hpp>
#include <utility>

#include "gateway/answer_text.hpp"

namespace weir::gateway {
namespace {

using boost::beast::http::verb;

/// So many times a fast upstream is read from before others have their turn.
constexpr int reads_at_once = 16;
/// So much waits to be written to the upstream that the client has to wait.
constexpr std::size_t upstream_full_at = std::size_t{64} << 10;

/// What may be asked twice with no other effect than once (RFC 9110, 9.2.2).
bool may_be_repeated(verb method) {
  switch (method) {
    case verb::get:
    case verb::head:
    case verb::options:
    case verb::put:
    case verb::delete_:
    case verb::trace:
      return true;
    default:
      return false;
  }
}

bool is_timeout(UpstreamFailure why) {
  return why == UpstreamFailure::connect_timeout || why == UpstreamFailure::first_byte_timeout ||
         why == UpstreamFailure::idle_timeout;
}

}  // namespace

void UpstreamExchange::Sink::take_body(std::string_view bytes) { exchange_.asker_.go_on(bytes); }

UpstreamExchange::UpstreamExchange(const UpstreamSpec& spec, const BackendParts& parts,
                                   UpstreamPool& pool, Asker& asker)
    : spec_(spec),
      parts_(parts),
      pool_(pool),
      asker_(asker),
      framing_(body_framing(asker)),
      is_head_(asker.head().method() == verb::head),
      is_idempotent_(may_be_repeated(asker.head().method())),
      request_(upstream_request_head(spec, asker)),
      body_done_(!asker.has_body()),
      sink_(*this),
      progress_(steady_now()),
      deadline_(parts.alarms, [this] { overdue(); }),
      go_on_(parts.alarms, [this] { read_on(); }) {}

UpstreamExchange::~UpstreamExchange() { pool_.dispose(std::move(connection_)); }

void UpstreamExchange::begin() {
  parts_.counters.upstream_requests.add();
  if (!use_idle()) connect();
}

// ---- Connections

bool UpstreamExchange::use_idle() {
  while (auto idle = pool_.take_idle()) {
    // Nobody may repeat this one, so that a connection that is about to go has to be known before.
    if (!is_idempotent_ && !idle->is_quiet()) {
      pool_.dispose(std::move(idle));
      continue;
    }
    connection_ = std::move(idle);
    is_reused_ = true;
    connected();
    return true;
  }
  return false;
}

void UpstreamExchange::connect() {
  is_reused_ = is_connected_ = false;
  while (endpoint_ < pool_.endpoint_count()) {
    connection_ = pool_.connect(endpoint_++);
    if (connection_->state() != UpstreamConnection::State::broken) {
      connection_->set_user(this);
      return set_deadline();
    }
    pool_.dispose(std::move(connection_));
  }
  fail(UpstreamFailure::refused);
}

void UpstreamExchange::connected() {
  is_connected_ = true;
  connection_->set_user(this);
  begin_reader();
  send_request();
}

void UpstreamExchange::send_request() {
  progress_ = steady_now();
  connection_->send(request_);
  if (!asker_.body().empty()) connection_->send(asker_.body());
  set_deadline();
  if (!body_done_) asker_.wants_body();
}

/// A connection that was kept may have been closed by the upstream before the request came.
bool UpstreamExchange::try_again() {
  const bool is_harmless = is_idempotent_ || connection_->written() == 0;
  if (!is_reused_ || passed_body_ || !is_harmless || reader_->has_first_byte()) return false;
  pool_.dispose(std::move(connection_));
  in_.clear();
  endpoint_ = 0;
  connect();
  return true;
}

// ---- What the client sends

void UpstreamExchange::take_body(std::string_view bytes) {
  if (has_ended()) return;
  passed_body_ = true;
  progress_ = steady_now();
  if (is_tunnel_ || framing_ == BodyFraming::length) return connection_->send(bytes);
  std::string chunk;
  append_chunk(chunk, bytes);
  connection_->send(chunk);
}

void UpstreamExchange::body_ended() {
  body_done_ = true;
  if (has_ended()) return;
  if (framing_ == BodyFraming::chunked) connection_->send(last_chunk);
  set_deadline();
}

bool UpstreamExchange::has_room() const {
  return !has_ended() && is_connected_ && connection_->unwritten() < upstream_full_at;
}

// ---- What the upstream sends

void UpstreamExchange::connection_changed() {
  using State = UpstreamConnection::State;
  if (!is_connected_) {
    if (connection_->state() == State::connecting) return;
    if (connection_->state() == State::open) return connected();
    pool_.dispose(std::move(connection_));
    return connect();
  }
  if ((!body_done_ || is_tunnel_) && has_room()) asker_.wants_body();
  read_on();
}

void UpstreamExchange::client_took() {
  progress_ = steady_now();
  read_on();
}

void UpstreamExchange::read_on() {
  if (is_reading_ || has_ended() || !is_connected_) return;
  is_reading_ = true;
  for (int i = 0; !has_ended() && !asker_.is_full(); ++i) {
    if (i == reads_at_once) {
      go_on_.set(steady_now());
      break;
    }
    std::string_view bytes;
    const auto came = connection_->receive(bytes);
    if (came == UpstreamConnection::Came::nothing) break;
    if (came == UpstreamConnection::Came::bytes) {
      progress_ = steady_now();
      take(bytes);
    } else {
      stream_ended();
      break;
    }
  }
  is_reading_ = false;
  if (!has_ended()) set_deadline();
}

void UpstreamExchange::take(std::string_view bytes) {
  if (is_tunnel_) return asker_.go_on(bytes);
  if (!in_.empty()) {
    in_.append(bytes);
    bytes = in_;
  }
  take_answer(bytes);
  if (has_ended()) return;
  std::string rest(bytes);
  in_.swap(rest);
}

void UpstreamExchange::take_answer(std::string_view& bytes) {
  using State = ResponseReader::State;
  while (!bytes.empty() && !has_ended() && !is_tunnel_) {
    const bool was_in_head = reader_->state() == State::head;
    const std::size_t used = reader_->feed(bytes);
    bytes.remove_prefix(used);
    if (reader_->state() == State::bad) return fail(UpstreamFailure::malformed);
    if (reader_->state() == State::head) return;
    if (was_in_head) {
      take_head(bytes);
    } else if (reader_->state() != State::done) {
      return;
    }
    if (!has_ended() && !is_tunnel_ && reader_->state() == State::done) {
      return answer_complete(reader_->keeps_alive() && bytes.empty());
    }
  }
}

void UpstreamExchange::take_head(std::string_view& rest) {
  const auto status = static_cast<int>(head_.result_int());
  const std::string lines = client_lines(spec_, head_);
  const AnswerHead answer{.status = status,
                          .lines = lines,
                          .length = reader_->length(),
                          .has_date = head_.find(boost::beast::http::field::date) != head_.end(),
                          .fields = &head_};
  if (status == 101) {
    if (!wants_upgrade(asker_.head())) return fail(UpstreamFailure::malformed);
    is_tunnel_ = true;
    asker_.begin_tunnel(answer);
    if (!rest.empty()) asker_.go_on(std::exchange(rest, {}));
    return;
  }
  if (status / 100 == 1) {
    // The client was told by us that it may go on.
    if (status != 100) asker_.inform(status, lines);
    return begin_reader();
  }
  if (status == 503 || status == 429) asker_.mark_dropped();
  has_begun_ = true;
  asker_.begin(answer);
}

void UpstreamExchange::begin_reader() { reader_.emplace(is_head_, head_, sink_); }

void UpstreamExchange::answer_complete(bool is_reusable) {
  deadline_.cancel();
  if (is_reusable && body_done_ && connection_->unwritten() == 0) {
    pool_.give_back(std::move(connection_));
  } else {
    pool_.dispose(std::move(connection_));
  }
  asker_.end();
}

// ---- Time and failure

void UpstreamExchange::set_deadline() {
  const bool waits_for_client =
      asker_.is_full() || (!body_done_ && is_connected_ && connection_->unwritten() == 0);
  if (is_tunnel_ || waits_for_client) return deadline_.cancel();
  Duration most = spec_.connect_timeout;
  if (is_connected_) {
    most = reader_->has_first_byte() ? spec_.idle_timeout : spec_.first_byte_timeout;
  }
  deadline_.set(progress_ + most);
}

void UpstreamExchange::overdue() {
  if (has_ended()) return;
  if (!is_connected_) return fail(UpstreamFailure::connect_timeout);
  fail(reader_->has_first_byte() ? UpstreamFailure::idle_timeout
                                 : UpstreamFailure::first_byte_timeout);
}

void UpstreamExchange::stream_ended() {
  if (is_tunnel_) {
    pool_.dispose(std::move(connection_));
    return asker_.end();
  }
  if (connection_->state() != UpstreamConnection::State::broken) reader_->end_of_stream();
  if (reader_->state() == ResponseReader::State::done) return answer_complete(false);
  if (try_again()) return;
  fail(reader_->has_first_byte() ? UpstreamFailure::cut_short : UpstreamFailure::reset);
}

void UpstreamExchange::fail(UpstreamFailure why) {
  parts_.counters.of(why).add();
  deadline_.cancel();
  pool_.dispose(std::move(connection_));
  if (has_begun_) return asker_.break_off();
  if (is_timeout(why) || why == UpstreamFailure::refused) asker_.mark_dropped();
  const int status = is_timeout(why) ? 504 : 502;
  std::string body = "The upstream gave no answer: ";
  body.append(upstream_failure_names[static_cast<std::size_t>(why)]).append(".\n");
  std::string head;
  append_status_line(head, status);
  head.append("Content-Type: text/plain\r\n");
  append_length(head, body.size());
  asker_.answer(status, head, body);
}

}  // namespace weir::gateway
