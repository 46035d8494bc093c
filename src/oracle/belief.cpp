#include "oracle/belief.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "core/int128.hpp"

namespace weir::oracle {
namespace {

/// At most so many ticks are tried one by one.
constexpr std::int64_t most_ticks = 24;
/// With fewer states than these, more instants are tried for each.
constexpr std::size_t few = 4;
constexpr std::size_t several = 12;

/// States that decisions at less certain instants led to are too different to stand for others.
constexpr Duration widest_merged = Duration::from_ms(10);

/// A guess at how much a gateway that denies what fits has counted more.
constexpr int most_phantoms = 256;

void look_at_quota(const limiter::AdvertisedQuota& quota, auto& told) {
  if (quota.remaining) told.remaining.add(*quota.remaining);
  if (quota.reset_after) told.reset_after.add(quota.reset_after->ns());
}

}  // namespace

void Sight::Range::add(std::int64_t value) {
  least = known ? std::min(least, value) : value;
  most = known ? std::max(most, value) : value;
  known = true;
}

void Sight::Range::add(const Range& other) {
  if (!other.known) return;
  add(other.least);
  add(other.most);
}

void Sight::add_told(const Sight& other) {
  remaining.add(other.remaining);
  reset_after.add(other.reset_after);
  retry_after.add(other.retry_after);
  of_limits.resize(std::max(of_limits.size(), other.of_limits.size()));
  for (std::size_t l = 0; l < other.of_limits.size(); ++l) {
    of_limits[l].remaining.add(other.of_limits[l].remaining);
    of_limits[l].reset_after.add(other.of_limits[l].reset_after);
  }
}

void Belief::release(Particles& particles) {
  for (const Particle& particle : particles) bank_.release(particle.row);
  particles.clear();
}

void Belief::step(const Particles& from, const Decision& decision, Sight& sight, Particles& into) {
  widest_ = std::max(widest_, decision.span.width());
  bool possible = false;
  const std::int64_t tick = uncertainty_.tick.ns();
  on_ticks_ = tick > 0 && decision.span.width().ns() / tick <= most_ticks;
  for (const Particle& particle : from) {
    possible |= try_particle(particle, decision, Duration(), from.size(), sight, into);
  }
  on_ticks_ = false;
  if (!possible) {
    Decision wide = decision;
    if (tick > 0) wide.span = decision.wide;
    for (const Particle& particle : from) {
      const Duration beyond = uncertainty_.margin + particle.radius;
      possible |= try_particle(particle, wide, beyond, from.size(), sight, into);
    }
    sight.only_just |= possible;
  }
  sight.possible |= possible;
}

bool Belief::try_particle(const Particle& particle, Decision decision, Duration beyond,
                          std::size_t crowd, Sight& sight, Particles& into) {
  // The order of a key's decisions is known: none is before the one that led to this state.
  if (particle.last > decision.span.to + particle.radius + beyond) return false;
  if (on_ticks_) {
    probe_ticks(particle, decision, sight);
  } else {
    decision.span.from = std::max(decision.span.from, particle.last);
    decision.span.to = std::max(decision.span.to, particle.last);
    probe(particle, decision, beyond, crowd, sight);
  }
  const bool possible =
      std::any_of(probes_.begin(), probes_.end(), [](const Probe& p) { return p.fits; });
  if (possible) add_children(particle, decision, sight, into);
  return possible;
}

bool Belief::fits(const Particle& particle, const Decision& decision, Instant at, Sight& sight) {
  if (decision.is_end) return sight.on_time = true;
  limiter::Verdict verdict = bank_.check(particle.row, decision.observation, at);
  if (decision.observation.holders != Observation::Holders::admit) {
    return fits_with_holders(verdict, decision.observation, sight);
  }
  if (verdict.allowed != decision.observation.allowed) {
    sight.other_possible = true;
    return false;
  }
  if (!verdict.allowed || verdict.delay == Duration()) {
    sight.on_time = true;
    return true;
  }
  const Instant latest_answer =
      decision.answered + uncertainty_.most_offset + uncertainty_.ahead + particle.radius;
  if (at + verdict.delay > latest_answer + uncertainty_.margin) {
    sight.too_early = true;
    return false;
  }
  const Instant let_go = at + verdict.delay;
  const Instant answered = decision.answered + uncertainty_.least_offset - uncertainty_.behind;
  sight.on_time |= answered - let_go <= uncertainty_.late_after;
  return true;
}

// What holds requests back from the outside makes no delays.
bool Belief::fits_with_holders(const limiter::Verdict& verdict, const Observation& observation,
                               Sight& sight) {
  const bool may_admit = verdict.allowed && observation.holders == Observation::Holders::either;
  sight.other_possible |= observation.allowed || may_admit;
  const bool fits = !observation.allowed || may_admit;
  sight.on_time |= fits;
  return fits;
}

void Belief::add_instants(TimeSpan span, std::size_t crowd) {
  probes_.push_back({span.from, false, true});
  spacing_ = Duration();
  if (span.to == span.from) return;
  const std::int64_t tick = tick_.ns();
  const std::int64_t width = span.width().ns();
  if (tick > 1 && width / tick <= most_ticks) {
    std::int64_t next = (floor_div(span.from.unix_ns(), tick) + 1) * tick;
    for (; next < span.to.unix_ns(); next += tick) {
      probes_.push_back({Instant::from_unix_ns(next), false, true});
    }
  } else {
    const std::int64_t parts = crowd <= few ? 8 : crowd <= several ? 4 : 2;
    for (std::int64_t i = 1; i < parts; ++i) {
      probes_.push_back({span.from + Duration::from_ns(width / parts * i), false, true});
    }
    spacing_ = Duration::from_ns(width / parts + 1);
  }
  probes_.push_back({span.to, false, true});
}

void Belief::probe_ticks(const Particle& particle, const Decision& decision, Sight& sight) {
  probes_.clear();
  spacing_ = Duration();
  for (Instant at = decision.span.from; at <= decision.span.to; at = at + uncertainty_.tick) {
    if (at >= particle.last) probes_.push_back({at, fits(particle, decision, at, sight), true});
  }
}

void Belief::probe(const Particle& particle, const Decision& decision, Duration beyond,
                   std::size_t crowd, Sight& sight) {
  probes_.clear();
  const Duration wider = particle.radius + beyond;
  const TimeSpan span = decision.span;
  const Instant earliest = std::max(span.from - wider, particle.last);
  if (earliest < span.from) probes_.push_back({earliest, false, false});
  add_instants(span, crowd);
  if (wider > Duration()) probes_.push_back({span.to + wider, false, false});
  // What only the margin makes possible is no possibility of the other outcome.
  Sight ignored;
  Sight& seen = beyond == Duration() ? sight : ignored;
  for (Probe& probe : probes_) probe.fits = fits(particle, decision, probe.at, seen);
  find_flips(particle, decision, seen);
}

// Between two probes of which one fits, the last or first instant that does.
void Belief::find_flips(const Particle& particle, const Decision& decision, Sight& sight) {
  found_.clear();
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    if (i > 0 && probes_[i - 1].fits != probes_[i].fits) {
      Instant low = probes_[i - 1].at;
      Instant high = probes_[i].at;
      const bool low_fits = probes_[i - 1].fits;
      while ((high - low).ns() > 1) {
        const Instant middle = low + Duration::from_ns((high - low).ns() / 2);
        (fits(particle, decision, middle, sight) == low_fits ? low : high) = middle;
      }
      found_.push_back({low_fits ? low : high, true, true});
    }
    found_.push_back(probes_[i]);
  }
  std::swap(found_, probes_);
}

Particle Belief::child_of(const Particle& particle, const Decision& decision, Instant at,
                          Sight& sight) {
  Particle child{bank_.copy(particle.row), at, particle.radius};
  if (decision.is_end) {
    bank_.settle(child.row, decision.observation, at);
    return child;
  }
  bank_.check(child.row, decision.observation, at);
  bank_.charge(child.row, decision.observation.allowed);
  look(child, decision, at, sight);
  return child;
}

void Belief::look(const Particle& child, const Decision& decision, Instant at, Sight& sight) {
  const Observation& observation = decision.observation;
  const Told& told = observation.told;
  if (bank_.tells()) {
    if (told.remaining || told.reset_after) {
      // The true state may be nearer to having more or less left.
      const Duration off = child.radius * 2;
      look_at_quotas(child.row, observation, at, sight);
      if (off > Duration()) {
        look_at_quotas(child.row, observation, at + off, sight);
        look_at_quotas(child.row, observation, at - off, sight);
      }
    }
    if (told.retry_after && !observation.allowed) {
      look_at_waits(child.row, observation, at, sight);
    }
  }
  if (bank_.limits() > 1) {
    sight.near_limits.resize(bank_.limits());
    for (const LimitAsk& ask : observation.asks) {
      if (bank_.denies(child.row, ask, at)) sight.near_limits[bank_.limit_of(ask)] = true;
    }
  }
  sight.near_limit |= !observation.allowed || !bank_.check(child.row, observation, at).allowed;
}

// Of those that have equally little left any may be told.
void Belief::look_at_quotas(Row row, const Observation& observation, Instant at,
                            Sight& sight) const {
  if (bank_.limits() == 1) {
    look_at_quota(bank_.told_quota(row, observation.asks[0], at), sight);
    return;
  }
  using Tightness = std::pair<bool, std::int64_t>;
  std::vector<std::pair<Tightness, limiter::AdvertisedQuota>> told;
  sight.of_limits.resize(bank_.limits());
  const bool is_only_one = observation.asks.size() == 1;
  for (const LimitAsk& ask : observation.asks) {
    if (!bank_.enforces(ask)) continue;
    const limiter::AdvertisedQuota quota = bank_.told_quota(row, ask, at);
    const bool denies = !observation.allowed && bank_.denies(row, ask, at);
    told.emplace_back(Tightness(!denies, quota.remaining.value_or(0)), quota);
    look_at_quota(quota, sight.of_limits[bank_.limit_of(ask)]);
    if (!denies && !is_only_one) continue;
    for (Sight::OfLimit& limit : sight.of_limits) look_at_quota(quota, limit);
  }
  Tightness tightest{true, std::numeric_limits<std::int64_t>::max()};
  for (const auto& [tightness, quota] : told) tightest = std::min(tightest, tightness);
  for (const auto& [tightness, quota] : told) {
    if (tightness == tightest) look_at_quota(quota, sight);
  }
}

// Only after the longest of their waits do all that deny admit.
void Belief::look_at_waits(Row row, const Observation& observation, Instant at,
                           Sight& sight) const {
  std::optional<Duration> longest;
  for (const LimitAsk& ask : observation.asks) {
    if (bank_.limits() > 1 && !bank_.denies(row, ask, at)) continue;
    const auto wait = bank_.told_wait(row, ask, at);
    if (!wait) return;
    longest = std::max(longest.value_or(Duration()), *wait);
  }
  if (longest) sight.retry_after.add(longest->ns());
}

// Where the first and the last instant lead to one state, so do those between. What the instants
// lead to otherwise is all kept; where too many would be, the middle stands for those between.
void Belief::add_children(const Particle& particle, const Decision& decision, Sight& sight,
                          Particles& into) {
  const bool as_new =
      !decision.is_end && bank_.is_as_new(particle.row, decision.observation, decision.span.from);
  children_.clear();
  const Probe* last = nullptr;
  for (const Probe& probe : probes_) {
    if (!probe.fits || !probe.is_inside) continue;
    last = &probe;
  }
  if (last == nullptr) return;
  for (const Probe& probe : probes_) {
    if (!probe.fits || !probe.is_inside) continue;
    if (!children_.empty() && probe.at == children_.back().last) continue;
    const Particle child = child_of(particle, decision, probe.at, sight);
    if (!children_.empty() && bank_.same(children_.back().row, child.row)) {
      bank_.release(child.row);
      continue;
    }
    children_.push_back(child);
    if (children_.size() > 1 || &probe == last) continue;
    const Particle end = child_of(particle, decision, last->at, sight);
    const bool all_same = bank_.same(end.row, child.row);
    const bool all_equal = all_same || bank_.equivalent(end.row, child.row, last->at);
    bank_.release(end.row);
    if (all_equal && !all_same) {
      children_[0].radius = std::max(children_[0].radius, StateBank::rounding);
    }
    if (all_equal) break;
  }
  const bool varies = children_.size() > 1;
  for (Particle& child : children_) {
    if (varies) child.radius = std::max(as_new ? Duration() : particle.radius, spacing_);
    add(child, into);
  }
}

void Belief::add(const Particle& child, Particles& into) {
  for (Particle& other : into) {
    if (!bank_.same(other.row, child.row)) continue;
    other.last = std::min(other.last, child.last);
    other.radius = std::max(other.radius, child.radius);
    bank_.release(child.row);
    return;
  }
  into.push_back(child);
}

void Belief::force(const Particles& from, const Decision& decision, Particles& into) {
  constexpr std::size_t most_forced = 4;
  const Observation& observation = decision.observation;
  for (std::size_t i = 0; i < std::min(from.size(), most_forced); ++i) {
    Particle particle = from[i];
    particle.last = std::max(particle.last, decision.span.to);
    if (decision.is_end) {
      Particle ended = particle;
      ended.row = bank_.copy(particle.row);
      bank_.settle(ended.row, observation, ended.last);
      add(ended, into);
      continue;
    }
    // As it is ...
    Particle kept = particle;
    kept.row = bank_.copy(particle.row);
    if (!observation.allowed) {
      bank_.check(kept.row, observation, kept.last);
      bank_.charge(kept.row, false);
    }
    // ... and as if it had counted otherwise so far.
    Particle other = particle;
    other.row = bank_.copy(particle.row);
    if (observation.allowed) bank_.charge_anyway(other.row, observation, other.last);
    for (int n = 0; !observation.allowed && n < most_phantoms; ++n) {
      if (!bank_.check(other.row, observation, other.last).allowed) break;
      bank_.charge(other.row, true);
    }
    add(kept, into);
    add(other, into);
    if (observation.allowed) continue;
    // A denial that has been counted as an admission.
    Particle counted = particle;
    counted.row = bank_.copy(particle.row);
    bank_.charge_anyway(counted.row, observation, counted.last);
    add(counted, into);
  }
}

// Particles that say the same of what is left, and differ only in when it is back, enclose those
// between them.
void Belief::reduce(Particles& particles, Instant at) {
  if (particles.size() <= most_particles) return;
  struct Extremes {
    std::size_t first = 0;
    std::size_t last = 0;
    Duration radius;
  };
  std::vector<std::int64_t> resets(particles.size());
  std::map<std::vector<std::int64_t>, Extremes> classes;
  for (std::size_t i = 0; i < particles.size(); ++i) {
    std::vector<std::int64_t> left;
    for (std::uint32_t e = 0; e < bank_.entries(); ++e) {
      const policy::Quota quota = bank_.quota(particles[i].row, e, at);
      left.push_back(quota.remaining);
      if (quota.reset_after == Duration::max()) continue;
      resets[i] += quota.reset_after.ns() / 2;
    }
    const auto [found, is_new] = classes.try_emplace(left, Extremes{i, i, {}});
    Extremes& extremes = found->second;
    if (resets[i] < resets[extremes.first]) extremes.first = i;
    if (resets[i] > resets[extremes.last]) extremes.last = i;
    extremes.radius = std::max(extremes.radius, particles[i].radius);
  }
  Particles kept;
  std::vector<bool> stays(particles.size());
  for (const auto& [left, extremes] : classes) {
    for (const std::size_t i : {extremes.first, extremes.last}) {
      if (stays[i]) continue;
      stays[i] = true;
      Particle particle = particles[i];
      particle.radius = std::max(extremes.radius, widest_);
      kept.push_back(particle);
    }
  }
  for (std::size_t i = 0; i < particles.size(); ++i) {
    if (!stays[i]) bank_.release(particles[i].row);
  }
  particles = std::move(kept);
  if (bank_.counts_by_segment() || widest_ > widest_merged) encloses_ = false;
  while (particles.size() > most_particles) {
    encloses_ = false;
    bank_.release(particles.back().row);
    particles.pop_back();
  }
}

}  // namespace weir::oracle
