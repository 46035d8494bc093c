#include "gateway/access_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

namespace weir::gateway {
namespace {

/// What waits of one thread at most; lines beyond are lost.
constexpr std::size_t max_waiting = std::size_t{16} << 20;

int open_log(const std::string& path) {
  if (path == "-") return ::dup(STDOUT_FILENO);
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

std::uint64_t count_lines(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

void AccessLog::Writer::add(const AccessRecord& record) {
  const std::lock_guard lock(mutex_);
  if (lines_.size() >= max_waiting) {
    ++dropped_;
  } else {
    append_access_line(lines_, format_, record);
  }
}

Result<std::unique_ptr<AccessLog>> AccessLog::open(const std::string& path,
                                                   AccessLogFormat format) {
  const int fd = open_log(path);
  if (fd < 0) {
    return fail(ErrorKind::cannot_run,
                fmt::format("cannot write the access log {}: {}", path, std::strerror(errno)));
  }
  return std::unique_ptr<AccessLog>(new AccessLog(path, format, fd));
}

AccessLog::AccessLog(std::string path, AccessLogFormat format, int fd)
    : path_(std::move(path)), format_(format), fd_(fd), thread_([this] { run(); }) {}

AccessLog::~AccessLog() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
  ::close(fd_);
}

AccessLog::Writer& AccessLog::new_writer() {
  const std::lock_guard lock(mutex_);
  writers_.push_back(std::unique_ptr<Writer>(new Writer(format_)));
  return *writers_.back();
}

void AccessLog::reopen() {
  {
    const std::lock_guard lock(mutex_);
    wants_reopen_ = true;
  }
  changed_.notify_all();
}

void AccessLog::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = ++flushes_wanted_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return flushes_done_ >= wanted; });
}

void AccessLog::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    // Half of what is promised: writing takes time too.
    changed_.wait_for(lock, std::chrono::milliseconds(500), [&] {
      return is_ending_ || wants_reopen_ || flushes_wanted_ > flushes_done_;
    });
    const bool ends = is_ending_;
    const bool reopens = std::exchange(wants_reopen_, false);
    const std::uint64_t wanted = flushes_wanted_;
    lock.unlock();
    write_all();
    if (reopens) open_anew();
    lock.lock();
    flushes_done_ = std::max(flushes_done_, wanted);
    changed_.notify_all();
    if (ends) return;
  }
}

void AccessLog::write_all() {
  for (std::size_t i = 0;; ++i) {
    Writer* writer = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (i >= writers_.size()) return;
      writer = writers_[i].get();
    }
    std::uint64_t dropped = 0;
    {
      const std::lock_guard lock(writer->mutex_);
      taken_.swap(writer->lines_);
      dropped = std::exchange(writer->dropped_, 0);
    }
    lost_lines_.fetch_add(dropped, std::memory_order_relaxed);
    write(taken_);
    taken_.clear();
  }
}

void AccessLog::write(std::string_view lines) {
  while (!lines.empty()) {
    const ssize_t n = ::write(fd_, lines.data(), lines.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int error = errno;
      lost_lines_.fetch_add(std::max<std::uint64_t>(1, count_lines(lines)),
                            std::memory_order_relaxed);
      return complain("write", error);
    }
    lines.remove_prefix(static_cast<std::size_t>(n));
  }
}

void AccessLog::open_anew() {
  if (path_ == "-") return;
  const int fd = open_log(path_);
  if (fd < 0) return complain("reopen", errno);
  ::close(fd_);
  fd_ = fd;
}

void AccessLog::complain(std::string_view what, int error) {
  if (std::exchange(has_complained_, true)) return;
  fmt::print(stderr, "weir: cannot {} the access log {}: {} (said once)\n", what, path_,
             std::strerror(error));
}

}  // namespace weir::gateway
