#include "load/rate_limit_names.hpp"

#include <algorithm>
#include <array>

namespace weir::load {
namespace {

constexpr std::size_t longest_name =
    std::string_view("anthropic-ratelimit-output-tokens-remaining").size();

char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// `prefix` is in lower case.
bool has_prefix(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), name.begin(),
                    [](char wanted, char c) { return wanted == lower_case(c); });
}

bool take_prefix(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

struct MeterName {
  std::string_view name;
  Meter meter;
};

constexpr std::array<MeterName, 10> x_ratelimit_meters{{{"", Meter::x_ratelimit},
                                                        {"-second", Meter::x_ratelimit_second},
                                                        {"-minute", Meter::x_ratelimit_minute},
                                                        {"-hour", Meter::x_ratelimit_hour},
                                                        {"-day", Meter::x_ratelimit_day},
                                                        {"-week", Meter::x_ratelimit_week},
                                                        {"-month", Meter::x_ratelimit_month},
                                                        {"-year", Meter::x_ratelimit_year},
                                                        {"-requests", Meter::openai_requests},
                                                        {"-tokens", Meter::openai_tokens}}};

constexpr std::array<MeterName, 4> anthropic_meters{
    {{"requests-", Meter::anthropic_requests},
     {"tokens-", Meter::anthropic_tokens},
     {"input-tokens-", Meter::anthropic_input_tokens},
     {"output-tokens-", Meter::anthropic_output_tokens}}};

/// Takes "limit", "remaining" or "reset" from the front of the name.
HeaderKind take_kind(std::string_view& name) {
  if (take_prefix(name, "limit")) return HeaderKind::limit;
  if (take_prefix(name, "remaining")) return HeaderKind::remaining;
  if (take_prefix(name, "reset")) return HeaderKind::reset;
  return HeaderKind::other;
}

RateLimitHeader identify_date(std::string_view name) {
  return name == "date" ? RateLimitHeader{HeaderKind::date} : RateLimitHeader{};
}

RateLimitHeader identify_r(std::string_view name) {
  if (name == "retry-after") return {HeaderKind::retry_after};
  if (name == "retry-after-ms") return {HeaderKind::retry_after_ms};
  if (name == "ratelimit") return {HeaderKind::service_limits};
  if (name == "ratelimit-policy") return {HeaderKind::policies};
  if (!take_prefix(name, "ratelimit-")) return {};
  const HeaderKind kind = take_kind(name);
  return name.empty() ? RateLimitHeader{kind, Meter::ietf} : RateLimitHeader{};
}

RateLimitHeader identify_x(std::string_view name) {
  if (!take_prefix(name, "x-ratelimit-") && !take_prefix(name, "x-rate-limit-")) return {};
  const HeaderKind kind = take_kind(name);
  for (const MeterName& candidate : x_ratelimit_meters) {
    if (name == candidate.name) return {kind, candidate.meter};
  }
  return {};
}

RateLimitHeader identify_anthropic(std::string_view name) {
  if (!take_prefix(name, "anthropic-ratelimit-")) return {};
  for (const MeterName& candidate : anthropic_meters) {
    std::string_view rest = name;
    if (!take_prefix(rest, candidate.name)) continue;
    const HeaderKind kind = take_kind(rest);
    if (rest.empty()) return {kind, candidate.meter};
  }
  return {};
}

/// The name in lower case.
class LowerCase {
 public:
  explicit LowerCase(std::string_view name) : size_(name.size()) {
    std::transform(name.begin(), name.end(), text_.begin(), lower_case);
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, longest_name> text_;
  std::size_t size_;
};

}  // namespace

RateLimitHeader identify_header(std::string_view name) {
  if (!may_be_rate_limit_header(name) || name.size() > longest_name) return {};
  switch (lower_case(name.front())) {
    case 'd':
      return identify_date(LowerCase(name).view());
    case 'r':
      return identify_r(LowerCase(name).view());
    case 'x':
      return has_prefix(name, "x-rate") ? identify_x(LowerCase(name).view()) : RateLimitHeader{};
    default:
      return identify_anthropic(LowerCase(name).view());
  }
}

}  // namespace weir::load
