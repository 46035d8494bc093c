#pragma once

#include <algorithm>
#include <optional>

#include "load/reply.hpp"
#include "scenario/target.hpp"

namespace weir::load {

/// How far an exchange has come.
enum class Progress : std::uint8_t { connecting, written, answering };

/// Which timeout of the target an exchange has passed that began so long ago, if any; each of them
/// ends with that of the whole.
inline std::optional<Failure> overdue(const scenario::TargetSpec& target, Progress progress,
                                      Duration passed) {
  Failure failure = Failure::timeout;
  Duration most = target.timeout;
  if (progress == Progress::connecting) {
    failure = Failure::timeout_connect;
    most = std::min(most, target.connect_timeout.value_or(most));
  } else if (progress == Progress::written) {
    failure = Failure::timeout_first_byte;
    most = std::min(most, target.first_byte_timeout.value_or(most));
  }
  if (passed < most) return std::nullopt;
  return failure;
}

}  // namespace weir::load
