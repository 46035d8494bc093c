#include "probe/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "limiter/parameter_text.hpp"

namespace weir::probe {

std::string family_of(Kind kind) {
  switch (kind) {
    case Kind::none:
      return "none";
    case Kind::token_bucket:
    case Kind::bucket_with_delay:
      return "token-bucket";
    case Kind::log:
    case Kind::log_count_denied:
      return "sliding-window-log";
    case Kind::fixed_first_request:
    case Kind::fixed_epoch:
      return "fixed-window";
    case Kind::counter_epoch:
    case Kind::counter_first_request:
    case Kind::counter_count_denied:
      return "sliding-window-counter";
    case Kind::queue:
      return "leaky-bucket-queue";
    case Kind::concurrency:
      return "concurrency";
  }
  return "undecided";
}

std::string words_of(Kind kind) {
  switch (kind) {
    case Kind::none:
      return "no limit";
    case Kind::token_bucket:
      return "a token bucket";
    case Kind::log:
      return "a sliding window log";
    case Kind::log_count_denied:
      return "a sliding window log that counts denied requests";
    case Kind::fixed_first_request:
      return "a fixed window from a key's first request";
    case Kind::fixed_epoch:
      return "a fixed window at fixed times";
    case Kind::counter_epoch:
      return "a sliding window counter at fixed times";
    case Kind::counter_first_request:
      return "a sliding window counter from a key's first request";
    case Kind::counter_count_denied:
      return "a sliding window counter that counts denied requests";
    case Kind::queue:
      return "a queue";
    case Kind::bucket_with_delay:
      return "a bucket that holds requests back";
    case Kind::concurrency:
      return "a limit on concurrency";
  }
  return "nothing known";
}

bool Fit::has_rate() const {
  return kind == Kind::token_bucket || kind == Kind::queue || kind == Kind::bucket_with_delay;
}

bool Fit::has_window() const {
  return !has_rate() && kind != Kind::none && kind != Kind::concurrency;
}

double Fit::looseness() const {
  const double least = has_window() ? least_window_ns : least_rate;
  const double most = has_window() ? most_window_ns : most_rate;
  if (!has_window() && !has_rate()) return 0.0;
  return most > 0 ? (most - least) / most : 1.0;
}

double Fit::period_ns() const {
  if (kind == Kind::concurrency && held_ns > 0) return 2.0 * static_cast<double>(held_ns);
  if (has_window()) return static_cast<double>(window.ns());
  if (!has_rate() || rate.units == 0) return 1e9;
  return static_cast<double>(limit) * static_cast<double>(rate.per.ns()) /
         static_cast<double>(rate.units);
}

namespace {

limiter::Parameters bucket_parameters(const Fit& fit, const char* name, std::int64_t at_once) {
  limiter::Parameters parameters;
  parameters.set(name, std::max<std::int64_t>(at_once, 0));
  parameters.set("rate", fit.rate);
  return parameters;
}

Settings delaying_bucket(const Fit& fit) {
  Settings settings{"nginx-limit-req", bucket_parameters(fit, "burst", fit.limit - 1)};
  if (fit.undelayed > 0) settings.parameters.set("delay", fit.undelayed);
  return settings;
}

/// So many in a window; its length has one name or the other.
Settings windowed(const Fit& fit, const char* algorithm, const char* length = "window") {
  Settings settings{algorithm, {}};
  settings.parameters.set("limit", fit.limit);
  settings.parameters.set(length, fit.window);
  return settings;
}

Settings anchored(const Fit& fit, const char* algorithm, const char* anchor) {
  Settings settings = windowed(fit, algorithm);
  settings.parameters.set("anchor", std::string(anchor));
  return settings;
}

}  // namespace

Settings settings_of(const Fit& fit) {
  Settings settings;
  switch (fit.kind) {
    case Kind::none:
      return {"unlimited", {}};
    case Kind::concurrency:
      settings.algorithm = "concurrency";
      settings.parameters.set("limit", fit.limit);
      return settings;
    case Kind::token_bucket:
      return {"token-bucket", bucket_parameters(fit, "capacity", fit.limit)};
    case Kind::queue:
      return {"leaky-bucket-queue", bucket_parameters(fit, "capacity", fit.limit - 1)};
    case Kind::bucket_with_delay:
      return delaying_bucket(fit);
    case Kind::counter_count_denied:
      return windowed(fit, "haproxy-http-req-rate", "period");
    case Kind::log:
      return windowed(fit, "sliding-window-log");
    case Kind::log_count_denied:
      settings = windowed(fit, "sliding-window-log");
      settings.parameters.set("count_denied", true);
      return settings;
    case Kind::fixed_first_request:
      return anchored(fit, "fixed-window", "first-request");
    case Kind::fixed_epoch:
      return anchored(fit, "fixed-window", "epoch");
    case Kind::counter_epoch:
      return anchored(fit, "sliding-window-counter", "epoch");
    case Kind::counter_first_request:
      return anchored(fit, "sliding-window-counter", "first-request");
  }
  return settings;
}

std::string text_of(const Settings& settings) {
  std::string text = settings.algorithm;
  for (const auto& [name, value] : settings.parameters.values()) {
    text += fmt::format(" {}={}", name, limiter::parameter_text(value));
  }
  return text;
}

Fit fit_none(const Clues& clues) {
  Fit fit;
  for (std::uint32_t k = 0; k < clues.histories.size(); ++k) {
    for (std::uint32_t e = 0; e < clues.histories[k].size(); ++e) {
      if (clues.histories[k][e].is_denied()) fit.unexplained.push_back({k, e});
    }
  }
  return fit;
}

namespace {

// A window or bucket that comes back as soon as an answer is there is the answer's doing; and no
// window lets go one by one.
void drop_echoes(std::vector<Fit>& fits, const Clues& clues) {
  const bool lets_go_one_by_one = std::any_of(fits.begin(), fits.end(), [](const Fit& fit) {
    const bool holds = fit.kind == Kind::queue || fit.kind == Kind::bucket_with_delay;
    return holds && fit.unexplained.size() < 3;
  });
  if (lets_go_one_by_one) std::erase_if(fits, [](const Fit& fit) { return fit.has_window(); });
  const auto concurrency = std::find_if(
      fits.begin(), fits.end(), [](const Fit& fit) { return fit.kind == Kind::concurrency; });
  if (concurrency == fits.end() || !clues.held_back || concurrency->unexplained.size() > 1) return;
  const double echo_ns = 3.0 * static_cast<double>(concurrency->held_ns);
  std::erase_if(fits, [echo_ns](const Fit& fit) {
    return (fit.has_window() || fit.has_rate()) && fit.period_ns() < echo_ns;
  });
}

}  // namespace

std::vector<Fit> fit_all(const Clues& clues) {
  std::vector<Fit> fits = {fit_none(clues)};
  if (!fits[0].unexplained.empty()) {
    const Fit bucket = fit_bucket_or_queue(clues);
    fits.push_back(bucket);
    // What waits in a queue is under way, too; but then the queue says more.
    if (bucket.kind == Kind::token_bucket) fits.push_back(fit_concurrency(clues));
    fits.push_back(fit_fixed_first_request(clues));
    fits.push_back(fit_fixed_epoch(clues));
    fits.push_back(fit_log(clues, false));
    fits.push_back(fit_log(clues, true));
    for (const Kind kind :
         {Kind::counter_epoch, Kind::counter_first_request, Kind::counter_count_denied}) {
      fits.push_back(fit_counter(clues, kind));
    }
  }
  drop_echoes(fits, clues);
  std::stable_sort(fits.begin(), fits.end(), [](const Fit& a, const Fit& b) {
    return a.unexplained.size() < b.unexplained.size();
  });
  return fits;
}

}  // namespace weir::probe
