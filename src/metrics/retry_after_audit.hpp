#pragma once

#include "core/time.hpp"
#include "metrics/accumulator.hpp"

namespace weir::metrics {

/// A promise that lies so much later than it had to is still an honest one: Retry-After counts in
/// whole seconds.
inline constexpr Duration header_resolution = Duration::from_seconds(1);

/// Judges what a denied request was told to wait by what it would have had to, both from the
/// instant of the denial; Duration::max() stands for "was told nothing", and for "no wait helps".
inline void judge_promise(RetryAfterTotals& totals, Duration advertised, Duration exact) {
  if (advertised == Duration::max()) {
    ++totals.absent;
    return;
  }
  ++totals.present;
  if (exact == Duration::max()) {
    ++totals.never;
    return;
  }
  const Duration error = advertised - exact;
  if (error < Duration()) {
    ++totals.too_short;
    totals.early.record(-error.ns());
    return;
  }
  ++(error < header_resolution ? totals.honest : totals.too_long);
  totals.late.record(error.ns());
}

}  // namespace weir::metrics
