#include "probe/answer_tally.hpp"

#include <algorithm>
#include <string_view>

#include "core/letter_case.hpp"

namespace weir::probe {
namespace {

/// So many requests in a row that nobody answers, or not one that is ever answered.
constexpr std::uint64_t most_failures_in_a_row = 20;
constexpr std::uint64_t most_failures_at_first = 3;
/// So many answers that say neither, and none that does.
constexpr std::uint64_t most_that_say_neither = 20;

constexpr int forbidden = 403;
constexpr int too_many_requests = 429;
constexpr int unavailable = 503;

bool is_one_of(const std::vector<std::int64_t>& statuses, int status) {
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

/// The value of the header Server; empty where there is none, or a long one.
std::string server_of(std::string_view head_lines) {
  constexpr std::string_view name = "server:";
  constexpr std::size_t longest = 100;
  for (std::size_t begin = 0; begin < head_lines.size();) {
    const std::size_t end = std::min(head_lines.find('\n', begin), head_lines.size());
    std::string_view line = head_lines.substr(begin, end - begin);
    begin = end + 1;
    if (!same_in_any_case(line.substr(0, name.size()), name)) continue;
    line.remove_prefix(name.size());
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    return line.size() > longest ? std::string() : std::string(line);
  }
  return "";
}

}  // namespace

// What the field denies with. The last two are taken for it only once something was allowed:
// before, they are as likely to be about the request itself. And not once there was a 429: who has
// that means something else by them.
std::optional<bool> AnswerTally::meaning_of(int status) const {
  const bool may_deny = !of_admissions_.empty() && !of_denials_.contains(too_many_requests);
  const bool is_denial = denied_.empty()
                             ? status == too_many_requests ||
                                   (may_deny && (status == forbidden || status == unavailable))
                             : is_one_of(denied_, status);
  if (is_denial) return false;
  if ((status >= 200 && status < 400) || is_one_of(allowed_, status)) return true;
  return std::nullopt;
}

std::optional<bool> AnswerTally::add(const load::Reply& reply) {
  if (reply.failure != load::Failure::none) {
    ++failures_[std::string(load::name_of(reply.failure))];
    const std::uint64_t most = statuses_.empty() ? most_failures_at_first : most_failures_in_a_row;
    is_hopeless_ = is_hopeless_ || ++failures_in_a_row_ >= most;
    return std::nullopt;
  }
  failures_in_a_row_ = 0;
  ++statuses_[reply.status];
  const auto allowed = meaning_of(reply.status);
  ++(!allowed ? of_neither_ : *allowed ? of_admissions_ : of_denials_)[reply.status];
  if (allowed) ++decisions_;
  if (allowed == false && server_.empty()) server_ = server_of(reply.head_lines);
  std::uint64_t neither = 0;
  for (const auto& [status, count] : of_neither_) neither += count;
  is_hopeless_ = is_hopeless_ || (decisions_ == 0 && neither >= most_that_say_neither);
  return reply.resent ? std::nullopt : allowed;
}

void AnswerTally::add(const load::RateLimitReading& reading) {
  for (std::size_t f = 0; f < load::header_family_count; ++f) {
    const auto family = static_cast<load::HeaderFamily>(f);
    if (reading.families.has(family)) families_.add(family);
    if (reading.malformed.has(family)) ++malformed_[std::string(load::name_of(family))];
  }
}

std::optional<int> most_frequent(const std::map<int, std::uint64_t>& statuses) {
  const auto most =
      std::max_element(statuses.begin(), statuses.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == statuses.end()) return std::nullopt;
  return most->first;
}

}  // namespace weir::probe
