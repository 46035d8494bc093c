#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "oracle/belief.hpp"

namespace weir::oracle {

/// One of the observations that were under way together, and when it was decided; or when it ended,
/// where that changes anything.
struct InFlight {
  const Observation* observation = nullptr;
  std::uint32_t number = 0;
  bool is_end = false;
  /// In real time, which their order goes by, and as the limiter's clock may have shown it.
  TimeSpan real;
  TimeSpan span;
  TimeSpan wide;
  Instant answered;
  Sight sight;

  Decision decision() const { return {*observation, span, answered, is_end, wide}; }
};

/// Finds the orders in which a gateway may have decided requests that were under way together.
///
/// Of requests that ask and got the same, which came first makes no difference; so they are taken
/// in the order of their beginnings, with their ends in order too, which every true order fits.
class OrderSearch {
 public:
  explicit OrderSearch(Belief& belief) : belief_(belief) {}

  enum class Found { explained, unexplained, too_many };
  /// What may be after all of them, in `after`; what each is worth, in its sight.
  Found run(const Particles& before, std::span<InFlight> requests, Particles& after);

 private:
  /// Requests that ask the same and got the same, by number, in order.
  struct Kind {
    std::vector<std::size_t> requests;
    /// Of ends: where the decisions are that come before, and how many ends need none of those.
    std::optional<std::size_t> decisions;
    std::size_t ahead = 0;
  };
  /// By kind, how many have been decided.
  using Node = std::vector<std::uint16_t>;
  using Front = std::map<Node, Particles>;

  void sort_into_kinds(std::span<InFlight> requests);
  void find_decisions_of_ends(std::span<const InFlight> requests);
  bool may_be_next(const Node& node, std::size_t kind, std::span<const InFlight> requests) const;
  Found advance(std::span<InFlight> requests, Front& front);
  void drop(Front& front);
  void share_told(std::span<InFlight> requests) const;

  Belief& belief_;
  std::vector<Kind> kinds_;
};

}  // namespace weir::oracle
