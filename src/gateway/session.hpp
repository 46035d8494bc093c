#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/alarms.hpp"
#include "gateway/backend.hpp"
#include "gateway/gatekeeper.hpp"
#include "gateway/pages.hpp"
#include "gateway/poller.hpp"
#include "gateway/request_reader.hpp"
#include "gateway/server_options.hpp"

namespace weir::gateway {

class Worker;

/// A client's connection: reads its requests one after another, has them decided and answered. What
/// happens in between: session.cpp has the bytes, session_request.cpp the way of a request up to
/// the backend, session_answer.cpp its answer.
class Session final : public Poller::Watched, private BodySink, private Asker {
 public:
  Session(Worker& worker, int fd, Role role, std::optional<boost::asio::ip::address> peer);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void open();
  void ready(std::uint32_t events) override;
  /// Something that was waited for has come.
  void resume();
  /// The server stops: what is under way is finished, but nothing else is begun.
  void leave_soon();
  /// Ends everything at once.
  void kill();
  /// Whether somebody holds a callback to it, so that it may not go.
  bool awaits_decision() const { return awaits_decision_; }

 private:
  /// What it waits for.
  enum class Stage : std::uint8_t {
    head,
    /// The body is read before it goes on.
    body,
    decision,
    delay,
    answer,
    /// The request is answered, but not read to its end.
    rest_of_body,
    /// Everything is written and the connection is closed as soon as the client has read it.
    linger,
    tunnel,
    /// The client has left; the answer is read on by the Debt.
    settling,
    closed,
  };
  enum class AfterBody : std::uint8_t { decide, run };
  enum class Framing : std::uint8_t { none, length, chunked, until_close };

  // ---- session.cpp: bytes in, bytes out, time

  void turn();
  void turn_soon();
  void read_on();
  bool wants_input() const;
  bool receive();
  void keep_input();
  void take_input();
  void take_rest();
  void rest_taken();
  void flush();
  std::size_t unwritten() const { return out_.size() - sent_; }
  void set_deadline();
  void overdue();
  void end_connection();
  void close();
  void client_left();

  // ---- session_request.cpp: from the head to the backend

  void take_request();
  void begin_request();
  void head_ended();
  bool has_bad_form();
  void read_body(AfterBody after, bool keep);
  void body_done();
  void take_body(std::string_view bytes) override;
  void expect_body();
  void decide();
  bool serve_page();
  void ask_gatekeeper();
  void decided();
  void deny();
  void run();
  void start_backend();
  void reject(BadRequest fault);
  bool is_to_head() const;
  bool has_reader() const { return reader_ && !is_reader_spent_; }
  bool body_is_read() const {
    return !has_reader() || reader_->state() == RequestReader::State::done;
  }
  RequestView view() const;

  // ---- session_answer.cpp: Asker, and what ends a request

  const RequestHead& head() const override { return head_; }
  std::string_view body() const override { return body_; }
  bool has_body() const override { return !body_is_read(); }
  std::optional<std::uint64_t> body_length() const override;
  std::optional<boost::asio::ip::address> peer() const override { return peer_; }
  bool answer_is_read() const override;
  void answer(int status, std::string_view prepared_head, std::string_view body) override;
  void begin(const AnswerHead& head) override;
  void go_on(std::string_view bytes) override;
  void end() override;
  void break_off() override;
  void inform(int status, std::string_view lines) override;
  void begin_tunnel(const AnswerHead& head) override;
  void mark_dropped() override { dropped_ = true; }
  bool is_full() const override { return unwritten() >= full_at; }
  void wants_body() override;

  void answer_page(const Page& page);
  void answer_text(int status, std::string_view content_type, std::string_view lines,
                   std::string_view body);
  void append_connection(bool is_tunnel);
  /// Whether what is left of the body is worth reading, so that the connection can stay.
  void settle_rest_of_body();
  void finish();
  void log();

  /// So much waits to be written that no more is taken.
  static constexpr std::size_t full_at = std::size_t{64} << 10;
  static constexpr std::size_t max_rest_of_body = std::size_t{64} << 10;
  static constexpr std::size_t kept_capacity = 1024;

  Worker& worker_;
  int fd_;
  Role role_;
  Stage stage_ = Stage::head;
  AfterBody after_body_ = AfterBody::decide;
  Framing framing_ = Framing::none;
  bool keeps_body_ = false;
  bool passes_body_ = false;
  /// There may be something to read, the client will write no more, the socket is broken.
  bool readable_ = true;
  bool peer_ended_ = false;
  bool broken_ = false;
  /// What was read so far is too little to go on.
  bool needs_more_ = false;
  bool in_turn_ = false;
  bool keep_alive_ = true;
  bool closes_ = false;
  /// The last request came whole.
  bool sent_all_ = true;
  bool is_first_ = true;
  bool awaits_decision_ = false;
  bool is_deciding_ = false;
  bool has_decision_ = false;
  bool has_begun_ = false;
  bool dropped_ = false;
  bool left_ = false;
  /// The socket takes no more now.
  bool is_blocked_ = false;
  bool resumes_soon_ = false;

  std::optional<boost::asio::ip::address> peer_;
  /// The answer is a page of the gateway's own, which no access log tells of.
  bool is_page_ = false;
  /// Read but not used, between turns, and in a turn.
  std::string in_;
  std::string_view input_;
  std::string out_;
  std::size_t sent_ = 0;
  Alarm deadline_;
  std::unique_ptr<Alarm> delay_;

  // Of the request under way.
  RequestHead head_;
  std::optional<RequestReader> reader_;
  /// It goes as soon as it is not at work.
  bool is_reader_spent_ = false;
  std::string body_;
  std::optional<Page> page_;
  Admission admission_;
  std::shared_ptr<Gatekeeper> gatekeeper_;
  std::unique_ptr<Answering> answering_;
  Instant begun_;
  /// When the client last got on with it: for the time that it may take.
  Instant progress_;
  std::uint64_t body_bytes_ = 0;
  int status_ = 0;
  std::size_t lingered_ = 0;
};

}  // namespace weir::gateway
