#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/alarms.hpp"
#include "gateway/backend.hpp"
#include "gateway/counters.hpp"
#include "gateway/response_reader.hpp"
#include "gateway/upstream_head.hpp"
#include "gateway/upstream_pool.hpp"
#include "gateway/upstream_spec.hpp"

namespace weir::gateway {

/// A request on its way to the upstream, and its answer on the way back.
class UpstreamExchange final : public Answering, private UpstreamConnection::User {
 public:
  UpstreamExchange(const UpstreamSpec& spec, const BackendParts& parts, UpstreamPool& pool,
                   Asker& asker);
  ~UpstreamExchange() override;

  void begin();

 private:
  // ---- What the client sends
  void take_body(std::string_view bytes) override;
  void body_ended() override;
  bool has_room() const override;
  void client_took() override;

  // ---- What the upstream sends
  void connection_changed() override;
  void read_on();
  void take(std::string_view bytes);
  /// Takes what it can from the front.
  void take_answer(std::string_view& bytes);
  void take_head(std::string_view& rest);
  void begin_reader();
  void answer_complete(bool is_reusable);

  // ---- Connections
  bool use_idle();
  /// To the endpoint after the last one that was tried, and so on.
  void connect();
  void connected();
  void send_request();
  bool try_again();

  void set_deadline();
  void overdue();
  /// The upstream has closed the connection, or it broke.
  void stream_ended();
  void fail(UpstreamFailure why);
  bool has_ended() const { return connection_ == nullptr; }

  /// Where the answer's body goes.
  class Sink final : public BodySink {
   public:
    explicit Sink(UpstreamExchange& exchange) : exchange_(exchange) {}
    void take_body(std::string_view bytes) override;

   private:
    UpstreamExchange& exchange_;
  };

  const UpstreamSpec& spec_;
  BackendParts parts_;
  UpstreamPool& pool_;
  Asker& asker_;
  const BodyFraming framing_;
  const bool is_head_;
  const bool is_idempotent_;
  std::string request_;
  std::unique_ptr<UpstreamConnection> connection_;
  bool is_reused_ = false;
  bool passed_body_ = false;
  bool body_done_ = false;
  bool is_connected_ = false;
  bool has_begun_ = false;
  bool is_tunnel_ = false;
  bool is_reading_ = false;
  std::size_t endpoint_ = 0;
  Sink sink_;
  ResponseHead head_;
  std::optional<ResponseReader> reader_;
  std::string in_;
  Instant progress_;
  Alarm deadline_;
  Alarm go_on_;
};

}  // namespace weir::gateway
