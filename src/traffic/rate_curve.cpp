#include "traffic/rate_curve.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/math.hpp"

namespace weir::traffic {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();
constexpr double two_pi = 6.283185307179586;

double per_ns(const Rate& rate) {
  return static_cast<double>(rate.units) / static_cast<double>(rate.per.ns());
}

double ns_of(Duration d) { return static_cast<double>(d.ns()); }

}  // namespace

RateCurve::RateCurve(const RateProfile& profile) {
  if (const auto* rate = std::get_if<Rate>(&profile)) {
    add_piece(0.0, per_ns(*rate), 0.0);
  } else if (const auto* steps = std::get_if<StepProfile>(&profile)) {
    for (const auto& [begin, rate_then] : steps->steps) {
      add_piece(ns_of(begin), per_ns(rate_then), 0.0);
    }
  } else if (const auto* ramp = std::get_if<RampProfile>(&profile)) {
    const double first = per_ns(ramp->from), last = per_ns(ramp->to), over = ns_of(ramp->over);
    add_piece(0.0, first, (last - first) / over);
    add_piece(over, last, 0.0);
  } else if (const auto* sine = std::get_if<SineProfile>(&profile)) {
    sine_ = true;
    sine_values_ = {per_ns(sine->mean), per_ns(sine->amplitude), ns_of(sine->period)};
  }
}

void RateCurve::add_piece(double begin, double rate, double slope) {
  const double before = pieces_.empty() ? 0.0 : units_at(begin);
  pieces_.push_back({begin, before, rate, slope});
}

double RateCurve::units_at(double ns) const {
  if (sine_) return sine_units(ns);
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), ns,
                                      [](double t, const Piece& p) { return t < p.begin; });
  const Piece& p = after == pieces_.begin() ? *after : *(after - 1);
  const double t = ns - p.begin;
  return p.units_before + t * (p.rate + 0.5 * p.slope * t);
}

double RateCurve::time_of(double units) {
  if (sine_) return sine_time(units);
  if (units < pieces_[current_].units_before) current_ = 0;
  while (current_ + 1 < pieces_.size() && pieces_[current_ + 1].units_before <= units) ++current_;
  const Piece& p = pieces_[current_];
  const double wanted = units - p.units_before;
  if (p.slope == 0.0 && p.rate == 0.0) return never;
  if (wanted <= 0.0) return p.begin;
  if (p.slope == 0.0) return p.begin + wanted / p.rate;
  // rate t + slope t^2 / 2 = wanted, in the form that does not cancel.
  const double root = std::sqrt(std::max(0.0, p.rate * p.rate + 2.0 * p.slope * wanted));
  const double t = p.begin + 2.0 * wanted / (p.rate + root);
  const bool has_next = current_ + 1 < pieces_.size();
  return has_next ? std::min(t, pieces_[current_ + 1].begin) : t;
}

double RateCurve::sine_units(double ns) const {
  const Sine& s = sine_values_;
  const double turns = ns / s.period;
  const double phase = two_pi * (turns - std::floor(turns));
  return s.mean * ns + s.amplitude * s.period / two_pi * (1.0 - portable_cos(phase));
}

double RateCurve::sine_time(double units) {
  const Sine& s = sine_values_;
  if (s.mean <= 0.0) return never;
  // The swing adds at most amplitude * period / pi units to the straight line.
  const double swing = 2.0 * s.amplitude * s.period / two_pi;
  double low = std::max(0.0, (units - swing) / s.mean), high = units / s.mean;
  double t = high;
  for (int step = 0; step < 100 && high - low > 0.25; ++step) {
    const double excess = sine_units(t) - units;
    (excess < 0.0 ? low : high) = t;
    const double turns = t / s.period;
    const double rate = s.mean + s.amplitude * portable_sin(two_pi * (turns - std::floor(turns)));
    const double newton = t - excess / rate;
    if (rate > 0.0 && std::abs(newton - t) < 0.125) return t;
    t = rate > 0.0 && newton > low && newton < high ? newton : 0.5 * (low + high);
  }
  return high;
}

}  // namespace weir::traffic
