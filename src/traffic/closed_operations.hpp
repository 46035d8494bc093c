#pragma once

#include <cstdint>

#include "core/request.hpp"
#include "traffic/plan.hpp"

namespace weir::traffic {

/// The operations of a class in the closed model. Operation k n + i is the k-th of client i of n;
/// what it is depends on its number alone, only when it is sent does not.
class ClosedOperations {
 public:
  ClosedOperations(const Plan& plan, const ClassPlan& c);

  /// The operation as a block of one row, valid until the next call.
  const RequestBlock& make(std::uint64_t operation, Instant at);

 private:
  const ClassPlan& class_;
  RequestBlock block_;
};

}  // namespace weir::traffic
