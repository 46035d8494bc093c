#include "cli/live_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "core/text.hpp"

namespace weir::cli {
namespace {

std::string count(std::uint64_t n) { return format_count(static_cast<std::int64_t>(n)); }

std::string milliseconds(std::int64_t ns) {
  return fmt::format("{:.{}f}ms", static_cast<double>(ns) / 1e6, ns < 10'000'000 ? 2 : 0);
}

}  // namespace

std::string live_line(std::int64_t seconds, std::uint64_t sent, std::uint64_t sent_before,
                      std::uint64_t planned_in_second, const load::LiveGlance& glance) {
  std::string line = fmt::format(
      "{:02}:{:02}  sent {}  {}/s of {}/s planned  allowed {}  denied {}  errors {}", seconds / 60,
      seconds % 60, count(sent), count(sent - sent_before), count(planned_in_second),
      count(glance.allowed), count(glance.denied), count(glance.errors));
  if (glance.recent.count() > 0) {
    line += fmt::format("  p50 {}  p99 {}", milliseconds(glance.recent.percentile(500'000)),
                        milliseconds(glance.recent.percentile(990'000)));
  }
  return line;
}

LiveLine::LiveLine(load::LoadRun& run, const load::LoadControl& control, bool enabled) {
  if (!enabled || isatty(STDERR_FILENO) != 1) return;
  thread_ = std::jthread([&run, &control](const std::stop_token& token) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::uint64_t sent_before = 0;
    std::uint64_t planned_before = 0;
    std::unique_lock<std::mutex> lock(mutex);
    for (std::int64_t second = 1;; ++second) {
      changed.wait_for(lock, token, std::chrono::seconds(1), [] { return false; });
      if (token.stop_requested()) break;
      const std::uint64_t sent = control.sent.load();
      const std::uint64_t planned = control.planned.load();
      const std::string line =
          live_line(second, sent, sent_before, planned - planned_before, run.glance());
      fmt::print(stderr, "\r\x1b[K{}", line);
      std::fflush(stderr);
      sent_before = sent;
      planned_before = planned;
    }
    fmt::print(stderr, "\r\x1b[K");
  });
}

LiveLine::~LiveLine() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace weir::cli
