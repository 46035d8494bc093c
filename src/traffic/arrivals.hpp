#pragma once

#include <cstddef>
#include <memory>

#include "core/random.hpp"
#include "core/time.hpp"
#include "traffic/spec.hpp"

namespace weir::traffic {

/// The instants at which the requests of one class arrive, in order.
class ArrivalProcess {
 public:
  virtual ~ArrivalProcess() = default;
  /// Writes the next instants, `count` of them or fewer at the end (then 0 for ever).
  virtual std::size_t next(Instant* out, std::size_t count) = 0;
};

/// The part of the run in which a class is active: from `begin` to just before `end`.
struct ActiveSpan {
  Instant begin;
  Instant end;
};

/// The process of `arrivals` with its rate multiplied by `share`. Only Poisson processes may be
/// split: shares of one are independent Poisson processes, and 1 must be given for all others.
std::unique_ptr<ArrivalProcess> make_arrivals(const Arrivals& arrivals, double share,
                                              ActiveSpan span, RandomStream random);

}  // namespace weir::traffic
