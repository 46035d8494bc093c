#include "probe/window_count.hpp"

#include <algorithm>

namespace weir::probe {
namespace {

std::int64_t up_to(const std::vector<std::int64_t>& sorted, std::int64_t value) {
  return std::upper_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
}

std::int64_t before(const std::vector<std::int64_t>& sorted, std::int64_t value) {
  return std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
}

}  // namespace

WindowCount::WindowCount(const History& history, bool count_denied) : count_denied_(count_denied) {
  for (const Event& event : history) {
    if (!counts(event)) continue;
    maybe_sent_.push_back(event.sent);
    maybe_decided_.push_back(event.decided);
    if (!event.is_known) continue;
    sure_sent_.push_back(event.sent);
    sure_decided_.push_back(event.decided);
  }
  for (auto* times : {&sure_sent_, &sure_decided_, &maybe_sent_, &maybe_decided_}) {
    std::sort(times->begin(), times->end());
  }
}

// Those that may have been decided earlier are taken off whether or not they were counted.
std::int64_t WindowCount::surely(std::int64_t begin, std::int64_t end) const {
  return std::max<std::int64_t>(up_to(sure_decided_, end) - before(sure_sent_, begin), 0);
}

std::int64_t WindowCount::maybe(std::int64_t begin, std::int64_t end) const {
  return std::max<std::int64_t>(up_to(maybe_sent_, end) - before(maybe_decided_, begin), 0);
}

}  // namespace weir::probe
