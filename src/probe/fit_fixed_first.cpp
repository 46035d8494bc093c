#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "probe/fit.hpp"
#include "probe/round_numbers.hpp"
#include "probe/window_count.hpp"

namespace weir::probe {
namespace {

constexpr double longest_window_ns = 1e14;
constexpr double shortest_window_ns = 1e7;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

/// When a window may have begun, in nanoseconds since the probe's begin.
struct Begin {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// The windows of a key, one after the other.
using Begins = std::vector<Begin>;

/// Which requests were on their way together with one, itself among them.
struct Beside {
  std::int64_t first_sent = 0;
  std::int64_t last_decided = 0;
};

Beside beside(const History& history, std::size_t e) {
  Beside found{history[e].sent, history[e].decided};
  for (std::size_t n = e; n > 0 && history[n - 1].decided > history[e].sent; --n) {
    if (!history[n - 1].may_be_admitted()) continue;
    found.first_sent = std::min(found.first_sent, history[n - 1].sent);
    found.last_decided = std::max(found.last_decided, history[n - 1].decided);
  }
  return found;
}

// Of a window that was used up, its first request says when it began, the denials that it had not
// ended, the next admission that it had.
void bound_used_up(const History& history, std::uint32_t key, std::int64_t limit, Bounds& bounds) {
  std::size_t begin = 0;
  while (begin < history.size() && !history[begin].is_admitted()) ++begin;
  while (begin < history.size()) {
    const Beside first = beside(history, begin);
    std::size_t next = history.size();
    std::int64_t admitted = 0;
    std::int64_t last_decided = 0;
    std::int64_t first_denied = never;
    for (std::size_t e = begin; e < history.size(); ++e) {
      const Event& event = history[e];
      const EventId id{key, static_cast<std::uint32_t>(e)};
      if (event.is_denied()) {
        // One that was sent when others were under way may belong to the window before.
        if (event.sent < first.last_decided) continue;
        first_denied = std::min(first_denied, event.decided);
        bounds.above(static_cast<double>(event.sent - first.last_decided), id);
      } else if (event.is_admitted()) {
        last_decided = std::max(last_decided, event.decided);
        if (++admitted <= limit && event.sent <= first_denied) continue;
        bounds.at_most(static_cast<double>(last_decided - first.first_sent), id);
        next = e;
        break;
      }
    }
    // A window that was not used up says nothing of the next one's begin.
    if (first_denied == never) return;
    begin = next;
  }
}

// The window after one that began then begins with the first request that is admitted once that
// one has ended. Requests across the end may be the first of the new one or the last of the old
// one: then it begins with one of them, or with the next that comes surely later.
std::vector<Begin> next_begins(const History& history, const Begin& begin, std::int64_t window) {
  const std::int64_t first_end = begin.from + window;
  const std::int64_t last_end = begin.to + window;
  std::optional<Begin> across;
  std::optional<Begin> after;
  std::int64_t surely_by = never;
  for (const Event& event : history) {
    if (!event.may_be_admitted() || event.decided < first_end) continue;
    if (event.sent > surely_by) break;
    if (event.sent < last_end) {
      if (!across) across = Begin{std::max(event.sent, first_end), event.decided};
      across->to = std::max(across->to, event.decided);
      continue;
    }
    if (!after) after = Begin{event.sent, 0};
    if (event.is_known) surely_by = std::min(surely_by, event.decided);
  }
  if (after) after->to = surely_by == never ? after->from + window : surely_by;
  std::vector<Begin> found;
  if (across) found.push_back({across->from, std::min(across->to, surely_by)});
  if (!after) return found;
  if (across && after->from <= across->to) {
    found.back().to = after->to;
  } else {
    found.push_back(*after);
  }
  return found;
}

// All ways in which a key's windows may lie; of very many, some.
std::vector<Begins> ways_of(const History& history, std::int64_t window) {
  constexpr std::size_t most_ways = 6;
  const auto first = std::find_if(history.begin(), history.end(),
                                  [](const Event& event) { return event.may_be_admitted(); });
  if (first == history.end()) return {{}};
  Begin begin{first->sent, never};
  for (const Event& event : history) {
    if (event.is_admitted()) begin.to = std::min(begin.to, event.decided);
  }
  if (begin.to == never) begin.to = history.back().decided;
  std::vector<Begins> complete;
  std::vector<Begins> open = {{begin}};
  while (!open.empty()) {
    Begins way = std::move(open.back());
    open.pop_back();
    while (true) {
      auto next = next_begins(history, way.back(), window);
      if (next.empty()) break;
      if (next.size() > 1 && open.size() + complete.size() < most_ways) {
        open.push_back(way);
        open.back().push_back(next[1]);
      }
      way.push_back(next[0]);
    }
    complete.push_back(std::move(way));
  }
  return complete;
}

// Which of a key's requests have a place in none of the windows.
std::vector<EventId> unexplained_in(const History& history, std::uint32_t key,
                                    const WindowCount& count, const Begins& begins,
                                    std::int64_t limit, std::int64_t window) {
  std::vector<EventId> found;
  std::size_t oldest = 0;
  for (std::uint32_t e = 0; e < history.size(); ++e) {
    const Event& event = history[e];
    if (!event.is_known) continue;
    while (oldest < begins.size() && begins[oldest].to + window <= event.sent) ++oldest;
    bool possible = false;
    for (std::size_t w = oldest; w < begins.size() && !possible; ++w) {
      if (event.decided < begins[w].from) break;
      // What came before the window's begin, and after the end of the one before, is not there.
      const bool is_first = w == 0;
      const std::int64_t surely_from = is_first ? begins[w].from : begins[w - 1].to + window;
      const std::int64_t maybe_from = is_first ? begins[w].from : begins[w - 1].from + window;
      const std::int64_t surely_open = begins[w].from + window - 1;
      const std::int64_t maybe_open = begins[w].to + window - 1;
      possible = event.allowed
                     ? count.surely_before(event, surely_from, surely_open) < limit
                     : count.maybe(maybe_from, std::min(maybe_open, event.decided)) >= limit;
    }
    if (!possible) found.push_back({key, e});
  }
  return found;
}

std::vector<EventId> replay_first(const Histories& histories,
                                  const std::vector<WindowCount>& counts, std::int64_t limit,
                                  std::int64_t window) {
  std::vector<EventId> unexplained;
  for (std::uint32_t k = 0; k < histories.size(); ++k) {
    std::optional<std::vector<EventId>> fewest;
    for (const Begins& begins : ways_of(histories[k], window)) {
      auto found = unexplained_in(histories[k], k, counts[k], begins, limit, window);
      if (!fewest || found.size() < fewest->size()) fewest = std::move(found);
    }
    if (fewest) unexplained.insert(unexplained.end(), fewest->begin(), fewest->end());
  }
  return unexplained;
}

// The roundest length within the range and the middle one; should both leave something, others
// across it, the shorter ones the more likely.
std::vector<std::int64_t> windows_to_try(const Bounds::Best& range, bool is_close) {
  const auto window = [](double ns) { return std::max<std::int64_t>(std::llround(ns), 1); };
  if (!is_close) {
    const auto roundest = static_cast<double>(roundest_duration(range.least, range.most).ns());
    return {window(roundest), window(range.least + (range.most - range.least) / 2)};
  }
  constexpr int tries = 24;
  constexpr double longest_times = 3.0;
  const double most = std::min(range.most, longest_times * range.least);
  std::vector<std::int64_t> windows;
  for (int n = 0; n < tries; ++n) {
    windows.push_back(window(range.least + (most - range.least) * (n + 0.5) / tries));
  }
  return windows;
}

}  // namespace

Fit fit_fixed_first_request(const Clues& clues) {
  Fit fit;
  fit.kind = Kind::fixed_first_request;
  std::vector<WindowCount> counts;
  for (const History& history : clues.histories) counts.emplace_back(history, false);
  const auto limits = admitted_between_denials(clues.histories);
  for (const bool is_close : {false, true}) {
    if (is_close && fit.unexplained.empty()) break;
    for (const std::int64_t limit : limits) {
      Bounds bounds;
      for (std::uint32_t k = 0; k < clues.histories.size(); ++k) {
        bound_used_up(clues.histories[k], k, limit, bounds);
      }
      const Bounds::Best best = bounds.best(shortest_window_ns, longest_window_ns);
      for (const std::int64_t window_ns : windows_to_try(best, is_close)) {
        auto unexplained = replay_first(clues.histories, counts, limit, window_ns);
        const bool is_first = fit.window == Duration();
        if (!is_first && unexplained.size() >= fit.unexplained.size()) continue;
        fit.limit = fit.least_limit = fit.most_limit = limit;
        fit.least_window_ns = best.least;
        fit.most_window_ns = best.most;
        fit.window = Duration::from_ns(window_ns);
        fit.unexplained = std::move(unexplained);
      }
    }
  }
  return fit;
}

}  // namespace weir::probe
