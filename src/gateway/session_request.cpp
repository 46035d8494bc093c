#include <utility>

#include "gateway/answer_text.hpp"
#include "gateway/session.hpp"
#include "gateway/worker.hpp"

namespace weir::gateway {
namespace {

namespace bhttp = boost::beast::http;

}  // namespace

void Session::take_request() {
  if (!has_reader()) begin_request();
  const auto before = reader_->state();
  const std::size_t used = reader_->feed(input_);
  input_.remove_prefix(used);
  if (before == RequestReader::State::body && used > 0) progress_ = worker_.now();
  // The answer may have ended while a piece of the body was passed on.
  if (is_reader_spent_) return;
  if (stage_ == Stage::rest_of_body) return rest_taken();
  const auto state = reader_->state();
  if (state == RequestReader::State::bad) return reject(reader_->fault());
  if (before == RequestReader::State::head) {
    needs_more_ = state == RequestReader::State::head;
    if (!needs_more_) head_ended();
    return;
  }
  needs_more_ = state == RequestReader::State::body && !input_.empty();
  if (keeps_body_ && body_.size() > worker_.options().max_body) {
    return reject(BadRequest::body_too_large);
  }
  if (state == RequestReader::State::done) body_done();
}

void Session::begin_request() {
  if (!is_first_) progress_ = worker_.now();
  is_first_ = false;
  reader_.emplace(worker_.options().head_limits, head_, static_cast<BodySink&>(*this));
  is_reader_spent_ = false;
  begun_ = {};
  status_ = 0;
  body_bytes_ = 0;
  framing_ = Framing::none;
  is_page_ = false;
  has_begun_ = dropped_ = keeps_body_ = passes_body_ = false;
}

void Session::head_ended() {
  worker_.counters().requests.add();
  begun_ = steady_now();
  keep_alive_ = reader_->asks_keep_alive() && !worker_.is_stopping();
  if (has_bad_form()) return;
  const Pages* pages = worker_.pages(role_);
  gatekeeper_ = role_ == Role::traffic ? worker_.gatekeeper() : nullptr;
  const bool needs_body =
      (pages != nullptr && pages->needs_body()) || (gatekeeper_ && gatekeeper_->needs_body());
  if (needs_body && !body_is_read()) return read_body(AfterBody::decide, true);
  decide();
}

/// Whether it is refused for what it is.
bool Session::has_bad_form() {
  if (head_.method() == bhttp::verb::connect) {
    reject(BadRequest::bad_method);
    return true;
  }
  if (!reader_->asks_upgrade() || reader_->version() < 11) return false;
  const bool is_taken = role_ == Role::traffic && worker_.backend().takes_upgrades();
  // The offer to go on with HTTP/2 may be passed over.
  if (is_taken || head_[bhttp::field::upgrade] == "h2c") return false;
  reject(BadRequest::refused_upgrade);
  return true;
}

// ---- The body

void Session::read_body(AfterBody after, bool keep) {
  after_body_ = after;
  keeps_body_ = keep;
  stage_ = Stage::body;
  progress_ = worker_.now();
  const auto left = reader_->body_left();
  if (keep && left && *left > worker_.options().max_body) {
    return reject(BadRequest::body_too_large);
  }
  expect_body();
}

/// Tells a client to send its body, if it waits for that.
void Session::expect_body() {
  if (reader_->version() < 11 || !input_.empty()) return;
  const auto expects = head_.find(bhttp::field::expect);
  if (expects == head_.end() || !boost::beast::iequals(expects->value(), "100-continue")) return;
  out_.append("HTTP/1.1 100 Continue\r\n\r\n");
}

void Session::take_body(std::string_view bytes) {
  if (passes_body_) {
    answering_->take_body(bytes);
  } else if (keeps_body_ && body_.size() <= worker_.options().max_body) {
    body_.append(bytes);
  }
}

void Session::body_done() {
  if (passes_body_) return answering_->body_ended();
  if (after_body_ == AfterBody::decide) {
    decide();
  } else {
    start_backend();
  }
}

// ---- The decision

RequestView Session::view() const {
  return {head_.method_string(), head_.target(), head_, body_, peer_};
}

void Session::decide() {
  stage_ = Stage::decision;
  if (serve_page()) return;
  if (role_ == Role::admin) return answer_text(404, "text/plain", "", "There is no such page.\n");
  ask_gatekeeper();
}

bool Session::serve_page() {
  Pages* pages = worker_.pages(role_);
  if (pages == nullptr) return false;
  page_.reset();
  is_deciding_ = awaits_decision_ = true;
  const bool is_served = pages->serve(view(), [this](Page&& page) {
    page_ = std::move(page);
    awaits_decision_ = false;
    if (!is_deciding_) turn_soon();
  });
  is_deciding_ = false;
  if (!is_served) awaits_decision_ = false;
  if (is_served && page_) answer_page(*page_);
  return is_served;
}

void Session::ask_gatekeeper() {
  admission_ = {};
  is_deciding_ = awaits_decision_ = true;
  has_decision_ = false;
  const bool at_once = gatekeeper_->decide(view(), admission_, [this](Admission&& admission) {
    admission_ = std::move(admission);
    awaits_decision_ = false;
    has_decision_ = true;
    if (!is_deciding_) turn_soon();
  });
  is_deciding_ = false;
  if (at_once) awaits_decision_ = false;
  if (at_once || has_decision_) decided();
}

void Session::decided() {
  has_decision_ = false;
  if (stage_ == Stage::closed) return finish();
  if (!admission_.allowed) return deny();
  if (admission_.delay <= Duration()) return run();
  stage_ = Stage::delay;
  if (!delay_) {
    delay_ = std::make_unique<Alarm>(worker_.alarms(), [this] {
      if (stage_ != Stage::delay) return;
      run();
      turn();
    });
  }
  delay_->set(steady_now() + admission_.delay);
}

void Session::deny() {
  answer_text(admission_.status, admission_.content_type, "", admission_.body);
}

// ---- The backend

void Session::run() {
  if (body_is_read()) return start_backend();
  const BodyUse use = worker_.backend().body_use(head_);
  if (use != BodyUse::pass) return read_body(AfterBody::run, use == BodyUse::gather);
  passes_body_ = true;
  progress_ = worker_.now();
  expect_body();
  start_backend();
}

void Session::start_backend() {
  stage_ = Stage::answer;
  std::unique_ptr<Answering> started = worker_.backend().start(*this);
  if (stage_ == Stage::answer) {
    answering_ = std::move(started);
  } else if (started) {
    worker_.bury(std::move(started));
  }
}

// ---- Requests that are bad

void Session::reject(BadRequest fault) {
  worker_.counters().of(fault).add();
  keep_alive_ = false;
  if (stage_ == Stage::answer) {
    // The body went wrong while it was passed on.
    if (has_begun_) return break_off();
    worker_.bury(std::move(answering_));
  }
  answer_text(status_of(fault), "text/plain",
              fault == BadRequest::bad_method ? "Allow: GET\r\n" : "", text_of(fault));
}

}  // namespace weir::gateway
