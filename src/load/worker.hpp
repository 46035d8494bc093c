#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "load/engine.hpp"
#include "load/flight.hpp"
#include "load/live_record.hpp"
#include "load/load_control.hpp"
#include "load/own_key_audit.hpp"
#include "load/witness.hpp"
#include "traffic/clients.hpp"
#include "traffic/closed_operations.hpp"
#include "traffic/lane.hpp"

namespace weir::load {

/// What all workers of a run share; all of it outlives them.
struct WorkerContext {
  const traffic::Plan& plan;
  const scenario::TargetSpec& target;
  const RequestTemplate& requests;
  const StatusMeanings& meanings;
  const RunClock& clock;
  LiveRecord& record;
  LoadControl& control;
  Budget& budget;
  /// Of the keys that the audit has to itself, which columns are replaced; empty: it has none.
  std::vector<std::size_t> key_columns;
  /// Ends the names of the audit's own keys.
  std::string nonce;
  /// By cost column: the most that may be sent; empty where that is not limited.
  std::vector<std::atomic<std::int64_t>>& costs_left;
  RandomStream audit_draws{0};
  /// Where several columns' values say which client a request is of, requests of one client belong
  /// to one worker.
  std::vector<std::optional<std::size_t>> client_column_of_class;
  unsigned workers = 1;
  /// The logical shards of the operations to send.
  traffic::ShardSet shards;
  /// Hears of every attempt; null: nobody does.
  Witness* witness = nullptr;
};

using MakeEngine = std::function<std::unique_ptr<Engine>(const EngineContext& context)>;

/// One thread of a live run: its share of the operations, on time, over its own connections; what
/// clients do when they are answered; and its share of the audit.
class Worker final : private ReplyHandler {
 public:
  Worker(const WorkerContext& context, unsigned index, const MakeEngine& make_engine);

  /// Runs to the end: until the traffic has ended and everything sent has been answered.
  void run();
  std::uint64_t connections_opened() const { return engine_->connections_opened(); }

 private:
  using End = LiveRecord::End;
  /// In the order in which they happen at one instant.
  enum class Event : std::uint8_t { retried, thought, audited };
  struct Pending {
    Instant at;
    std::uint64_t sequence = 0;
    Event event = Event::retried;
    /// A flight; or class and client.
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    bool operator>(const Pending& other) const {
      return std::tie(at, sequence) > std::tie(other.at, other.sequence);
    }
  };

  // ---- Time
  /// Does all that is due, and sees to it that the loop wakes up for what is due next.
  void go_on();
  void wake_at(Instant at);
  Instant next_due() const;
  void schedule(Instant at, Event event, std::uint32_t first, std::uint32_t second = 0);
  void happen(const Pending& pending);
  bool is_over() const;
  /// Nothing more is begun: the traffic or a budget has come to its end, or somebody said stop.
  void end_traffic();
  void drop_pending();
  void drop_line();

  // ---- Clients
  bool is_mine(const RequestBlock& block, std::size_t row) const;
  bool advance_traffic();
  void begin_clients();
  void think(std::uint16_t traffic_class, std::uint32_t client);
  void arrive(const RequestBlock& block, std::size_t row);
  void attempt(std::uint32_t id);
  void retry(std::uint32_t id);
  void react(std::uint32_t id, Instant end, Duration told);
  void open_gate(traffic::Clients::Behind behind);
  /// An operation that has begun goes to the line; or is over, with the traffic, if the budget is
  /// spent.
  bool enqueue_in_budget(std::uint32_t id);
  void over(std::uint32_t id, Instant end, End how);
  bool take_budget(const Flight& flight);
  bool take_costs(const RequestBlock& request);
  void give_back_budget(const Flight& flight);

  // ---- Sending
  void enqueue(std::uint32_t id);
  void serve_line();
  void send(std::uint32_t id);
  void give_up_sending(std::uint32_t id);
  void replied(ExchangeId exchange, const Reply& reply) override;
  void testify(const Flight& flight, const Reply& reply, Meaning meaning,
               const RateLimitReading& reading);
  void load_replied(std::uint32_t id, const Reply& reply, Meaning meaning,
                    const RateLimitReading& reading);

  // ---- The audit
  void consider_audit(std::uint32_t id, Instant end, Duration told, bool comes_back);
  void judge_promise(const Flight& flight, const Reply& reply, Meaning meaning);
  void begin_own_key(const RequestBlock& like);
  void own_key_step(std::uint32_t number, const OwnKeyAudit::Step& step, const RequestBlock& like);
  void audit_replied(std::uint32_t id, const Reply& reply, Meaning meaning,
                     const RateLimitReading& reading);

  WorkerContext context_;
  unsigned index_;
  boost::asio::io_context loop_;
  boost::asio::steady_timer timer_;
  Instant wakes_ = Instant::max();
  Instant next_check_ = Instant::min();
  std::unique_ptr<Engine> engine_;

  traffic::Lane lane_;
  const RequestBlock* block_ = nullptr;
  std::size_t row_ = 0;
  std::uint64_t arrivals_ = 0;
  bool has_traffic_ = true;
  std::priority_queue<Pending, std::vector<Pending>, std::greater<>> pending_;
  std::uint64_t sequence_ = 0;

  traffic::Clients clients_;
  FlightPool flights_;
  /// Those due that wait for a connection.
  std::deque<std::uint32_t> line_;
  std::size_t in_flight_ = 0;
  std::vector<std::unique_ptr<traffic::ClosedOperations>> closed_;
  std::vector<std::vector<std::uint64_t>> turns_;
  std::vector<OwnKeyAudit> own_keys_;
};

}  // namespace weir::load
