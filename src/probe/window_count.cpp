#include "probe/window_count.hpp"

#include <algorithm>

namespace weir::probe {

WindowCount::WindowCount(const History& history, bool count_denied) : count_denied_(count_denied) {
  const auto add = [](Times& times, const Event& event) {
    times.sent.add(event.sent);
    times.decided.add(event.decided);
  };
  for (const Event& event : history) {
    if (!counts(event)) continue;
    add(maybe_, event);
    if (event.is_known) add(event.allowed ? admitted_ : denied_, event);
  }
  for (Times* times : {&admitted_, &denied_, &maybe_}) {
    times->sent.sort();
    times->decided.sort();
  }
}

// Those that may have been decided earlier are taken off whether or not they were counted.
std::int64_t WindowCount::Times::within(std::int64_t begin, std::int64_t end) const {
  return std::max<std::int64_t>(decided.up_to(end) - sent.before(begin), 0);
}

std::int64_t WindowCount::surely(std::int64_t begin, std::int64_t end) const {
  return admitted_.within(begin, end) + denied_.within(begin, end);
}

std::int64_t WindowCount::surely_before(const Event& admission, std::int64_t begin,
                                        std::int64_t end) const {
  const bool is_itself = admission.sent >= begin && admission.decided <= end;
  const std::int64_t others =
      admitted_.within(begin, std::min(end, admission.decided)) - (is_itself ? 1 : 0);
  return std::max<std::int64_t>(others, 0) + denied_.within(begin, std::min(end, admission.sent));
}

std::int64_t WindowCount::maybe(std::int64_t begin, std::int64_t end) const {
  return std::max<std::int64_t>(maybe_.sent.up_to(end) - maybe_.decided.before(begin), 0);
}

}  // namespace weir::probe
