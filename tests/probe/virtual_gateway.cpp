#include "probe/virtual_gateway.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <queue>

#include "conformance/settings.hpp"
#include "limiter/catalogue.hpp"

namespace weir::probe {

/// A request that is due, arrives at the gateway, ends there, or is answered.
struct VirtualGateway::Happening {
  enum class What { due, arrives, ends, answered };
  Instant at;
  std::uint64_t order = 0;
  What what = What::due;
  std::uint32_t track = 0;
  std::uint32_t step = 0;
  std::size_t sighting = 0;
  Instant started;

  bool operator>(const Happening& other) const {
    return std::pair(at, order) > std::pair(other.at, other.order);
  }
};

struct VirtualGateway::Running {
  const Experiment& experiment;
  std::vector<Sighting> sightings = {};
  std::priority_queue<Happening, std::vector<Happening>, std::greater<>> queue = {};
  std::uint64_t order = 0;
  std::vector<std::uint32_t> denials = {}, admissions = {};
  std::vector<bool> ended = {};

  void add(Happening happening) {
    happening.order = order++;
    queue.push(happening);
  }
};

VirtualGateway::VirtualGateway(VirtualSetup setup)
    : setup_(std::move(setup)), draws_(RandomStream(setup_.seed).named("virtual gateway")) {
  begin_ = Instant::from_unix_seconds(1'800'000'000) +
           Duration::from_us(static_cast<std::int64_t>(draws_.below(50'000'000)));
  now_ = begin_;
  for (const std::string& words : setup_.limits) {
    const std::size_t space = std::min(words.find(' '), words.size());
    const auto* info = limiter::find_algorithm(words.substr(0, space));
    const auto parameters = limiter::parameters_of(*info, words.substr(space));
    EXPECT_TRUE(parameters) << words << ": " << (parameters ? "" : parameters.error());
    auto made = policy::make_keyed_limiter(info->id, std::vector{*parameters}, {});
    EXPECT_TRUE(made) << words;
    limiters_.push_back(std::move(*made));
    limiters_.back()->reset(4'096);
  }
}

Duration VirtualGateway::leg() {
  const auto ns = static_cast<double>(setup_.leg.ns());
  return Duration::from_ns(static_cast<std::int64_t>(ns / 2 - ns / 2 * std::log(draws_.uniform())));
}

policy::KeyIndex VirtualGateway::key_of(const KeyNumbers& numbers) {
  KeyNumbers key;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (setup_.keyed_by[i]) key.push_back(numbers[i]);
  }
  return keys_.try_emplace(key, static_cast<policy::KeyIndex>(keys_.size())).first->second;
}

void VirtualGateway::decide(Running& running, const Happening& happening) {
  const Track& track = running.experiment.tracks[happening.track];
  const Instant clock = happening.at + setup_.clock_offset;
  const policy::Charge charge{key_of(track.key), 0, clock, 1};
  bool allowed = true;
  Duration delay;
  for (const auto& limiter : limiters_) {
    const auto verdict = limiter->check(charge);
    allowed &= verdict.allowed;
    delay = std::max(delay, verdict.delay);
  }
  for (const auto& limiter : limiters_) {
    allowed ? limiter->charge(charge) : limiter->charge_denied(charge);
  }
  Sighting& sighting = running.sightings[happening.sighting];
  sighting.allowed = allowed;
  sighting.status = allowed ? 200 : 429;
  const Instant over = happening.at + (allowed ? delay + setup_.service : Duration());
  if (allowed) {
    running.add({over, 0, Happening::What::ends, happening.track, happening.step,
                 happening.sighting, clock});
  }
  running.add({over + leg(), 0, Happening::What::answered, happening.track, happening.step,
               happening.sighting, clock});
}

std::vector<Sighting> VirtualGateway::run(const Experiment& experiment) {
  Running running{experiment};
  const std::size_t tracks = experiment.tracks.size();
  running.denials.resize(tracks);
  running.admissions.resize(tracks);
  running.ended.resize(tracks);
  const auto schedule = [&running, &experiment](std::uint32_t t, std::uint32_t s, Instant from) {
    if (s >= experiment.tracks[t].steps.size()) return;
    running.add({from + experiment.tracks[t].steps[s].after, 0, Happening::What::due, t, s, 0, {}});
  };
  for (std::uint32_t t = 0; t < tracks; ++t) {
    schedule(t, 0, std::max(now_, experiment.tracks[t].not_before.value_or(now_)));
  }
  const Instant last = begin_ + setup_.budget.max_time;
  while (!running.queue.empty()) {
    const Happening happening = running.queue.top();
    running.queue.pop();
    now_ = std::max(now_, happening.at);
    const Track& track = experiment.tracks[happening.track];
    const std::uint32_t next = happening.step + 1;
    switch (happening.what) {
      case Happening::What::due: {
        if (running.ended[happening.track] || stop_ != Stop::none) break;
        if (used_ >= setup_.budget.max_requests) stop_ = Stop::requests;
        if (happening.at > last) stop_ = Stop::time;
        if (stop_ != Stop::none) break;
        // Never more than so many within a second: what would be too early waits.
        const std::size_t most = setup_.budget.max_per_second;
        if (sent_.size() >= most &&
            sent_[sent_.size() - most] + Duration::from_seconds(1) > happening.at) {
          Happening later = happening;
          later.at = sent_[sent_.size() - most] + Duration::from_seconds(1);
          running.add(later);
          break;
        }
        ++used_;
        sent_.push_back(happening.at);
        Sighting sighting;
        sighting.track = happening.track;
        sighting.step = happening.step;
        sighting.sent = happening.at;
        running.sightings.push_back(sighting);
        running.add({happening.at + leg(),
                     0,
                     Happening::What::arrives,
                     happening.track,
                     happening.step,
                     running.sightings.size() - 1,
                     {}});
        if (next < track.steps.size() && !track.steps[next].waits) {
          schedule(happening.track, next, happening.at);
        }
        break;
      }
      case Happening::What::arrives:
        decide(running, happening);
        break;
      case Happening::What::ends:
        for (const auto& limiter : limiters_) {
          if (!limiter->holds_until_end()) continue;
          limiter->complete({key_of(track.key), 0, happening.at + setup_.clock_offset, 1},
                            happening.started, false);
        }
        break;
      case Happening::What::answered: {
        Sighting& sighting = running.sightings[happening.sighting];
        sighting.received = sighting.ended = happening.at;
        ++(sighting.allowed ? running.admissions : running.denials)[happening.track];
        const auto reached = [](std::uint32_t end, std::uint32_t count) {
          return end > 0 && count >= end;
        };
        if (reached(track.ends_after_denials, running.denials[happening.track]) ||
            reached(track.ends_after_admissions, running.admissions[happening.track])) {
          running.ended[happening.track] = true;
        }
        if (next < track.steps.size() && track.steps[next].waits) {
          schedule(happening.track, next, happening.at);
        }
        break;
      }
    }
  }
  return running.sightings;
}

std::uint64_t VirtualGateway::most_in_a_second() const {
  std::uint64_t most = 0;
  for (std::size_t from = 0, to = 0; to < sent_.size(); ++to) {
    while (sent_[to] - sent_[from] >= Duration::from_seconds(1)) ++from;
    most = std::max<std::uint64_t>(most, to - from + 1);
  }
  return most;
}

}  // namespace weir::probe
