#include "load/curl_engine.hpp"

#include <vector>

#include "load/curl_loop.hpp"
#include "load/curl_transfer.hpp"

namespace weir::load {
namespace {

// libcurl writes the head of a request and its body one after the other. Over HTTP/2 a server may
// answer between them and then end the stream; libcurl 7.88 loses such an answer if it reads both
// at once. It does not over TLS, which it reads record by record.
CurlLoop::Settings loop_settings(const EngineContext& context) {
  const bool is_at_risk =
      context.requests.has_body() && presumes_http2(context.requests.url(), context.target);
  return {.connections = context.connections, .gathers_writes = is_at_risk};
}

class CurlEngine final : public Engine {
 public:
  explicit CurlEngine(const EngineContext& context)
      : context_(context),
        addresses_(context.requests.url(), context.target),
        loop_(context.loop, loop_settings(context), [this] { take_ended(); }),
        shared_{.context = context_,
                .loop = loop_,
                .addresses = addresses_,
                .is_http2_presumed = presumes_http2(context.requests.url(), context.target)} {}

  ~CurlEngine() override {
    for (const auto& transfer : transfers_) {
      if (transfer->is_busy()) loop_.cancel(transfer->easy());
    }
  }

  bool can_send() const override { return busy_ < context_.connections; }

  void send(ExchangeId exchange, const RenderedRow& row) override {
    if (idle_.empty()) {
      idle_.push_back(transfers_.emplace_back(std::make_unique<CurlTransfer>(shared_)).get());
    }
    CurlTransfer& transfer = *idle_.back();
    idle_.pop_back();
    ++busy_;
    transfer.prepare(exchange, row);
    loop_.begin(transfer.easy());
  }

  void end_overdue(Instant now) override {
    if (is_handing_over_) return;
    is_handing_over_ = true;
    // By index: whoever hears of an end may begin another exchange.
    for (std::size_t i = 0; i < transfers_.size(); ++i) {
      CurlTransfer& transfer = *transfers_[i];
      if (!transfer.is_busy()) continue;
      if (const auto failure = transfer.overdue(now)) {
        loop_.cancel(transfer.easy());
        transfer.end_overdue(*failure, context_.clock.now());
        hand_over(transfer);
      }
    }
    is_handing_over_ = false;
  }

  std::uint64_t connections_opened() const override { return opened_; }

 private:
  /// All that have ended get the same instant: they have not ended later because others were heard
  /// first. What ends meanwhile comes next.
  void take_ended() {
    if (is_handing_over_) return;
    is_handing_over_ = true;
    do {
      const Instant at = context_.clock.now();
      ended_.clear();
      while (const auto ended = loop_.take_ended()) {
        CurlTransfer& transfer = CurlTransfer::of(ended->easy);
        if (transfer.turn_back()) {
          loop_.begin(transfer.easy());
        } else {
          transfer.end(ended->result, at);
          ended_.push_back(&transfer);
        }
      }
      for (CurlTransfer* transfer : ended_) hand_over(*transfer);
    } while (!ended_.empty());
    is_handing_over_ = false;
  }

  /// The transfer is not used again before the handler has returned: it may send, and then still
  /// look at the reply.
  void hand_over(CurlTransfer& transfer) {
    --busy_;
    opened_ += transfer.connections_opened();
    context_.replies.replied(transfer.exchange(), transfer.reply());
    idle_.push_back(&transfer);
  }

  EngineContext context_;
  CurlAddresses addresses_;
  CurlLoop loop_;
  CurlShared shared_;
  std::vector<std::unique_ptr<CurlTransfer>> transfers_;
  std::vector<CurlTransfer*> idle_;
  /// Of take_ended().
  std::vector<CurlTransfer*> ended_;
  std::size_t busy_ = 0;
  bool is_handing_over_ = false;
  std::uint64_t opened_ = 0;
};

}  // namespace

std::unique_ptr<Engine> make_curl_engine(const EngineContext& context) {
  return std::make_unique<CurlEngine>(context);
}

}  // namespace weir::load
