#include "load/status_meaning.hpp"

#include <fmt/format.h>

#include "limiter/catalogue.hpp"

namespace weir::load {
namespace {

constexpr int too_many_requests = 429;

std::vector<int> denied_by(const std::vector<policy::PolicySpec>& policies) {
  std::vector<int> statuses;
  for (const policy::PolicySpec& policy : policies) {
    if (policy.response.denied_status) {
      statuses.push_back(*policy.response.denied_status);
      continue;
    }
    for (const policy::LimitSpec& limit : policy.limits) {
      const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.algorithm);
      statuses.push_back(info == nullptr ? too_many_requests : info->denied_status);
    }
  }
  if (statuses.empty()) statuses.push_back(too_many_requests);
  return statuses;
}

}  // namespace

StatusMeanings::StatusMeanings(const scenario::TargetSpec& target,
                               const std::vector<policy::PolicySpec>& policies) {
  for (std::size_t status = 200; status < 400; ++status) allowed_.set(status);
  for (const std::int64_t status : target.allowed) allowed_.set(static_cast<std::size_t>(status));
  for (const std::int64_t status : target.denied) denied_.set(static_cast<std::size_t>(status));
  if (!target.denied.empty()) return;
  for (const int status : denied_by(policies)) denied_.set(static_cast<std::size_t>(status));
}

std::string StatusMeanings::denied_list() const {
  std::string list;
  for (std::size_t status = 0; status < denied_.size(); ++status) {
    if (denied_[status]) list += fmt::format("{}{}", list.empty() ? "" : ", ", status);
  }
  return list;
}

}  // namespace weir::load
