#include "oracle/held_answers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "oracle/pace.hpp"

namespace weir::oracle {
namespace {

/// In intervals of the rate at which a key's requests are let through.
struct Admission {
  std::uint32_t number = 0;
  /// How long its answer took, and how long a queue of that rate would have held it back.
  double took = 0.0;
  double waits = 0.0;
};

/// Fewer that were held back show nothing.
constexpr std::size_t fewest_held = 20;
/// A part of an interval that is noise to what queues do.
constexpr double noise = 0.25;
/// An upstream of the policy's rate takes a whole interval for each of its requests, or longer.
constexpr double soonest_of_upstream = 0.5;
/// A queue lets go of requests when it said, and those that need not wait do not; what keys share
/// behind a gateway only does so on average.
constexpr double tight = 0.125;
constexpr double least_tight = 0.9;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double interval_ns(const policy::Limit& limit, policy::VariantIndex variant) {
  policy::Limit one = limit;
  one.variants = {limit.variants[variant]};
  const auto pace = pace_of(one);
  return pace && pace->rate.units > 0 ? 1e9 / per_second(pace->rate) : 0.0;
}

/// A queue's answers come in the order in which it let go of the requests.
void add_admissions(const Evidence& evidence, const Group& group, double interval,
                    std::vector<Admission>& into) {
  std::vector<std::uint32_t> order;
  for (const std::uint32_t n : group.observations) {
    const Observation& o = evidence.observations[n];
    if (o.allowed && o.is_known) order.push_back(n);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return evidence.observations[a].received < evidence.observations[b].received;
  });
  double free_at = -std::numeric_limits<double>::infinity();
  for (const std::uint32_t n : order) {
    const Observation& o = evidence.observations[n];
    const double sent = static_cast<double>((o.sent - evidence.environment.start).ns()) / interval;
    const double took = static_cast<double>((o.received - o.sent).ns()) / interval;
    const double let_go = std::max(sent, free_at);
    into.push_back({n, took, let_go - sent});
    free_at = let_go + static_cast<double>(o.asks[0].cost);
  }
}

std::vector<Admission> admissions_of(const Evidence& evidence, policy::VariantIndex variant) {
  std::vector<Admission> admissions;
  const double interval = interval_ns(evidence.limits[0], variant);
  if (interval <= 0.0) return admissions;
  for (const Group& group : evidence.groups) {
    if (group.entries.empty() || group.entries[0].variant != variant) continue;
    add_admissions(evidence, group, interval, admissions);
  }
  return admissions;
}

/// Those that were answered late tell from which request on they are held back.
std::optional<double> let_through_at_once(const std::vector<Admission>& admissions,
                                          double quickest) {
  std::vector<double> earlier;
  for (const Admission& a : admissions) {
    if (a.took - quickest > noise && a.waits > noise)
      earlier.push_back(a.waits - a.took + quickest);
  }
  if (earlier.size() < fewest_held) return std::nullopt;
  return std::max(std::round(median(std::move(earlier))), 0.0);
}

/// Whether answers take longer by just what the requests wait, but for a few that were stalled.
bool follows_waits(std::vector<Admission> held, double quickest) {
  constexpr double kept = 0.97;
  constexpr double least_explained = 0.9;
  constexpr double slope_off = 0.1;
  const auto off = [&](const Admission& a) { return std::abs(a.took - quickest - a.waits); };
  std::sort(held.begin(), held.end(),
            [&](const Admission& a, const Admission& b) { return off(a) < off(b); });
  held.resize(static_cast<std::size_t>(static_cast<double>(held.size()) * kept));
  const auto n = static_cast<double>(held.size());
  double waits = 0.0;
  double took = 0.0;
  for (const Admission& a : held) {
    waits += a.waits / n;
    took += a.took / n;
  }
  double of_waits = 0.0;
  double of_took = 0.0;
  double of_both = 0.0;
  for (const Admission& a : held) {
    of_waits += (a.waits - waits) * (a.waits - waits);
    of_took += (a.took - took) * (a.took - took);
    of_both += (a.waits - waits) * (a.took - took);
  }
  if (of_waits <= 0.0 || of_took <= 0.0) return false;
  return std::abs(of_both / of_waits - 1.0) <= slope_off &&
         of_both * of_both >= least_explained * of_waits * of_took;
}

/// Whether nearly all took as long as the queue says, and the same beyond that, to a small part of
/// an interval.
bool are_tight(const std::vector<Admission>& admissions, double beyond) {
  const auto close = std::count_if(admissions.begin(), admissions.end(), [&](const Admission& a) {
    return std::abs(a.took - beyond - std::max(a.waits, 0.0)) <= tight;
  });
  return static_cast<double>(close) >= least_tight * static_cast<double>(admissions.size());
}

double usual_beyond(const std::vector<Admission>& held) {
  std::vector<double> beyond;
  for (const Admission& a : held) beyond.push_back(a.took - a.waits);
  return median(std::move(beyond));
}

/// Those of one row of the limit's tables.
std::optional<HeldAnswers> held_among(std::vector<Admission> admissions) {
  if (admissions.size() < fewest_held) return std::nullopt;
  const double quickest =
      std::min_element(admissions.begin(), admissions.end(), [](const auto& a, const auto& b) {
        return a.took < b.took;
      })->took;
  const auto at_once = let_through_at_once(admissions, quickest);
  if (!at_once) return std::nullopt;
  std::vector<Admission> held;
  std::vector<Admission> let_through;
  for (Admission a : admissions) {
    a.waits -= *at_once;
    (a.waits > 0.0 ? held : let_through).push_back(a);
  }
  if (held.size() < fewest_held || !follows_waits(held, quickest)) return std::nullopt;
  HeldAnswers found;
  found.at_once = std::llround(*at_once);
  const double beyond = usual_beyond(held);
  found.is_sure =
      beyond < soonest_of_upstream && are_tight(held, beyond) && are_tight(let_through, beyond);
  for (const Admission& a : held) {
    if (a.waits > noise && a.took - quickest > a.waits / 2) found.held.push_back(a.number);
  }
  return found;
}

}  // namespace

std::optional<HeldAnswers> find_held_answers(const Evidence& evidence) {
  if (evidence.limits.size() != 1 || !evidence.limits[0].spec.enforce) return std::nullopt;
  if (would_hold_back(evidence)) return std::nullopt;
  std::optional<HeldAnswers> found;
  for (policy::VariantIndex v = 0; v < evidence.limits[0].variants.size(); ++v) {
    auto held = held_among(admissions_of(evidence, v));
    if (!held) continue;
    if (!found || (held->is_sure && !found->is_sure)) {
      found = std::move(held);
    } else if (held->is_sure == found->is_sure) {
      found->held.insert(found->held.end(), held->held.begin(), held->held.end());
    }
  }
  return found;
}

void count_held(const HeldAnswers& answers, Findings& findings) {
  for (const std::uint32_t n : answers.held) {
    Mark& mark = findings.marks[n];
    if (mark != Mark::agree && mark != Mark::undetermined) continue;
    --(mark == Mark::agree ? findings.agree : findings.undetermined);
    mark = Mark::delay_too_long;
    ++findings.delays_too_long;
    ++findings.disagree;
  }
}

}  // namespace weir::oracle
