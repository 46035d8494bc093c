#include "gateway/denial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/letter_case.hpp"
#include "core/text.hpp"
#include "gateway/answer_text.hpp"
#include "http/header_text.hpp"
#include "limiter/limiter.hpp"

namespace weir::gateway {
namespace {

using Json = nlohmann::ordered_json;

/// The weight of a media range, 1 if it has none.
double weight_of(std::string_view range) {
  const std::size_t q = range.find(";q=");
  if (q == std::string_view::npos) return 1.0;
  double weight = 1.0;
  std::from_chars(range.data() + q + 3, range.data() + range.size(), weight);
  return weight;
}

/// How much a client that accepts this would like that type; the most exact range counts.
double liking(std::string_view accept, std::string_view main, std::string_view sub) {
  double by_exactness[3] = {-1.0, -1.0, -1.0};
  while (!accept.empty()) {
    const std::string_view element = accept.substr(0, accept.find(','));
    accept.remove_prefix(std::min(accept.size(), element.size() + 1));
    std::string range;
    for (const char c : element) {
      if (c != ' ' && c != '\t') range += to_lower(c);
    }
    const std::string type = range.substr(0, range.find(';'));
    if (type == fmt::format("{}/{}", main, sub)) by_exactness[2] = weight_of(range);
    if (type == fmt::format("{}/*", main)) by_exactness[1] = weight_of(range);
    if (type == "*/*") by_exactness[0] = weight_of(range);
  }
  for (const double weight : {by_exactness[2], by_exactness[1], by_exactness[0]}) {
    if (weight >= 0.0) return weight;
  }
  return 0.0;
}

bool prefers_words(std::string_view accept) {
  if (http::without_blanks(accept).empty()) return false;
  const double words = std::max(liking(accept, "text", "plain"), liking(accept, "text", "html"));
  const double json = std::max(liking(accept, "application", "json"),
                               liking(accept, "application", "problem+json"));
  return words > json;
}

std::int64_t seconds_of(Duration wait) { return limiter::ceil_seconds(wait).ns() / 1'000'000'000; }

std::string advice(const Denial& denial) {
  if (!denial.wait) return "";
  const std::int64_t s = seconds_of(*denial.wait);
  return fmt::format(". Try again in {} second{}", format_count(s), s == 1 ? "" : "s");
}

std::string sentence(const Denial& denial) {
  std::string text = fmt::format("{}{}.", denial.reason, advice(denial));
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

Json problem_of(const Denial& denial) {
  Json problem;
  problem["type"] = denial.limit.empty()
                        ? "about:blank"
                        : "https://iana.org/assignments/http-problem-types#quota-exceeded";
  problem["title"] = reason_of(denial.status);
  problem["status"] = denial.status;
  problem["detail"] = sentence(denial);
  if (!denial.limit.empty()) problem["violated-policies"] = Json::array({denial.limit});
  if (denial.wait) problem["retry_after"] = seconds_of(*denial.wait);
  return problem;
}

Json openai_error(const Denial& denial) {
  const bool is_limit = !denial.limit.empty();
  return {{"error",
           {{"message", sentence(denial)},
            {"type", is_limit               ? (denial.cost.empty() ? "requests" : "tokens")
                     : denial.status >= 500 ? "server_error"
                                            : "invalid_request_error"},
            {"param", nullptr},
            {"code", is_limit ? Json("rate_limit_exceeded") : Json(nullptr)}}}};
}

Json anthropic_error(const Denial& denial) {
  return {{"type", "error"},
          {"error",
           {{"type", !denial.limit.empty()  ? "rate_limit_error"
                     : denial.status >= 500 ? "overloaded_error"
                                            : "invalid_request_error"},
            {"message", sentence(denial)}}}};
}

// What clients sent may be in it, and need not be UTF-8.
std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

DenialText write_denial(const Denial& denial, std::string_view accept, HeaderStyle style) {
  if (prefers_words(accept)) return {"text/plain; charset=utf-8", sentence(denial) + "\n"};
  if (style == HeaderStyle::openai) return {"application/json", dumped(openai_error(denial))};
  if (style == HeaderStyle::anthropic) {
    return {"application/json", dumped(anthropic_error(denial))};
  }
  return {"application/problem+json", dumped(problem_of(denial))};
}

}  // namespace weir::gateway
