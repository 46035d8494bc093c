#include "probe/sighting_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"

namespace weir::probe {
namespace {

// When one key's answers turned from admissions to denials, or the other way round.
std::string words_of_turns(const std::vector<Sighting>& seen, Instant begin) {
  const auto is = [](bool wanted) {
    return [wanted](const Sighting& s) { return s.is_known && s.allowed == wanted; };
  };
  const auto denied = std::find_if(seen.begin(), seen.end(), is(false));
  const auto again = std::find_if(denied, seen.end(), is(true));
  const bool is_first = std::none_of(seen.begin(), denied, is(true));
  std::string text;
  if (!is_first) {
    text = fmt::format(", denied from {} on", format_duration_short(denied->sent - begin));
  }
  if (again == seen.end()) return text;
  return text + fmt::format(", {} by {}", is_first ? "the first admitted" : "admitted again",
                            format_duration_short(again->received - begin));
}

}  // namespace

std::uint64_t count_known(const std::vector<Sighting>& seen, bool allowed) {
  return static_cast<std::uint64_t>(
      std::count_if(seen.begin(), seen.end(), [allowed](const Sighting& sighting) {
        return sighting.is_known && sighting.allowed == allowed;
      }));
}

std::int64_t admitted_before_denial(const std::vector<Sighting>& seen) {
  const auto denied = std::find_if(seen.begin(), seen.end(), [](const Sighting& sighting) {
    return sighting.is_known && !sighting.allowed;
  });
  return std::count_if(seen.begin(), seen.end(), [&](const Sighting& sighting) {
    const bool is_before = denied == seen.end() || sighting.sent <= denied->received;
    return is_before && (sighting.allowed || !sighting.is_known);
  });
}

std::string words_of_seen(const std::vector<Sighting>& seen, Instant begin) {
  const std::uint64_t allowed = count_known(seen, true);
  const std::uint64_t denied = count_known(seen, false);
  const std::uint64_t unknown = seen.size() - allowed - denied;
  const char* all = allowed + denied > 1 ? "all " : "";
  if (seen.empty()) return "nothing was sent";
  if (unknown == seen.size()) return "no answer that means admitted or denied";
  std::string text = denied == 0    ? fmt::format("{}{} admitted", all, allowed)
                     : allowed == 0 ? fmt::format("{}{} denied", all, denied)
                                    : fmt::format("{} admitted, {} denied", allowed, denied);
  const bool is_one_track = std::all_of(seen.begin(), seen.end(), [&seen](const Sighting& s) {
    return s.track == seen.front().track;
  });
  if (is_one_track && allowed > 0 && denied > 0) text += words_of_turns(seen, begin);
  if (unknown > 0) text += fmt::format(", {} without an answer that means either", unknown);
  return text;
}

}  // namespace weir::probe
