#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/text.hpp"
#include "limiter/catalogue.hpp"
#include "limiter/limiter.hpp"
#include "limiter/parameter_text.hpp"
#include "probe/inquiry.hpp"

namespace weir::probe {
namespace {

/// From here on nothing says how high a limit is.
constexpr std::int64_t any_number = 1'000'000;

/// A number of nanoseconds as people write it, to four digits.
std::string window_text(double ns) {
  const double unit = ns < 1e6 ? 1.0 : ns < 1e9 ? 1e3 : 1e6;
  return limiter::parameter_text(Duration::from_ns(std::llround(ns / unit) * std::llround(unit)));
}

std::string rate_text(double per_ns) { return fmt::format("{:.4g}/s", per_ns * 1e9); }

metrics::ProbeFacts::Limit limit_facts(const Fit& fit) {
  const Settings settings = settings_of(fit);
  metrics::ProbeFacts::Limit limit{family_of(fit.kind), settings.algorithm, {}};
  for (const auto& [name, value] : settings.parameters.values()) {
    metrics::ProbeFacts::Parameter parameter{name, limiter::parameter_text(value), {}, {}};
    if (name == "window" || name == "period") {
      parameter.least = window_text(fit.least_window_ns);
      parameter.most = window_text(fit.most_window_ns);
    } else if (name == "rate") {
      parameter.least = rate_text(fit.least_rate);
      parameter.most = rate_text(fit.most_rate);
    } else if (name == "limit" || name == "capacity" || name == "burst") {
      const std::int64_t beside = name == "limit" || fit.kind == Kind::token_bucket ? 0 : 1;
      parameter.least = std::to_string(fit.least_limit - beside);
      parameter.most = std::to_string(fit.most_limit - beside);
      if (fit.most_limit >= any_number) {
        parameter.value = parameter.least;
        parameter.most.clear();
      }
    }
    limit.parameters.push_back(std::move(parameter));
  }
  return limit;
}

policy::LimitSpec limit_spec(const Fit& fit, const std::string& name,
                             const std::vector<std::string>& key) {
  const Settings settings = settings_of(fit);
  policy::LimitSpec spec;
  spec.name = name;
  spec.algorithm = settings.algorithm;
  spec.parameters = settings.parameters;
  spec.key = key;
  return spec;
}

/// Whether several families explain as much as the best of the fits, or its numbers are not known.
bool is_unclear(const std::vector<Fit>& fits) {
  constexpr double clear_enough = 0.1;
  const Fit& best = fits.front();
  if (best.looseness() > clear_enough || best.least_limit != best.most_limit) return true;
  return std::any_of(fits.begin(), fits.end(), [&best](const Fit& fit) {
    return fit.unexplained.size() < best.unexplained.size() + clearly_worse &&
           family_of(fit.kind) != family_of(best.kind);
  });
}

/// What a limit is as far as it is known, where several kinds explain it.
std::string words_of_open(const std::vector<Fit>& fits) {
  const Fit& best = fits.front();
  std::set<std::string> kinds;
  for (const Fit& fit : fits) {
    if (fit.unexplained.size() < best.unexplained.size() + clearly_worse) {
      kinds.insert(words_of(fit.kind));
    }
  }
  std::string text = fmt::format("of about {} in {}", best.limit,
                                 window_text(std::round(best.period_ns() / 1e7) * 1e7));
  text += kinds.size() > 1 ? ", which may be " : ", most likely ";
  std::size_t n = 0;
  for (const std::string& kind : kinds) {
    text += (n == 0 ? "" : n + 1 == kinds.size() ? " or " : ", ") + kind;
    ++n;
  }
  return text;
}

}  // namespace

void Inquiry::add_alternatives() {
  const Fit& best = fits_.front();
  std::set<Kind> named = {best.kind};
  for (const Fit& fit : fits_) {
    if (!named.insert(fit.kind).second) continue;
    metrics::ProbeFacts::Alternative other;
    other.limit = limit_facts(fit);
    other.unexplained = fit.unexplained.size();
    other.against = fit.unexplained.empty()
                        ? fmt::format("{} explains as much", words_of(fit.kind))
                        : fmt::format("{} does not explain {} of the answers", words_of(fit.kind),
                                      fit.unexplained.size());
    result_.facts.alternatives.push_back(std::move(other));
  }
  const auto left = alive();
  for (const Fit* fit : left) {
    if (left.size() > 1) result_.facts.cannot_tell_apart.push_back(words_of(fit->kind));
  }
}

void Inquiry::add_second_limit() {
  if (!second_shows_) return;
  if (slower_.empty() || is_unclear(slower_)) {
    why_second_open_ =
        slower_.empty() ? "whose kind and numbers are not known" : words_of_open(slower_);
    return;
  }
  result_.facts.further_limits.push_back(limit_facts(slower_.front()));
  result_.policy.limits.push_back(limit_spec(slower_.front(), "slower", result_.facts.keyed_by));
}

// Nothing was denied; but was enough asked?
std::string Inquiry::why_limit_may_be_higher() const {
  if (target_.stopped() == Stop::unreachable) return "too little was answered";
  if (target_.stopped() == Stop::requests || target_.stopped() == Stop::time ||
      target_.requests_left() == 0) {
    return "nothing was denied before the budget ended; a larger one (--max-requests, --max-time, "
           "--max-rate) may tell";
  }
  if (evidence_.size() < 10) return "too little was answered";
  std::map<KeyNumbers, std::int64_t> asked;
  std::int64_t most = 0;
  std::int64_t told = 0;
  for (const ProbeResult::Seen& seen : result_.sightings) {
    most = std::max(most, ++asked[seen.key]);
    const std::int64_t limit = seen.sighting.told.limit.value_or(0);
    // So large a number stands for none.
    if (limit < limiter::largest_cost) told = std::max(told, limit);
  }
  if (told == 0) return "";
  if (told <= most) {
    return fmt::format(
        "answers tell of a limit of {}, and a key was admitted {} times without a denial: it is "
        "not "
        "enforced, or counts what a probe does not reach",
        told, most);
  }
  return fmt::format("answers tell of a limit of {}, and no key was asked more than {} times", told,
                     most);
}

void Inquiry::conclude() {
  metrics::ProbeFacts& facts = result_.facts;
  facts.time_used = target_.now() - evidence_.begin();
  for (std::size_t c = 0; c < mask_.size() && has_denials(); ++c) {
    if (mask_[c]) facts.keyed_by.push_back(options_.candidates[c]);
  }
  if (fits_.empty()) return leave_undecided("nothing was answered");
  if (fits_.front().unexplained.size() >= clearly_worse && !second_shows_) leave_to_second();
  add_second_limit();
  add_first_limit();
  if (!has_denials()) {
    facts.confidence = 1.0;
    if (const std::string why = why_limit_may_be_higher(); !why.empty()) leave_undecided(why);
    return;
  }
  add_alternatives();
  facts.confidence = confidence();
  if (first_limit_ == 0) {
    // So little tells nothing apart.
    facts.alternatives.clear();
    facts.cannot_tell_apart.clear();
    leave_undecided(
        "even the first request was denied: the gateway wants credentials, a key that it knows, or "
        "waits for a limit that was used up before");
  } else if (const std::string why = why_first_is_open(); !why.empty()) {
    facts.why_undecided = why;
    facts.found.family = "undecided";
  }
  leave_second_open();
}

void Inquiry::leave_undecided(const std::string& why) {
  metrics::ProbeFacts& facts = result_.facts;
  facts.found.family = "undecided";
  facts.confidence = 0.0;
  facts.why_undecided = why;
}

void Inquiry::add_first_limit() {
  metrics::ProbeFacts& facts = result_.facts;
  const Fit& best = fits_.front();
  facts.found = limit_facts(best);
  facts.unexplained = best.unexplained.size();
  auto& limits = result_.policy.limits;
  limits.insert(limits.begin(), limit_spec(best, "limit", facts.keyed_by));
  if (best.kind == Kind::none) limits.clear();
}

// The share that is explained, the less the closer the runner-up is.
double Inquiry::confidence() const {
  constexpr std::size_t far_behind = 10;
  const Fit& best = fits_.front();
  const std::size_t runner_up =
      fits_.size() > 1 ? fits_[1].unexplained.size() - best.unexplained.size() : 1;
  const double explained =
      1.0 - static_cast<double>(best.unexplained.size()) / static_cast<double>(evidence_.size());
  return explained *
         (1.0 - std::pow(0.5, static_cast<double>(std::min(runner_up, far_behind)) + 1));
}

// Empty if one family explains nearly all of what was seen.
std::string Inquiry::why_first_is_open() {
  const Fit& best = fits_.front();
  std::set<std::string> families;
  for (const Fit* fit : alive()) families.insert(family_of(fit->kind));
  if (families.size() > 1) {
    const std::string needed = needed_budget();
    return fmt::format("{} families explain what was seen; {}{}", families.size(),
                       needed.empty() ? "no experiment that is known tells them apart"
                                      : "a larger budget may tell them apart, say " + needed,
                       two_kinds_may_show());
  }
  if (best.unexplained.size() <= std::max<std::size_t>(evidence_.size() / 20, 4)) return "";
  return fmt::format(
      "nothing known explains what was seen: the closest, {}, leaves {} of {} answers "
      "unexplained{}",
      words_of(best.kind), best.unexplained.size(), evidence_.size(), two_kinds_may_show());
}

// A limit on concurrency shows beside any other where answers take their time, and neither explains
// what the other denied.
std::string Inquiry::two_kinds_may_show() const {
  const bool may_hold = std::any_of(fits_.begin(), fits_.end(),
                                    [](const Fit& fit) { return fit.kind == Kind::concurrency; });
  if (!may_hold || second_shows_ || !evidence_.admissions_take_longer()) return "";
  return fmt::format(
      "; since admitted requests take {}, a limit on requests at once and one of another kind may "
      "both show",
      format_duration_short(Duration::from_ms(evidence_.usual_answer_ns() / 1'000'000)));
}

void Inquiry::leave_second_open() {
  metrics::ProbeFacts& facts = result_.facts;
  if (why_second_open_.empty() || facts.found.family == "undecided") return;
  facts.why_undecided =
      fmt::format("beside {} a slower limit shows, {}; a larger budget may tell, say {}",
                  text_of(settings_of(fits_.front())), why_second_open_,
                  larger_budget(facts.requests_used, facts.time_used));
  facts.found.family = "undecided";
}

ProbeResult run_probe(Target& target, const ProbeOptions& options) {
  return Inquiry(target, options).run();
}

}  // namespace weir::probe
