#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "core/text.hpp"

namespace weir::cli {

ProgressBar::ProgressBar(const sim::RunControl& control, std::string title, bool enabled)
    : control_(control), title_(std::move(title)) {
  if (!enabled || isatty(STDERR_FILENO) != 1) return;
  thread_ = std::jthread([this](const std::stop_token& token) {
    const auto started = std::chrono::steady_clock::now();
    std::mutex mutex;
    std::condition_variable_any changed;
    bool drawn = false;
    std::unique_lock<std::mutex> lock(mutex);
    while (!changed.wait_for(lock, token, std::chrono::milliseconds(drawn ? 100 : 400),
                             [] { return false; })) {
      if (token.stop_requested()) break;
      draw(started);
      drawn = true;
    }
    if (drawn) fmt::print(stderr, "\r\x1b[K");
  });
}

ProgressBar::~ProgressBar() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void ProgressBar::draw(std::chrono::steady_clock::time_point started) const {
  constexpr int width = 30;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - started;
  const double done = static_cast<double>(control_.done_ppm_of_lanes.load()) / 1e6 /
                      static_cast<double>(std::max<std::uint32_t>(control_.lanes.load(), 1));
  const int filled = static_cast<int>(std::min(done, 1.0) * width);
  const auto requests = static_cast<std::int64_t>(control_.requests.load());
  const double left = done > 0.01 ? elapsed.count() / done - elapsed.count() : 0.0;
  fmt::print(stderr, "\r\x1b[K{} [{:=<{}}{: <{}}] {:3.0f}% {} requests, {:.0f} s left", title_, "",
             filled, "", width - filled, std::min(done, 1.0) * 100.0, format_count(requests), left);
  std::fflush(stderr);
}

}  // namespace weir::cli
