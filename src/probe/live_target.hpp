#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "core/columns.hpp"
#include "core/result.hpp"
#include "load/engine.hpp"
#include "load/load_control.hpp"
#include "load/rate_limit_headers.hpp"
#include "load/request_template.hpp"
#include "load/run_clock.hpp"
#include "load/witness.hpp"
#include "probe/answer_tally.hpp"
#include "probe/experiment.hpp"
#include "probe/key_places.hpp"
#include "probe/pace.hpp"

namespace weir::probe {

/// What a live target is made from.
struct LiveTargetSpec {
  /// With the keys in it: see put_keys().
  scenario::TargetSpec target;
  std::vector<KeyPlace> keys;
  /// What the first key takes its values from, one after another; empty: values are made up.
  std::vector<std::string> values;
  Budget budget;
  /// Values that are made up come from it: the same ones again with the same seed.
  std::uint64_t seed = 1;
};

/// A real gateway that experiments are made on over HTTP, from one thread. Connections are opened
/// before an experiment begins, no request is sent twice, and what answers told is kept.
class LiveTarget final : public Target, private load::ReplyHandler {
 public:
  /// One request, the values of its keys, and what became of it.
  struct Record {
    std::vector<ValueId> values;
    Instant sent;
    Instant first_byte;
    Instant ended;
    std::optional<bool> allowed;
    load::RateLimitReading reading;
    std::optional<Instant> date;
    /// 0: it was not answered.
    int status = 0;
  };

  /// Reads secrets; sends nothing. `control` stops it, and is told how it goes.
  static Result<std::unique_ptr<LiveTarget>> make(LiveTargetSpec spec, load::LoadControl& control);
  ~LiveTarget() override;

  /// Whether the target can be reached at all; sends no request.
  Result<void> reach();

  std::vector<Sighting> run(const Experiment& experiment) override;
  Instant now() const override { return clock_.now(); }
  std::uint64_t requests_left() const override { return spec_.budget.max_requests - sent_; }
  /// Of the time from the first experiment on.
  Duration time_left() const override;
  std::uint64_t max_per_second() const override { return spec_.budget.max_per_second; }
  Stop stopped() const override { return stop_; }
  std::size_t candidates() const override { return spec_.keys.size(); }
  std::uint64_t fresh_keys_left() const override;

  std::uint64_t requests_sent() const { return sent_; }
  /// When the first request was sent, on the wall clock; Instant::min() before.
  Instant began() const { return began_; }
  const AnswerTally& answers() const { return answers_; }
  /// How long most of the admitted requests took, or longer; 0 without any.
  Duration usual_service() const;
  /// Where requests go, without secrets.
  std::string url() const;
  std::string engine_name() const;
  /// Behind every value that is made up.
  const std::string& nonce() const { return nonce_; }
  /// The attributes are the keys, in their order.
  const Columns& columns() const { return columns_; }
  /// In the order of sending.
  const std::vector<Record>& records() const { return records_; }
  /// Tells a witness of every request that was answered, in the order of sending.
  void testify(load::Witness& witness) const;

 private:
  struct Run;
  LiveTarget(LiveTargetSpec spec, load::LoadControl& control);
  std::optional<ValueId> value_of(std::size_t key, std::uint32_t number);
  bool has_values_for(const KeyNumbers& key);
  void make_row(const KeyNumbers& key);

  void open_connections(const Experiment& experiment);
  void go_on();
  void send_what_is_due(Instant now);
  void send(std::size_t track);
  void step_on(std::size_t track, bool was_answered, Instant answered);
  void note_stop(Instant now);
  void end_what_is_in_flight();
  void wake_at(Instant at);
  void replied(load::ExchangeId exchange, const load::Reply& reply) override;
  bool is_held_back() const;
  void note_answer(const load::Reply& reply, Record& record);

  LiveTargetSpec spec_;
  load::LoadControl& control_;
  Columns columns_;
  std::optional<load::RequestTemplate> requests_;
  std::string nonce_;
  load::RunClock clock_;
  boost::asio::io_context loop_{1};
  boost::asio::steady_timer timer_{loop_};
  boost::asio::ip::tcp::endpoint endpoint_;
  std::unique_ptr<load::Engine> engine_;
  RequestBlock row_;

  /// By key and number, which value stands for it.
  std::vector<std::map<std::uint32_t, ValueId>> values_;
  std::size_t values_taken_ = 0;

  Pace pace_;
  Stop stop_ = Stop::none;
  std::uint64_t sent_ = 0;
  Instant began_ = Instant::min();
  Instant next_check_ = Instant::min();
  /// The experiment that is under way.
  std::unique_ptr<Run> run_;
  std::vector<Record> records_;

  AnswerTally answers_;
};

}  // namespace weir::probe
