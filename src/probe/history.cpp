#include "probe/history.hpp"

#include <algorithm>
#include <functional>
#include <optional>

namespace weir::probe {
namespace {

/// A gateway may read its clock only once in so long, and count in ticks.
constexpr std::int64_t clock_slack_ns = 1'000'000;

std::int64_t quantile(std::vector<std::int64_t> values, std::size_t percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[(values.size() - 1) * percent / 100];
}

}  // namespace

std::int64_t least_before_denial(const Histories& histories) {
  std::optional<std::int64_t> least;
  for (const History& history : histories) {
    const auto denied = std::find_if(history.begin(), history.end(),
                                     [](const Event& event) { return event.is_denied(); });
    if (denied == history.end()) continue;
    std::int64_t admitted = 0;
    for (const Event& event : history) {
      admitted += event.may_be_admitted() && event.sent <= denied->decided ? 1 : 0;
    }
    least = std::min(least.value_or(admitted), admitted);
  }
  return std::max<std::int64_t>(least.value_or(1), 1);
}

std::vector<std::int64_t> admitted_between_denials(const Histories& histories) {
  std::vector<std::int64_t> found;
  for (const History& history : histories) {
    std::int64_t admitted = 0;
    for (const Event& event : history) {
      if (!event.is_denied()) {
        ++admitted;
        continue;
      }
      if (admitted > 0) found.push_back(admitted);
      admitted = 0;
    }
  }
  const std::int64_t most = least_before_denial(histories);
  std::erase_if(found,
                [most](std::int64_t admitted) { return admitted > most || 2 * admitted < most; });
  found.push_back(most);
  std::sort(found.begin(), found.end(), std::greater<>());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

void Evidence::add(const KeyNumbers& key, const Sighting& sighting) {
  Event event;
  event.sent = (sighting.sent - begin_).ns();
  event.received = (sighting.received - begin_).ns();
  event.decided = event.received;
  event.allowed = sighting.allowed;
  event.is_known = sighting.is_known;
  events_.push_back({key, event});
}

void Evidence::leave_out(const KeyNumbers& key) {
  std::erase_if(events_, [&key](const Entry& entry) { return entry.key == key; });
}

std::vector<std::int64_t> Evidence::round_trips(bool of_denials) const {
  std::vector<std::int64_t> found;
  for (const Entry& entry : events_) {
    if (!entry.event.is_known || entry.event.allowed == of_denials) continue;
    found.push_back(entry.event.received - entry.event.sent);
  }
  return found;
}

std::int64_t Evidence::usual_round_trip_ns() const {
  const auto denials = round_trips(true);
  return denials.size() < 3 ? quantile(round_trips(false), 50) : quantile(denials, 50);
}

std::int64_t Evidence::usual_answer_ns() const { return quantile(round_trips(false), 50); }

bool Evidence::admissions_take_longer() const {
  const auto denials = round_trips(true);
  auto admissions = round_trips(false);
  const std::size_t some = std::max<std::size_t>(4, admissions.size() / 20);
  if (denials.size() < 3 || admissions.size() < some) return false;
  std::sort(admissions.begin(), admissions.end());
  constexpr std::int64_t noise_ns = 8'000'000;
  return admissions[admissions.size() - some] > 2 * quantile(denials, 95) + noise_ns;
}

Histories Evidence::by_key(const KeyMask& mask) const {
  // Where admissions are held back they were decided no later than a denial would have been told.
  const auto denials = round_trips(true);
  const bool held = admissions_take_longer();
  const std::int64_t longest = held ? quantile(denials, 100) + clock_slack_ns : 0;
  std::map<KeyNumbers, std::size_t> numbers;
  Histories histories;
  for (std::size_t n = 0; n < events_.size(); ++n) {
    const Entry& entry = events_[n];
    KeyNumbers key;
    for (std::size_t i = 0; i < entry.key.size(); ++i) {
      if (i < mask.size() && mask[i]) key.push_back(entry.key[i]);
    }
    const auto [at, is_new] = numbers.try_emplace(key, histories.size());
    if (is_new) histories.emplace_back();
    Event event = entry.event;
    event.number = n;
    if (held) event.decided = std::min(event.received, event.sent + longest);
    event.sent -= clock_slack_ns;
    histories[at->second].push_back(event);
  }
  for (History& history : histories) {
    std::stable_sort(history.begin(), history.end(),
                     [](const Event& a, const Event& b) { return a.sent < b.sent; });
  }
  return histories;
}

}  // namespace weir::probe
