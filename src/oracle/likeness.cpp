#include "oracle/likeness.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "oracle/neighbours.hpp"

namespace weir::oracle {
namespace {

/// So many observations say which neighbour it is like; all of them, whether it is.
constexpr std::size_t most_sampled = 1'500;
/// It explains clearly most where no more than such a part of the disagreements are left.
constexpr std::uint64_t clearly_most = 8;
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

/// What a policy leaves unexplained; what it leaves open counts a little, since that explains
/// nothing.
double unexplained(const Findings& findings) {
  return static_cast<double>(findings.disagree) + 0.2 * static_cast<double>(findings.undetermined);
}

class Search {
 public:
  Search(const Evidence& evidence, Evidence sample)
      : original_(evidence.limits), sample_(std::move(sample)) {}

  double score(const std::vector<policy::Limit>& limits) {
    sample_.limits = limits;
    return unexplained(verify(sample_, Effort::quick).findings);
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
    return best_;
  }

 private:
  bool consider(Neighbour neighbour) {
    const double its = score(neighbour.limits);
    if (its >= best_score_) return false;
    best_score_ = its;
    best_ = std::move(neighbour);
    return true;
  }

  const std::vector<policy::Limit>& original_;
  Evidence sample_;
  std::optional<Neighbour> best_;
  double best_score_ = 0.0;
};

}  // namespace

std::optional<Likeness> find_likeness(const Evidence& evidence, const Verification& found) {
  if (found.findings.disagree == 0) return std::nullopt;
  const auto best = Search(evidence, sample_of(evidence, found)).best();
  if (!best) return std::nullopt;
  Evidence as_that = evidence;
  as_that.limits = best->limits;
  const Verification like = verify(as_that);
  const std::uint64_t disagree = like.findings.disagree;
  if (disagree * clearly_most > found.findings.disagree) return std::nullopt;
  return Likeness{best->words, disagree, like.offset};
}

}  // namespace weir::oracle
