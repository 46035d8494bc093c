#include "gateway/worker.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "gateway/session.hpp"

namespace weir::gateway {
namespace {

constexpr std::size_t buffer_size = std::size_t{64} << 10;
/// For what the Gatekeeper still has to send when the last answer has ended.
constexpr std::chrono::milliseconds last_words(250);

}  // namespace

Worker::Worker(const ServerOptions& options, unsigned index)
    : options_(options),
      guard_(loop_.get_executor()),
      now_(steady_now()),
      alarms_(loop_),
      poller_(
          loop_, [this] { begin_batch(); }, [this] { end_batch(); }),
      buffer_(buffer_size) {
  if (options.access_log != nullptr) access_log_ = &options.access_log->new_writer();
  if (options.make_gatekeeper) gatekeeper_ = options.make_gatekeeper(loop_);
  if (options.make_pages) {
    for (const Role role : {Role::traffic, Role::admin}) {
      pages_[static_cast<std::size_t>(role)] = options.make_pages(loop_, role);
    }
  }
  if (options.make_backend) {
    backend_ = options.make_backend({loop_, poller_, alarms_, counters_, index});
  }
}

Worker::~Worker() {
  kill_all();
  // What still waits for a decision never gets one.
  resumed_.clear();
  undecided_.clear();
  buried_answers_.clear();
  buried_.clear();
}

void Worker::run() {
  loop_.run();
  loop_.restart();
  loop_.run_for(last_words);
}

void Worker::adopt(int fd, Role role, const std::optional<boost::asio::ip::address>& peer) {
  now_ = steady_now();
  auto session = std::make_unique<Session>(*this, fd, role, peer);
  counters_.connections_accepted.add();
  Session& opened = *session;
  sessions_.emplace(&opened, std::move(session));
  opened.open();
  if (is_stopping_) opened.leave_soon();
}

// ---- What has ended, and what goes on

void Worker::resume_soon(Session& session) {
  resumed_.push_back(&session);
  tidy_soon();
}

void Worker::bury(std::unique_ptr<Answering> answering) {
  if (!answering) return;
  buried_answers_.push_back(std::move(answering));
  tidy_soon();
}

void Worker::bury(Session& session) {
  const auto found = sessions_.find(&session);
  if (found == sessions_.end()) return;
  buried_.push_back(std::move(found->second));
  sessions_.erase(found);
  tidy_soon();
}

void Worker::tidy_soon() {
  if (in_batch_ || tidies_soon_) return;
  tidies_soon_ = true;
  boost::asio::post(loop_, [this] {
    tidies_soon_ = false;
    begin_batch();
    end_batch();
  });
}

void Worker::begin_batch() {
  now_ = steady_now();
  in_batch_ = true;
}

void Worker::end_batch() {
  // Who is resumed again has to wait until others had their turn.
  const std::vector<Session*> resumed = std::exchange(resumed_, {});
  for (Session* session : resumed) session->resume();
  in_batch_ = false;
  if (!resumed_.empty()) return tidy_soon();
  buried_answers_.clear();
  for (std::unique_ptr<Session>& session : buried_) {
    if (session->awaits_decision()) undecided_.push_back(std::move(session));
  }
  buried_.clear();
  std::erase_if(undecided_, [](const auto& session) { return !session->awaits_decision(); });
  if (is_stopping_) end_if_empty();
}

// ---- The end

void Worker::stop(Duration grace) {
  boost::asio::post(loop_, [this, grace] {
    now_ = steady_now();
    if (std::exchange(is_stopping_, true)) {
      if (grace_) grace_->set(now_ + grace);
      return;
    }
    grace_ = std::make_unique<Alarm>(alarms_, [this] { kill_all(); });
    grace_->set(now_ + grace);
    std::vector<Session*> all;
    for (const auto& [session, owner] : sessions_) all.push_back(session);
    for (Session* session : all) session->leave_soon();
    tidy_soon();
  });
}

void Worker::kill_all() {
  std::vector<Session*> all;
  for (const auto& [session, owner] : sessions_) all.push_back(session);
  for (Session* session : all) session->kill();
}

void Worker::end_if_empty() {
  if (!sessions_.empty() || !grace_) return;
  grace_.reset();
  poller_.stop();
  guard_.reset();
  alarms_.stop();
  loop_.stop();
}

}  // namespace weir::gateway
