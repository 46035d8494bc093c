#pragma once

#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "gateway/alarms.hpp"
#include "gateway/answer_text.hpp"
#include "gateway/counters.hpp"
#include "gateway/poller.hpp"
#include "gateway/server_options.hpp"

namespace weir::gateway {

class Session;

/// One thread of a server, and what its sessions share. Everything but the constructor, stop() and
/// what posts to the loop happens on that thread.
class Worker {
 public:
  Worker(const ServerOptions& options, unsigned index);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void run();
  /// Takes over a socket that was accepted.
  void adopt(int fd, Role role, const std::optional<boost::asio::ip::address>& peer);
  void use_gatekeeper(std::unique_ptr<Gatekeeper> gatekeeper) {
    gatekeeper_ = std::move(gatekeeper);
  }
  /// Closes what is idle, then waits for the others until the grace is over.
  void stop(Duration grace);
  std::size_t session_count() const { return sessions_.size(); }

  // ---- For sessions

  boost::asio::io_context& loop() { return loop_; }
  const ServerOptions& options() const { return options_; }
  Poller& poller() { return poller_; }
  Alarms& alarms() { return alarms_; }
  ServerCounters& counters() { return counters_; }
  const ServerCounters& counters() const { return counters_; }
  DateLine& date() { return date_; }
  AccessLog::Writer* access_log() { return access_log_; }
  std::vector<char>& buffer() { return buffer_; }
  const std::shared_ptr<Gatekeeper>& gatekeeper() const { return gatekeeper_; }
  Pages* pages(Role role) { return pages_[static_cast<std::size_t>(role)].get(); }
  Backend& backend() { return *backend_; }
  /// When the events that are being handled came together.
  Instant now() const { return now_; }
  bool is_stopping() const { return is_stopping_; }

  /// Calls the session's resume() soon.
  void resume_soon(Session& session);
  /// What has ended goes when nobody is at work with it any more.
  void bury(std::unique_ptr<Answering> answering);
  void bury(Session& session);

 private:
  void begin_batch();
  void end_batch();
  void tidy_soon();
  void end_if_empty();
  void kill_all();

  const ServerOptions& options_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  ServerCounters counters_;
  DateLine date_;
  Instant now_;
  Alarms alarms_;
  Poller poller_;
  AccessLog::Writer* access_log_ = nullptr;
  std::vector<char> buffer_;
  std::shared_ptr<Gatekeeper> gatekeeper_;
  std::array<std::unique_ptr<Pages>, 2> pages_;
  std::unique_ptr<Backend> backend_;
  std::unordered_map<Session*, std::unique_ptr<Session>> sessions_;
  std::vector<Session*> resumed_;
  std::vector<std::unique_ptr<Session>> buried_;
  std::vector<std::unique_ptr<Answering>> buried_answers_;
  /// Those whose decision is still to come.
  std::vector<std::unique_ptr<Session>> undecided_;
  std::unique_ptr<Alarm> grace_;
  bool in_batch_ = false;
  bool tidies_soon_ = false;
  bool is_stopping_ = false;
};

}  // namespace weir::gateway
