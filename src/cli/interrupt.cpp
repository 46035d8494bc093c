#include "cli/interrupt.hpp"

#include <csignal>

namespace weir::cli {
namespace {

std::atomic<std::atomic<bool>*> flag{nullptr};
static_assert(std::atomic<std::atomic<bool>*>::is_always_lock_free);

extern "C" void note_signal(int signal_number) {
  if (std::atomic<bool>* stop = flag.load()) stop->store(true);
  std::signal(signal_number, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard(std::atomic<bool>& stop) {
  flag.store(&stop);
  std::signal(SIGINT, note_signal);
  std::signal(SIGTERM, note_signal);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  flag.store(nullptr);
}

}  // namespace weir::cli
