#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "load/rate_limit_headers.hpp"
#include "load/reply.hpp"
#include "scenario/target.hpp"

namespace weir::probe {

/// What the answers of a gateway meant, added up.
class AnswerTally {
 public:
  /// Statuses that mean allowed or denied where nobody said so are those of the field.
  explicit AnswerTally(const scenario::TargetSpec& target)
      : allowed_(target.allowed), denied_(target.denied) {}

  /// Counts a reply; whether it was an admission, absent where it says neither, or may be of a
  /// request that was sent twice.
  std::optional<bool> add(const load::Reply& reply);
  /// Counts what an answer told of the limit.
  void add(const load::RateLimitReading& reading);

  /// Answers by status: all, and those that meant allowed, denied, or neither.
  const std::map<int, std::uint64_t>& statuses() const { return statuses_; }
  const std::map<int, std::uint64_t>& of_admissions() const { return of_admissions_; }
  const std::map<int, std::uint64_t>& of_denials() const { return of_denials_; }
  const std::map<int, std::uint64_t>& of_neither() const { return of_neither_; }
  /// Requests that were not answered by why.
  const std::map<std::string, std::uint64_t>& failures() const { return failures_; }
  std::uint64_t decisions() const { return decisions_; }
  load::HeaderFamilies families() const { return families_; }
  /// How many answers had a malformed header, by family.
  const std::map<std::string, std::uint64_t>& malformed() const { return malformed_; }

  /// What the first denials called their server; empty where they did not.
  const std::string& server() const { return server_; }

  /// Whether nobody seems to be there, or nothing that is said means anything: more requests would
  /// only show so again.
  bool is_hopeless() const { return is_hopeless_; }

 private:
  std::optional<bool> meaning_of(int status) const;

  std::vector<std::int64_t> allowed_, denied_;
  std::map<int, std::uint64_t> statuses_, of_admissions_, of_denials_, of_neither_;
  std::map<std::string, std::uint64_t> failures_, malformed_;
  std::string server_;
  std::uint64_t decisions_ = 0;
  std::uint64_t failures_in_a_row_ = 0;
  load::HeaderFamilies families_;
  bool is_hopeless_ = false;
};

/// The status that most have; absent without any.
std::optional<int> most_frequent(const std::map<int, std::uint64_t>& statuses);

}  // namespace weir::probe
