#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "sim/run_control.hpp"

namespace weir::cli {

/// A bar on standard error while a simulation runs, if that is a terminal and it takes a while.
class ProgressBar {
 public:
  ProgressBar(const sim::RunControl& control, std::string title, bool enabled);
  /// Takes the bar away.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

 private:
  void draw(std::chrono::steady_clock::time_point started) const;

  const sim::RunControl& control_;
  std::string title_;
  std::jthread thread_;
};

}  // namespace weir::cli
