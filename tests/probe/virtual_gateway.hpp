#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "policy/keyed_limiter.hpp"
#include "probe/experiment.hpp"

namespace weir::probe {

/// A gateway on a virtual clock, behind a network that takes about `leg` each way.
struct VirtualSetup {
  /// Limits that hold together, as on the command line; none for no limit.
  std::vector<std::string> limits;
  Duration leg = Duration::from_us(200);
  /// How long what is admitted is served.
  Duration service;
  /// What the gateway's clock shows more than the client's.
  Duration clock_offset;
  /// Which key candidates matter, of how many; all without.
  std::vector<bool> keyed_by = {true};
  Budget budget;
  /// How many values the keys have.
  std::uint64_t fresh_keys = 1'000'000;
  std::uint64_t seed = 1;
};

class VirtualGateway final : public Target {
 public:
  explicit VirtualGateway(VirtualSetup setup);

  std::vector<Sighting> run(const Experiment& experiment) override;
  Instant now() const override { return now_; }
  std::uint64_t requests_left() const override { return setup_.budget.max_requests - used_; }
  Duration time_left() const override { return begin_ + setup_.budget.max_time - now_; }
  std::uint64_t max_per_second() const override { return setup_.budget.max_per_second; }
  Stop stopped() const override { return stop_; }
  std::size_t candidates() const override { return setup_.keyed_by.size(); }
  std::uint64_t fresh_keys_left() const override { return setup_.fresh_keys; }
  /// How many requests were sent.
  std::uint64_t used() const { return used_; }
  /// The most that were sent within a second.
  std::uint64_t most_in_a_second() const;

 private:
  struct Happening;
  struct Running;
  Duration leg();
  policy::KeyIndex key_of(const KeyNumbers& numbers);
  void decide(Running& running, const Happening& happening);

  VirtualSetup setup_;
  RandomSequence draws_;
  Instant begin_;
  Instant now_;
  std::uint64_t used_ = 0;
  Stop stop_ = Stop::none;
  std::vector<std::unique_ptr<policy::KeyedLimiter>> limiters_;
  std::map<KeyNumbers, policy::KeyIndex> keys_;
  std::vector<Instant> sent_;
};

}  // namespace weir::probe
