#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sim/backend.hpp"
#include "sim/fairness_record.hpp"
#include "sim/joint_decision.hpp"
#include "sim/lane_limit.hpp"
#include "sim/operation_pool.hpp"
#include "sim/pending_queue.hpp"
#include "sim/policy_run.hpp"
#include "traffic/clients.hpp"
#include "traffic/closed_operations.hpp"

namespace weir::sim {

/// Any policy, any clients, any back end. Arrivals come from the lane's blocks; what is pending is
/// only what may come back: operations to be tried again, requests on their way through limiters
/// and back end, clients that think. At one instant what has ended comes first, then what is tried
/// again, then what arrives. Everything that was admitted is followed to its end, beyond the run's
/// own end if need be; nothing is decided any more by then.
class EventRun final : public PolicyRun {
 public:
  explicit EventRun(const PolicyRunContext& context);

  void take(const RequestBlock& block) override;
  void advance(Instant until) override { run_until(until); }
  void finish() override;
  std::uint64_t generated() const override { return generated_; }

 private:
  /// In the order in which they happen at one instant.
  enum class Event : std::uint8_t { served, expired, left, released, retried, thought };
  /// A ticket; or limit and key; or class and client.
  struct Subject {
    std::uint32_t first = 0;
    std::uint32_t second = 0;
  };
  /// In front of a limit that lets requests wait for one key; also of one that only counts, and
  /// lets nobody wait.
  struct Line {
    struct Place {
      std::uint32_t slot = 0;
      /// Of the passage.
      std::uint32_t number = 0;
    };
    std::deque<Place> waiting;
    /// When it is looked at next, whether or not somebody has ended by then.
    Instant wakes = Instant::max();
  };
  using End = metrics::Recorder::End;
  using Answer = metrics::Recorder::Answer;

  // ---- Time.
  std::uint64_t due_at(Instant at, Event event) const;
  void schedule(Instant at, Event event, Subject subject);
  void schedule(Instant at, Event event, Ticket ticket) {
    schedule(at, event, Subject{ticket.slot, ticket.generation});
  }
  /// Does all that is due before an instant; false if the run was stopped.
  bool run_until(Instant end);
  bool is_stopped();
  void happen(Event event, Subject subject);

  // ---- Clients.
  void arrive(const RequestBlock& block, std::size_t row);
  /// One attempt of an operation that may not have a slot yet.
  void attempt(const RequestBlock& block, std::size_t row, Operation& operation,
               std::uint32_t slot);
  void denied(const RequestBlock& block, std::size_t row, Operation& operation, std::uint32_t slot);
  /// What the client does after a failed attempt, having been told to wait so long, if at all.
  void react(const RequestBlock& block, std::size_t row, Operation& operation, std::uint32_t slot,
             Duration told);
  void retry(std::uint32_t slot);
  /// Lets those go that gathered behind a client, until one of them has to wait.
  void open_gate(traffic::Clients::Behind behind);
  void think(Subject subject);
  /// An operation is over, at `end`.
  void over(const RequestBlock& block, std::size_t row, const Operation& operation,
            std::uint32_t slot, Instant end, End how);

  // ---- Admitted requests.
  bool must_follow(std::uint16_t traffic_class) const {
    return follows_ || clients_.may_leave(traffic_class);
  }
  void follow(std::uint32_t slot, Duration delay);
  void schedule_leaving(std::uint32_t slot);
  void stand_in_lines(std::uint32_t slot);
  /// What waits there, unless it has gone.
  Hold* find_waiting(std::uint32_t limit, Line::Place place);
  void wake_line(std::uint32_t limit, const policy::Charge& charge);
  void end_wait(std::uint32_t slot);
  void schedule_expiry(Line& line, std::uint32_t limit, policy::Charge charge);
  void enter_backend(std::uint32_t slot);
  void serve(std::uint32_t slot);
  Duration begin_service(std::uint32_t slot);
  void record_first_token(std::uint32_t slot);
  void refuse(std::uint32_t slot);
  void served(std::uint32_t slot);
  void leave_waiting(std::uint32_t slot);
  /// Gives back what the request holds and settles what it costs.
  void give_back(std::uint32_t slot, bool dropped);
  /// All that it costs if it was served to its end, nothing if it never was.
  std::int64_t actual_cost(std::uint32_t slot, const Hold& hold);
  void settle(const Hold& hold, std::int64_t actual);
  void add_time(Uint128& sum, Instant from, Instant to) const;

  PolicyRunContext context_;
  std::vector<LaneLimit> limits_;
  metrics::Recorder recorder_;
  JointDecision joint_;
  traffic::Clients clients_;
  OperationPool pool_;
  PendingQueue<Subject> pending_;
  std::optional<FairnessRecord> fairness_;
  std::optional<ServiceTimes> times_;
  std::optional<BackendSlots> slots_;
  /// By limit, then by key; only those in which somebody waits.
  std::vector<std::unordered_map<policy::KeyIndex, Line>> lines_;
  /// By class, for those of the closed model; and which operation each client is at.
  std::vector<std::unique_ptr<traffic::ClosedOperations>> closed_;
  std::vector<std::vector<std::uint64_t>> turns_;
  /// Whether every admitted request has something that happens only at its end.
  bool follows_ = false;
  bool draining_ = false;
  Instant origin_;
  Instant now_;
  std::uint64_t events_ = 0;
  /// Operations of the closed model.
  std::uint64_t generated_ = 0;
  std::uint32_t passages_ = 0;
};

}  // namespace weir::sim
