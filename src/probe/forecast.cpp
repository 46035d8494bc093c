#include "probe/forecast.hpp"

#include <algorithm>
#include <map>

#include "limiter/catalogue.hpp"
#include "policy/keyed_limiter.hpp"

namespace weir::probe {
namespace {

/// All windows of the epoch begin at its multiples, as far from 1970 as it takes.
constexpr std::int64_t windows_before = 1'000'000;

/// When the next step of a track is due.
struct Due {
  std::int64_t at_ns = 0;
  std::uint32_t track = 0;
  std::uint32_t step = 0;
};

std::unique_ptr<policy::KeyedLimiter> limiter_of(const Fit& fit) {
  const Settings settings = settings_of(fit);
  const limiter::AlgorithmInfo* info = limiter::find_algorithm(settings.algorithm);
  if (info == nullptr) return nullptr;
  const auto complete = limiter::complete_parameters(*info, settings.parameters);
  if (!complete) return nullptr;
  auto made = policy::make_keyed_limiter(settings.algorithm, std::vector{*complete}, {});
  return made ? std::move(*made) : nullptr;
}

}  // namespace

std::vector<std::vector<bool>> forecast(const Fit& fit, const Experiment& experiment,
                                        std::int64_t begin_ns, std::int64_t round_trip_ns) {
  std::vector<std::vector<bool>> decided(experiment.tracks.size());
  const auto limiter = limiter_of(fit);
  if (!limiter) return decided;
  std::map<policy::KeyIndex, std::vector<std::int64_t>> held;
  limiter->reset(experiment.tracks.size());
  const std::int64_t window = std::max<std::int64_t>(fit.window.ns(), 1);
  const std::int64_t shift = windows_before * (window % 1'000'000'000'000) - fit.phase_ns;
  std::map<KeyNumbers, policy::KeyIndex> keys;
  std::vector<Due> due;
  std::vector<std::uint32_t> denials(decided.size()), admissions(decided.size());
  for (std::uint32_t t = 0; t < experiment.tracks.size(); ++t) {
    keys.try_emplace(experiment.tracks[t].key, static_cast<policy::KeyIndex>(keys.size()));
    if (experiment.tracks[t].steps.empty()) continue;
    due.push_back({begin_ns + experiment.tracks[t].steps[0].after.ns(), t, 0});
  }
  while (!due.empty()) {
    const auto next = std::min_element(due.begin(), due.end(), [](const Due& a, const Due& b) {
      return std::pair(a.at_ns, a.track) < std::pair(b.at_ns, b.track);
    });
    const Due now = *next;
    due.erase(next);
    const Track& track = experiment.tracks[now.track];
    policy::Promise promise;
    const Instant at = Instant::from_unix_ns(now.at_ns + round_trip_ns / 2 + shift);
    const policy::KeyIndex key = keys[track.key];
    bool allowed = true;
    if (fit.kind == Kind::concurrency) {
      std::erase_if(held[key], [&now](std::int64_t end) { return end <= now.at_ns; });
      allowed = static_cast<std::int64_t>(held[key].size()) < fit.limit;
      if (allowed) held[key].push_back(now.at_ns + fit.held_ns);
    } else {
      allowed = limiter->decide({key, 0, at, 1}, promise).allowed;
    }
    decided[now.track].push_back(allowed);
    ++(allowed ? admissions : denials)[now.track];
    const bool ends =
        (track.ends_after_denials > 0 && denials[now.track] >= track.ends_after_denials) ||
        (track.ends_after_admissions > 0 && admissions[now.track] >= track.ends_after_admissions);
    if (ends || now.step + 1 >= track.steps.size()) continue;
    const Step& step = track.steps[now.step + 1];
    const std::int64_t wait_ns = allowed ? round_trip_ns + fit.held_ns : round_trip_ns;
    due.push_back(
        {now.at_ns + step.after.ns() + (step.waits ? wait_ns : 0), now.track, now.step + 1});
  }
  return decided;
}

std::size_t differing(const std::vector<std::vector<bool>>& a,
                      const std::vector<std::vector<bool>>& b) {
  std::size_t found = 0;
  for (std::size_t t = 0; t < std::min(a.size(), b.size()); ++t) {
    const std::size_t both = std::min(a[t].size(), b[t].size());
    for (std::size_t i = 0; i < both; ++i) found += a[t][i] != b[t][i] ? 1 : 0;
    found += std::max(a[t].size(), b[t].size()) - both;
  }
  return found;
}

}  // namespace weir::probe
