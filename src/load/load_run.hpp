#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/shard.hpp"
#include "load/engine.hpp"
#include "load/live_record.hpp"
#include "load/load_control.hpp"
#include "load/request_template.hpp"
#include "load/run_clock.hpp"
#include "load/status_meaning.hpp"
#include "load/witness.hpp"
#include "metrics/outcome.hpp"
#include "scenario/model.hpp"
#include "scenario/run_plan.hpp"

namespace weir::load {

struct RunOptions {
  /// 0: one a processor, at most one a connection.
  unsigned threads = 0;
  /// Instead of the scenario's target, or of a part of it: see override_url().
  std::string target = {};
  /// The policy that is believed to run there, by name; empty for all. The traffic stays that of
  /// all, as in a simulation.
  std::string policy = {};
  /// Whether generated values carry a nonce, so that no gateway has met them before.
  bool fresh_keys = false;
  /// Whether who hears of the attempts wants the answers' texts.
  bool keeps_answers = false;
  bool skip_bad_rows = false;
  /// The part of the traffic to send; all of it if there is none.
  std::optional<Shard> shard = {};
};

/// A scenario made ready to be sent to a real gateway: traffic planned, requests written as far as
/// they can be, secrets read.
class LoadRun {
 public:
  static tl::expected<LoadRun, scenario::Refusal> prepare(const scenario::Scenario& scenario,
                                                          const RunOptions& options);

  /// Whether the target can be reached at all, and whether this machine has enough file
  /// descriptors; sends no request.
  Result<void> reach();

  /// Sends the traffic, to its end or until it is stopped.
  metrics::Outcome run(LoadControl& control);

  /// From now on somebody hears of every attempt; to be called before run().
  void tell(Witness& witness) { witness_ = &witness; }
  const Columns& columns() const { return plan_->traffic.columns(); }

  /// How the run goes, for somebody who watches.
  LiveGlance glance() { return record_->glance(); }

  const std::string& url() const { return url_text_; }
  const StatusMeanings& meanings() const { return *meanings_; }
  /// The attributes that together are a key of the report.
  std::vector<std::string> key_attributes() const;

 private:
  LoadRun() = default;

  std::vector<std::size_t> key_columns(const std::vector<std::string>& fairness_by,
                                       const std::vector<policy::PolicySpec>& policies) const;
  std::vector<std::optional<std::size_t>> client_columns() const;
  std::vector<std::atomic<std::int64_t>> cost_caps() const;
  bool takes_native() const;
  std::unique_ptr<Engine> make_engine(const EngineContext& context) const;
  metrics::Outcome outcome_of(const RunClock& clock, LoadControl& control,
                              std::uint64_t connections, Instant ended,
                              const std::string& ended_by);

  scenario::TargetSpec target_;
  /// Others refer to it and to what it holds, wherever the run itself is moved to.
  std::unique_ptr<scenario::RunPlan> plan_;
  std::optional<RequestTemplate> requests_;
  std::optional<StatusMeanings> meanings_;
  std::unique_ptr<LiveRecord> record_;
  std::vector<std::size_t> key_columns_;
  std::optional<Shard> shard_;
  std::uint64_t seed_ = 1;
  unsigned threads_ = 1;
  std::string nonce_;
  bool fresh_keys_ = false;
  bool keeps_answers_ = false;
  std::string url_text_;
  Witness* witness_ = nullptr;
  /// Of the native engine.
  boost::asio::ip::tcp::endpoint endpoint_;
};

}  // namespace weir::load
