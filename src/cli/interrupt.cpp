#include "cli/interrupt.hpp"

#include <csignal>
#include <cstdint>
#include <ctime>

namespace weir::cli {
namespace {

std::atomic<std::atomic<bool>*> flag{nullptr};
static_assert(std::atomic<std::atomic<bool>*>::is_always_lock_free);

/// A second signal so soon after the first is the same wish: timeout(1) sends two of them.
constexpr std::int64_t same_wish_ns = 200'000'000;
std::atomic<std::int64_t> first_at{0};

std::int64_t now_ns() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

extern "C" void note_signal(int signal_number) {
  std::int64_t none = 0;
  const bool is_first = first_at.compare_exchange_strong(none, now_ns());
  if (!is_first && now_ns() - first_at.load() > same_wish_ns) {
    std::signal(signal_number, SIG_DFL);
    std::raise(signal_number);
    return;
  }
  if (std::atomic<bool>* stop = flag.load()) stop->store(true);
}

}  // namespace

InterruptGuard::InterruptGuard(std::atomic<bool>& stop) {
  flag.store(&stop);
  first_at.store(0);
  std::signal(SIGINT, note_signal);
  std::signal(SIGTERM, note_signal);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  flag.store(nullptr);
}

}  // namespace weir::cli
