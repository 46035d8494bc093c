#include "oracle/likeness.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "oracle/decision_times.hpp"
#include "oracle/held_answers.hpp"
#include "oracle/inconclusive.hpp"
#include "oracle/neighbours.hpp"
#include "oracle/other_keys.hpp"

namespace weir::oracle {
namespace {

/// So many observations say which neighbour it is like; all of them, whether it is.
constexpr std::size_t most_sampled = 1'500;
/// It explains clearly most where no more than such a part of the disagreements are left.
constexpr std::uint64_t clearly_most = 8;
/// Another key explains it where it leaves no more than such a part of the decisions open.
constexpr std::uint64_t most_open_part = 3;
constexpr std::array<int, 5> strides = {8, 4, 2, 1, 1};
constexpr int most_strides = 12;

/// The groups with the most disagreements.
Evidence sample_of(const Evidence& evidence, const Verification& found) {
  std::vector<std::pair<std::size_t, std::size_t>> by_wrong;
  for (std::size_t g = 0; g < evidence.groups.size(); ++g) {
    std::size_t wrong = 0;
    for (const std::uint32_t n : evidence.groups[g].observations) {
      const Mark mark = found.findings.marks[n];
      wrong += mark != Mark::agree && mark != Mark::undetermined ? 1U : 0U;
    }
    by_wrong.emplace_back(wrong, g);
  }
  std::stable_sort(by_wrong.begin(), by_wrong.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  Evidence sample = evidence;
  sample.groups.clear();
  std::size_t observations = 0;
  for (const auto& [wrong, g] : by_wrong) {
    if (observations >= most_sampled) break;
    observations += evidence.groups[g].observations.size();
    sample.groups.push_back(evidence.groups[g]);
  }
  return sample;
}

constexpr double open_counts = 0.2;
/// An answer that came late without having been held back is explained by a slow upstream at best.
constexpr double unexplained_delay = 0.8;

/// What a policy leaves unexplained; what it leaves open counts a little, since that explains
/// nothing.
double unexplained(const Findings& findings) {
  return static_cast<double>(findings.disagree) +
         open_counts * static_cast<double>(findings.undetermined);
}

/// How many admissions were answered much later than others, if the policy holds some back.
double held_back_in(const Evidence& sample) {
  constexpr Duration noise = Duration::from_ms(20);
  if (!would_hold_back(sample)) return 0.0;
  Duration prompt = Duration::max();
  for (const Observation& o : sample.observations) {
    if (o.allowed && o.is_known) prompt = std::min(prompt, o.received - o.sent);
  }
  double count = 0.0;
  for (const Group& group : sample.groups) {
    for (const std::uint32_t n : group.observations) {
      const Observation& o = sample.observations[n];
      count += o.allowed && o.is_known && o.received - o.sent - noise > prompt ? 1.0 : 0.0;
    }
  }
  return count;
}

/// The longest time among the parameters that differ from the original's; 0 if none does.
Duration longest_changed(const std::vector<policy::Limit>& limits,
                         const std::vector<policy::Limit>& original) {
  Duration longest;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const auto& before = original[i].variants[0].values();
    for (const auto& [name, value] : limits[i].variants[0].values()) {
      const auto* duration = std::get_if<Duration>(&value);
      const auto old = before.find(name);
      if (duration == nullptr || old == before.end() || old->second == value) continue;
      longest = std::max(longest, *duration);
    }
  }
  return longest;
}

class Search {
 public:
  Search(const Evidence& evidence, Evidence sample)
      : original_(evidence.limits), sample_(std::move(sample)), held_back_(held_back_in(sample_)) {}

  /// As if nothing had been late: what late decisions explain tells no neighbours apart.
  Findings findings(const std::vector<policy::Limit>& limits) {
    sample_.limits = limits;
    if (const auto prompt = verify_prompt(sample_)) return prompt->findings;
    return verify(sample_, Effort::quick).findings;
  }
  /// What a limit that holds nothing back says of answers that come late is nothing.
  double score(const std::vector<policy::Limit>& limits) {
    const double its = unexplained(findings(limits));
    return would_hold_back(sample_) ? its : its + unexplained_delay * held_back_;
  }

  /// The neighbour that explains the most, if any explains more than the policy.
  std::optional<Neighbour> best() {
    best_score_ = score(original_);
    for (Neighbour& neighbour : neighbours_of(original_)) consider(std::move(neighbour));
    if (!best_) return std::nullopt;
    for (const int stride : strides) {
      for (const int step : {stride, -stride}) {
        for (int n = 0; n < most_strides; ++n) {
          auto next = moved_on(*best_, original_, step);
          if (!next || !consider(std::move(*next))) break;
        }
      }
    }
    round_off();
    try_holding_back();
    return best_;
  }

 private:
  /// People choose round numbers: one that explains as much is likelier. Those windows lie where
  /// the clock says.
  void round_off() {
    constexpr double as_good = 1.05;
    for (Neighbour& neighbour : rounded(*best_, original_)) {
      const double its = score(neighbour.limits);
      if (its > best_score_ * as_good + 1.0) continue;
      best_score_ = its;
      best_ = std::move(neighbour);
      return;
    }
  }
  /// Limits that hold nothing back say nothing of answers that come late: one that explains those
  /// too says more.
  void try_holding_back() {
    sample_.limits = best_->limits;
    if (would_hold_back(sample_)) return;
    auto queue = held_back(*best_);
    if (!queue || findings(queue->limits).disagree > findings(best_->limits).disagree) return;
    best_ = std::move(*queue);
  }
  bool consider(Neighbour neighbour) {
    const ClockOffset range = sample_.offset;
    // Where windows of a length that is only nearly right lie says nothing of the gateway's clock.
    if (!neighbour.is_round) {
      sample_.offset = widened(range, longest_changed(neighbour.limits, original_));
    }
    const double its = score(neighbour.limits);
    sample_.offset = range;
    if (its >= best_score_) return false;
    best_score_ = its;
    best_ = std::move(neighbour);
    return true;
  }

  const std::vector<policy::Limit>& original_;
  Evidence sample_;
  double held_back_ = 0.0;
  std::optional<Neighbour> best_;
  double best_score_ = 0.0;
};

bool settles(const Verification& like) {
  return like.findings.disagree == 0 && !is_too_open(like.findings.undetermined, like.decisions());
}

Likeness likeness_of(std::string words, const Verification& like, bool explains_delays = true) {
  Likeness its{std::move(words), like.findings.disagree, explains_delays && settles(like),
               like.offset, std::nullopt};
  if (its.settles && like.depends_on_clock) its.judged_with = like.judged_with;
  return its;
}

/// A gateway that admits all, or nothing.
std::optional<Likeness> like_all_or_nothing(const Evidence& evidence) {
  for (Neighbour& neighbour : all_or_nothing(evidence.limits)) {
    Evidence as_that = evidence;
    as_that.limits = std::move(neighbour.limits);
    const Verification like = verify(as_that, Effort::quick);
    const Findings& findings = like.findings;
    if (findings.disagree == 0 && findings.undetermined * clearly_most <= like.decisions()) {
      return likeness_of(std::move(neighbour.words), like);
    }
  }
  return std::nullopt;
}

/// A gateway that goes by another key.
std::optional<Likeness> like_other_key(const Evidence& evidence, const Verification& found) {
  std::optional<Likeness> best;
  for (OtherKey& key : other_keys(evidence)) {
    const Verification like = verify(with_key(evidence, key), Effort::quick);
    const bool explains = like.findings.disagree * clearly_most <= found.findings.disagree &&
                          like.findings.undetermined * most_open_part <= like.decisions();
    if (!explains || (best && best->disagree <= like.findings.disagree)) continue;
    best = likeness_of(std::move(key.words), like);
  }
  return best;
}

/// A gateway that holds back what the policy lets through at once.
std::optional<Likeness> like_held(const Evidence& evidence, const Verification& found) {
  const auto held = find_held_answers(evidence);
  if (!held || !held->is_sure) return std::nullopt;
  const auto queue = held_back({evidence.limits, "", 0, ""}, held->at_once);
  if (!queue) return std::nullopt;
  Evidence as_that = evidence;
  as_that.limits = queue->limits;
  const Verification like = verify(as_that);
  if (like.findings.disagree * clearly_most > found.findings.disagree) return std::nullopt;
  return likeness_of(queue->words, like);
}

/// Whether the policy needs hardly any late decisions for what was found as if none were late.
bool explains_sooner(const Evidence& as_that, const Verification& found) {
  if (!found.is_prompt) return true;
  const auto prompt = verify_prompt(as_that);
  return prompt && prompt->findings.disagree * clearly_most <= found.findings.disagree;
}

/// The gateway's limits are near the policy's.
std::optional<Likeness> like_neighbour(const Evidence& evidence, const Verification& found) {
  const auto best = Search(evidence, sample_of(evidence, found)).best();
  if (!best) return std::nullopt;
  Evidence as_that = evidence;
  as_that.limits = best->limits;
  const Verification like = verify(as_that);
  if (like.findings.disagree * clearly_most > found.findings.disagree) return std::nullopt;
  // What holds nothing back does not explain answers that were.
  const bool explains_delays = !would_hold_back(evidence) || would_hold_back(as_that);
  return likeness_of(best->words, like, explains_delays && explains_sooner(as_that, found));
}

}  // namespace

std::optional<Likeness> find_likeness(const Evidence& evidence, const Verification& found) {
  if (found.findings.disagree == 0) return std::nullopt;
  // Others would be explained by late decisions as the policy is.
  if (found.is_prompt) return like_neighbour(evidence, found);
  if (auto simplest = like_all_or_nothing(evidence)) return simplest;
  if (auto held = like_held(evidence, found)) return held;
  auto other_key = like_other_key(evidence, found);
  if (other_key && other_key->settles) return other_key;
  auto neighbour = like_neighbour(evidence, found);
  if (!neighbour) return other_key;
  const bool is_better = !other_key || neighbour->disagree < other_key->disagree;
  return is_better ? neighbour : other_key;
}

std::optional<Verification> verify_by_its_clock(const Evidence& evidence,
                                                const Likeness& likeness) {
  if (!likeness.judged_with) return std::nullopt;
  Evidence at_that_time = evidence;
  at_that_time.offset = *likeness.judged_with;
  return verify(at_that_time);
}

}  // namespace weir::oracle
