#pragma once

#include <vector>

#include "oracle/observation.hpp"
#include "oracle/state_bank.hpp"

namespace weir::oracle {

/// One of the states that the keys of a group may be in, and how far it may be from the true one:
/// the same decisions at instants that differ by at most `radius` have led there.
struct Particle {
  Row row = 0;
  /// When it was last changed.
  Instant last = Instant::min();
  Duration radius;
};
using Particles = std::vector<Particle>;

/// What the states that were possible say of one observation.
struct Sight {
  /// Whether the observed outcome was possible; only just, if only by the margin.
  bool possible = false;
  bool only_just = false;
  /// Whether the other outcome was.
  bool other_possible = false;
  /// Whether an admission would have been held back for longer than the answer took, and whether
  /// the answer came no later than a little after it was let go.
  bool too_early = false;
  bool on_time = false;
  /// The decision was a denial, or admitted the last that fits.
  bool near_limit = false;
  /// By number, of several limits those that denied, or would deny the next.
  std::vector<bool> near_limits;
  /// What may have been told: of several limits by the one that denies, or has the least left.
  struct Range {
    bool known = false;
    std::int64_t least = 0;
    std::int64_t most = 0;

    void add(std::int64_t value);
    void add(const Range& other);
  };
  Range remaining, reset_after, retry_after;
  /// Of several limits, where answers tell of always the same one, or of one that denies.
  struct OfLimit {
    Range remaining, reset_after;
  };
  std::vector<OfLimit> of_limits;

  /// Adds what may have been told beside what may have been in another state.
  void add_told(const Sight& other);
};

/// A decision as it was observed: what was asked and said, when that was decided on the limiter's
/// clock, and when the answer came.
struct Decision {
  const Observation& observation;
  TimeSpan span;
  Instant answered;
  /// Not the decision itself, but the end of the request, when what it has really cost is charged.
  bool is_end = false;
  /// Where the ticks of the limiter's clock are known: when it was decided if they are elsewhere.
  TimeSpan wide = {};
};

/// Follows what the limits' states may be through observed decisions: a set of states that encloses
/// the true one.
///
/// A decision is tried at the ends of the time in which it was made, at the limiter's ticks in it
/// or a few instants between, and at every instant where the outcome flips. That leaves the true
/// state within `radius` of one of those kept, since a limiter that decides the same at instants at
/// most so far apart ends in states that are no further apart.
class Belief {
 public:
  /// Never more particles than these: those nearest to each other become one.
  static constexpr std::size_t most_particles = 48;

  Belief(StateBank& bank, const Uncertainty& uncertainty, Duration tick)
      : bank_(bank), uncertainty_(uncertainty), tick_(tick) {}

  /// The states after the observation, added to `into`; those before it stay.
  void step(const Particles& from, const Decision& decision, Sight& sight, Particles& into);
  /// The states after one that none of them explains: those nearest to explaining it.
  void force(const Particles& from, const Decision& decision, Particles& into);
  /// Adds a state that may be there already.
  void add(const Particle& child, Particles& into);
  /// Makes few of many.
  void reduce(Particles& particles, Instant at);
  /// Whether the states kept surely enclose the true one. They may not once some have been left
  /// out: those between two others need not be like them.
  bool encloses() const { return encloses_; }
  /// Another group begins.
  void begin() {
    encloses_ = true;
    widest_ = Duration();
  }
  void release(Particles& particles);
  Particle copy(const Particle& particle) {
    return {bank_.copy(particle.row), particle.last, particle.radius};
  }

 private:
  struct Probe {
    Instant at;
    bool fits = false;
    bool is_inside = false;
  };

  bool try_particle(const Particle& particle, Decision decision, Duration beyond, std::size_t crowd,
                    Sight& sight, Particles& into);
  /// Whether the observed outcome would come of a decision at that instant.
  bool fits(const Particle& particle, const Decision& decision, Instant at, Sight& sight);
  static bool fits_with_holders(const limiter::Verdict& verdict, const Observation& observation,
                                Sight& sight);
  void probe(const Particle& particle, const Decision& decision, Duration beyond, std::size_t crowd,
             Sight& sight);
  void add_instants(TimeSpan span, std::size_t crowd);
  void probe_ticks(const Particle& particle, const Decision& decision, Sight& sight);
  void find_flips(const Particle& particle, const Decision& decision, Sight& sight);
  void add_children(const Particle& particle, const Decision& decision, Sight& sight,
                    Particles& into);
  Particle child_of(const Particle& particle, const Decision& decision, Instant at, Sight& sight);
  void look(const Particle& child, const Decision& decision, Instant at, Sight& sight);
  void look_at_quotas(Row row, const Observation& observation, Instant at, Sight& sight) const;
  void look_at_waits(Row row, const Observation& observation, Instant at, Sight& sight) const;

  StateBank& bank_;
  const Uncertainty& uncertainty_;
  Duration tick_;
  Duration widest_;
  bool encloses_ = true;
  Duration spacing_;
  /// Whether only the ticks of the limiter's clock are tried.
  bool on_ticks_ = false;
  std::vector<Probe> probes_;
  std::vector<Probe> found_;
  Particles children_;
};

}  // namespace weir::oracle
