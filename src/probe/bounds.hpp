#pragma once

#include <cstdint>
#include <vector>

namespace weir::probe {

/// Which event of which history, by number.
struct EventId {
  std::uint32_t key = 0;
  std::uint32_t event = 0;
};

/// What observations say of one number: that it is above some bounds, and not above others.
class Bounds {
 public:
  void above(double bound, EventId because) { lower_.push_back({bound, because}); }
  void at_most(double bound, EventId because) { upper_.push_back({bound, because}); }
  bool empty() const { return lower_.empty() && upper_.empty(); }

  /// Where the fewest bounds are broken.
  struct Best {
    double least = 0.0;
    double most = 0.0;
    std::size_t broken = 0;
  };
  /// Within (least, most]; the widest such stretch.
  Best best(double least, double most) const;
  /// What breaks a value.
  std::vector<EventId> broken_by(double value) const;

 private:
  struct Bound {
    double value;
    EventId because;
  };
  std::vector<Bound> lower_;
  std::vector<Bound> upper_;
};

}  // namespace weir::probe
