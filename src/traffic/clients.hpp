#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "core/random.hpp"
#include "traffic/adaptive_throttle.hpp"
#include "traffic/client_gate.hpp"
#include "traffic/plan.hpp"

namespace weir::traffic {

/// Whether something is remembered of each client: that it waits, or how it fared.
bool gathers_by_client(const OnDenied& on_denied);

/// What the clients of each class of traffic do when they are denied, when they have been answered,
/// and when they are tired of waiting. All draws depend on the operation alone.
class Clients {
 public:
  explicit Clients(const Plan& plan);

  /// Whether the client itself refuses to send (adaptive throttling); counts it as a request.
  bool refuses(const RequestBlock& block, std::size_t row);
  bool is_throttled(std::uint16_t traffic_class) const {
    return classes_[traffic_class].throttles != nullptr;
  }
  /// A request of that client was admitted, and the back end has not refused it.
  void accepted(const RequestBlock& block, std::size_t row);

  /// How long until an operation is tried again whose attempt has failed just now, its client
  /// having been told to wait so long, if at all; `no_wait` if it gives up.
  struct Attempt {
    /// 1 for the operation's first, and how long it was waited for.
    std::uint32_t number = 1;
    Duration waited;
  };
  Duration wait(const RequestBlock& block, std::size_t row, Attempt failed, Duration told) const;

  /// The gate that the client of a request stands behind while it waits, if its class has one.
  struct Behind {
    ClientGate* gate = nullptr;
    std::uint32_t client = 0;
    explicit operator bool() const { return gate != nullptr; }
    bool is_closed() const { return gate != nullptr && gate->is_closed(client); }
  };
  Behind behind(const RequestBlock& block, std::size_t row);
  /// Hands out all that wait behind any client.
  template <class Take>
  void take_all_waiting(Take take) {
    for (auto& [column, gate] : gates_) gate->take_all(take);
  }

  /// When the client of an admitted request leaves, if it leaves at a time of its own choice.
  Instant leaves_at(const RequestBlock& block, std::size_t row, Instant admitted) const;
  /// What part of its service a client waits for that leaves in the middle of it, or all of it.
  Duration stays_for(const RequestBlock& block, std::size_t row, Duration service) const;
  bool may_leave(std::uint16_t traffic_class) const {
    return classes_[traffic_class].abandon->share > 0.0;
  }

  bool is_closed_model(std::uint16_t traffic_class) const {
    return classes_[traffic_class].pool != nullptr;
  }
  /// How long a client of the closed model thinks after an operation that took so long.
  Duration thinks(const RequestBlock& block, std::size_t row, Duration took) const;

 private:
  struct Class {
    const OnDenied* on_denied = nullptr;
    const Abandonment* abandon = nullptr;
    const ClientPool* pool = nullptr;
    const AdaptiveThrottle* throttle = nullptr;
    /// Where the attribute stands that says which client a request is of.
    std::size_t client_column = 0;
    ClientGate* gate = nullptr;
    std::vector<AdaptiveThrottleState>* throttles = nullptr;
    RandomStream retry{0}, throttling{0}, leaving{0}, leaving_after{0}, leaving_at{0}, thinking{0};
  };

  Class make_class(const Plan& plan, const ClassPlan& c);
  const Class& class_of(const RequestBlock& block, std::size_t row) const {
    return classes_[block.traffic_class[row]];
  }
  bool leaves(const Class& c, std::uint64_t operation) const;

  std::vector<Class> classes_;
  /// By column: classes of the same clients share them.
  std::map<std::size_t, std::unique_ptr<ClientGate>> gates_;
  /// By column, k and window: classes whose clients throttle themselves in the same way, too.
  std::map<std::tuple<std::size_t, double, Duration>, std::vector<AdaptiveThrottleState>>
      throttles_;
};

}  // namespace weir::traffic
