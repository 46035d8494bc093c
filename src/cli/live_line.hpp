#pragma once

#include <string>
#include <thread>

#include "load/load_run.hpp"

namespace weir::cli {

/// A line on standard error that says once a second how a live run goes, if that is a terminal.
class LiveLine {
 public:
  LiveLine(load::LoadRun& run, const load::LoadControl& control, bool enabled);
  /// Takes the line away.
  ~LiveLine();
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

 private:
  std::jthread thread_;
};

/// "00:12  sent 1,200  100/s of 100/s planned  allowed 900  denied 300  errors 0  p50 1.2ms  p99
/// 3ms".
std::string live_line(std::int64_t seconds, std::uint64_t sent, std::uint64_t sent_before,
                      std::uint64_t planned_in_second, const load::LiveGlance& glance);

}  // namespace weir::cli
