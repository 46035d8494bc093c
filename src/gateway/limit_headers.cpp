#include "gateway/limit_headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "core/text.hpp"
#include "http/http_date.hpp"
#include "limiter/limiter.hpp"

namespace weir::gateway {
namespace {

constexpr std::int64_t second = 1'000'000'000;

constexpr std::array<std::pair<std::string_view, HeaderStyle>, 12> style_names = {
    {{"none", HeaderStyle::none},
     {"x-ratelimit", HeaderStyle::x_ratelimit},
     {"x-ratelimit-epoch", HeaderStyle::x_ratelimit_epoch},
     {"ratelimit", HeaderStyle::ietf_10},
     {"ietf-draft-03", HeaderStyle::ietf_03},
     {"ietf-draft-06", HeaderStyle::ietf_06},
     {"ietf-draft-07", HeaderStyle::ietf_07},
     {"ietf-draft-08", HeaderStyle::ietf_08},
     {"ietf-draft-10", HeaderStyle::ietf_10},
     {"openai", HeaderStyle::openai},
     {"anthropic", HeaderStyle::anthropic},
     {"of-product", HeaderStyle::of_product}}};

std::int64_t seconds_up(Duration d) { return limiter::ceil_seconds(d).ns() / second; }

/// The time over which a limit's parameters say how much it admits, rounded up to whole seconds.
std::int64_t window_of(const limiter::Parameters& parameters) {
  const auto& values = parameters.values();
  for (const char* name : {"window", "period", "duration", "time_window", "limit_refresh_period"}) {
    const auto found = values.find(name);
    if (found == values.end()) continue;
    if (const auto* d = std::get_if<Duration>(&found->second)) return seconds_up(*d);
  }
  const auto rate = values.find("rate");
  if (rate == values.end()) return 0;
  const Rate* r = std::get_if<Rate>(&rate->second);
  if (r == nullptr || r->units == 0) return 0;
  // What it takes a bucket to be full again.
  for (const char* name : {"capacity", "burst"}) {
    const auto found = values.find(name);
    if (found == values.end()) continue;
    const auto* units = std::get_if<std::int64_t>(&found->second);
    if (units == nullptr) continue;
    const double ns = static_cast<double>(*units) * static_cast<double>(r->per.ns()) /
                      static_cast<double>(r->units);
    constexpr double longest = 1e12;
    return std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::min(ns / second, longest) + 0.999999999));
  }
  return seconds_up(r->per);
}

/// A duration as Go writes it: "1s", "6m0s", "120ms".
std::string go_duration(Duration d) {
  const std::int64_t ms = (d.ns() + 999'999) / 1'000'000;
  if (ms < 1000) return fmt::format("{}ms", ms);
  std::string text;
  const std::int64_t hours = ms / 3'600'000;
  const std::int64_t minutes = ms / 60'000 % 60;
  if (hours > 0) text += fmt::format("{}h", hours);
  if (hours > 0 || minutes > 0) text += fmt::format("{}m", minutes);
  std::string rest = fmt::format("{}.{:03}", ms / 1000 % 60, ms % 1000);
  while (rest.back() == '0') rest.pop_back();
  if (rest.back() == '.') rest.pop_back();
  return fmt::format("{}{}s", text, rest);
}

/// A name as a structured field's string.
std::string structured_string(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c < ' ' || c > '~') {
      out += '?';
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

template <class... Args>
void add_line(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  out += "\r\n";
}

}  // namespace

std::optional<HeaderStyle> header_style(std::string_view name) {
  for (const auto& [known, style] : style_names) {
    if (name == known) return style;
  }
  return std::nullopt;
}

LimitHeaders::LimitHeaders(const BoundPolicy& policy, HeaderStyle style,
                           RetryAfterStyle retry_after)
    : style_(style), retry_after_(retry_after) {
  for (std::size_t l = 0; l < policy.definition().limits.size(); ++l) {
    const store::LimitDefinition& limit = policy.definition().limits[l];
    Facts& facts = facts_.emplace_back();
    facts.name = limit.spec.name;
    facts.enforce = limit.spec.enforce;
    if (policy.cost_of(l)) facts.cost = policy.costs()[*policy.cost_of(l)];
    for (const limiter::Parameters& row : limit.variants) facts.window_s.push_back(window_of(row));
  }
}

std::vector<LimitHeaders::Told> LimitHeaders::told(const std::vector<store::LimitAsk>& asked,
                                                   const store::Said& said) const {
  std::vector<Told> all;
  for (std::size_t i = 0; i < said.limits.size(); ++i) {
    const Facts& facts = facts_[asked[i].limit];
    if (!facts.enforce) continue;
    const store::LimitSaid& limit = said.limits[i];
    Told& t = all.emplace_back();
    t.facts = &facts;
    t.window_s = facts.window_s[asked[i].variant];
    t.denies = !limit.verdict.allowed;
    if (style_ == HeaderStyle::of_product) {
      t.limit = limit.advertised.limit;
      t.remaining = limit.advertised.remaining;
      t.reset = limit.advertised.reset_after;
      continue;
    }
    t.limit = limit.quota.limit;
    t.remaining = limit.quota.remaining;
    if (limit.quota.reset_after != Duration::max()) t.reset = limit.quota.reset_after;
  }
  return all;
}

void LimitHeaders::write(const std::vector<store::LimitAsk>& asked, const store::Said& said,
                         Instant now, bool tells_wait, std::string& out) const {
  if (!said.allowed && tells_wait) {
    if (const std::optional<Duration> after = wait(asked, said, now)) {
      if (retry_after_ == RetryAfterStyle::http_date) {
        add_line(out, "Retry-After: {}", http::format_http_date(now + *after));
      } else {
        add_line(out, "Retry-After: {}", seconds_up(*after));
      }
      if (style_ == HeaderStyle::openai) {
        add_line(out, "retry-after-ms: {}", (after->ns() + 999'999) / 1'000'000);
      }
    }
  }
  if (style_ == HeaderStyle::none) return;
  const std::vector<Told> all = told(asked, said);
  if (all.empty()) return;
  // That of the limit that denied, else of the one with the least left.
  const auto tightest = std::min_element(all.begin(), all.end(), [](const Told& a, const Told& b) {
    return std::pair(!a.denies, a.remaining.value_or(0)) <
           std::pair(!b.denies, b.remaining.value_or(0));
  });
  switch (style_) {
    case HeaderStyle::none:
      return;
    case HeaderStyle::of_product:
    case HeaderStyle::x_ratelimit:
    case HeaderStyle::x_ratelimit_epoch:
      return write_x_ratelimit(*tightest, now, out);
    case HeaderStyle::ietf_03:
    case HeaderStyle::ietf_06:
      return write_three_fields(all, *tightest, out);
    case HeaderStyle::ietf_07:
      return write_dictionary(all, *tightest, out);
    case HeaderStyle::ietf_08:
    case HeaderStyle::ietf_10:
      return write_lists(all, out);
    case HeaderStyle::openai:
      return write_openai(all, out);
    case HeaderStyle::anthropic:
      return write_anthropic(all, now, out);
  }
}

std::optional<Duration> LimitHeaders::wait(const std::vector<store::LimitAsk>& asked,
                                           const store::Said& said, Instant now) const {
  if (retry_after_ == RetryAfterStyle::none) return std::nullopt;
  std::optional<Duration> longest;
  for (std::size_t i = 0; i < said.limits.size(); ++i) {
    if (!facts_[asked[i].limit].enforce) continue;
    const store::LimitSaid& limit = said.limits[i];
    if (retry_after_ == RetryAfterStyle::of_product) {
      if (limit.verdict.allowed || !limit.advertised_retry_after) continue;
      longest = std::max(longest.value_or(Duration()), *limit.advertised_retry_after);
    } else {
      // Where one limit never admits it, no wait helps.
      if (!limit.retry_after) return std::nullopt;
      longest = std::max(longest.value_or(Duration()), *limit.retry_after);
    }
  }
  if (!longest || retry_after_ != RetryAfterStyle::http_date) return longest;
  // A date has whole seconds of the clock, not of the wait.
  return limiter::ceil_seconds(now - Instant() + *longest) - (now - Instant());
}

void LimitHeaders::write_x_ratelimit(const Told& t, Instant now, std::string& out) const {
  if (t.limit) add_line(out, "X-RateLimit-Limit: {}", *t.limit);
  if (t.remaining) add_line(out, "X-RateLimit-Remaining: {}", *t.remaining);
  if (!t.reset) return;
  const Duration reset =
      style_ == HeaderStyle::x_ratelimit_epoch ? now - Instant() + *t.reset : *t.reset;
  add_line(out, "X-RateLimit-Reset: {}", seconds_up(reset));
}

void LimitHeaders::write_three_fields(const std::vector<Told>& all, const Told& tightest,
                                      std::string& out) const {
  std::string policies;
  for (const Told& t : all) {
    if (!t.limit || t.window_s == 0) continue;
    policies += fmt::format("{}{};w={}", policies.empty() ? "" : ", ", *t.limit, t.window_s);
  }
  const bool apart = style_ == HeaderStyle::ietf_06;
  if (tightest.limit) {
    const std::string behind = apart || policies.empty() ? "" : fmt::format(", {}", policies);
    add_line(out, "RateLimit-Limit: {}{}", *tightest.limit, behind);
  }
  if (tightest.remaining) add_line(out, "RateLimit-Remaining: {}", *tightest.remaining);
  if (tightest.reset) add_line(out, "RateLimit-Reset: {}", seconds_up(*tightest.reset));
  if (apart && !policies.empty()) add_line(out, "RateLimit-Policy: {}", policies);
}

void LimitHeaders::write_dictionary(const std::vector<Told>& all, const Told& tightest,
                                    std::string& out) const {
  std::string members;
  const auto add = [&](std::string_view name, std::int64_t value) {
    members += fmt::format("{}{}={}", members.empty() ? "" : ", ", name, value);
  };
  if (tightest.limit) add("limit", *tightest.limit);
  if (tightest.remaining) add("remaining", *tightest.remaining);
  if (tightest.reset) add("reset", seconds_up(*tightest.reset));
  if (!members.empty()) add_line(out, "RateLimit: {}", members);
  std::string policies;
  for (const Told& t : all) {
    if (!t.limit || t.window_s == 0) continue;
    policies += fmt::format("{}{};w={}", policies.empty() ? "" : ", ", *t.limit, t.window_s);
  }
  if (!policies.empty()) add_line(out, "RateLimit-Policy: {}", policies);
}

void LimitHeaders::write_lists(const std::vector<Told>& all, std::string& out) const {
  std::string policies;
  std::string states;
  for (const Told& t : all) {
    const std::string name = structured_string(t.facts->name);
    if (t.limit) {
      policies += fmt::format("{}{};q={}", policies.empty() ? "" : ", ", name, *t.limit);
      if (!t.facts->cost.empty())
        policies += fmt::format(";qu={}", structured_string(t.facts->cost));
      if (t.window_s > 0) policies += fmt::format(";w={}", t.window_s);
    }
    if (!t.remaining) continue;
    states += fmt::format("{}{};r={}", states.empty() ? "" : ", ", name, *t.remaining);
    if (t.reset) states += fmt::format(";t={}", seconds_up(*t.reset));
  }
  if (!states.empty()) add_line(out, "RateLimit: {}", states);
  if (!policies.empty()) add_line(out, "RateLimit-Policy: {}", policies);
}

void LimitHeaders::write_openai(const std::vector<Told>& all, std::string& out) const {
  for (const bool of_tokens : {false, true}) {
    const Told* tightest = nullptr;
    for (const Told& t : all) {
      if (t.facts->cost.empty() == of_tokens) continue;
      if (tightest == nullptr || t.remaining < tightest->remaining) tightest = &t;
    }
    if (tightest == nullptr) continue;
    const std::string_view what = of_tokens ? "tokens" : "requests";
    if (tightest->limit) add_line(out, "x-ratelimit-limit-{}: {}", what, *tightest->limit);
    if (tightest->remaining) {
      add_line(out, "x-ratelimit-remaining-{}: {}", what, *tightest->remaining);
    }
    if (tightest->reset) {
      add_line(out, "x-ratelimit-reset-{}: {}", what, go_duration(*tightest->reset));
    }
  }
}

void LimitHeaders::write_anthropic(const std::vector<Told>& all, Instant now,
                                   std::string& out) const {
  std::vector<std::string_view> written;
  for (const Told& t : all) {
    const std::string& cost = t.facts->cost;
    std::string_view what = "requests";
    if (!cost.empty()) {
      what = cost.find("input") != std::string::npos    ? "input-tokens"
             : cost.find("output") != std::string::npos ? "output-tokens"
                                                        : "tokens";
    }
    // One of a kind is all that the family has room for: the first.
    if (std::find(written.begin(), written.end(), what) != written.end()) continue;
    written.push_back(what);
    if (t.limit) add_line(out, "anthropic-ratelimit-{}-limit: {}", what, *t.limit);
    if (t.remaining) add_line(out, "anthropic-ratelimit-{}-remaining: {}", what, *t.remaining);
    if (!t.reset) continue;
    const Instant at = Instant() + limiter::ceil_seconds(now - Instant() + *t.reset);
    add_line(out, "anthropic-ratelimit-{}-reset: {}", what, format_instant(at));
  }
}

}  // namespace weir::gateway
