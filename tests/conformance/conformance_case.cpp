#include "conformance/conformance_case.hpp"

#include <utility>

namespace weir::limiter {

std::vector<ConformanceCase>& conformance_cases() {
  static std::vector<ConformanceCase> cases;
  return cases;
}

bool register_case(ConformanceCase added) {
  conformance_cases().push_back(std::move(added));
  return true;
}

}  // namespace weir::limiter
