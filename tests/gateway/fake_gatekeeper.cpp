#include "gateway/fake_gatekeeper.hpp"

#include <thread>
#include <utility>

namespace weir::gateway {

class GatekeeperScript::Owed final : public Debt {
 public:
  explicit Owed(bool reads) : reads_(reads) {}
  bool reads_answer() const override { return reads_; }
  void answer_begins(int status, const boost::beast::http::fields& headers) override {
    read.status_read = status;
    read.content_type_read = headers["Content-Type"];
  }
  void answer_goes_on(std::string_view bytes) override { read.body_read.append(bytes); }

  EndedRequest read;

 private:
  bool reads_;
};

class GatekeeperScript::Keeper final : public Gatekeeper {
 public:
  Keeper(GatekeeperScript& script, boost::asio::io_context& loop) : script_(script), loop_(loop) {}

  bool needs_body() const override { return script_.needs_body; }

  bool decide(const RequestView& request, Admission& admission,
              std::function<void(Admission&&)> decided) override {
    SeenRequest seen{std::string(request.method), std::string(request.target),
                     std::string(request.headers["Host"]), std::string(request.body),
                     request.peer.has_value()};
    script_.add_seen(seen);
    if (script_.late_rule) {
      const auto pass_on = [this, decided](Admission&& late) {
        owe(late);
        decided(std::move(late));
      };
      if (script_.late_rule(seen, loop_, pass_on)) return false;
    }
    if (script_.rule) admission = script_.rule(seen);
    owe(admission);
    return true;
  }

  void end(std::unique_ptr<Debt> debt, const AnswerEnd& end) override {
    EndedRequest ended = std::move(static_cast<Owed&>(*debt).read);
    ended.end = end;
    script_.add_ended(std::move(ended));
  }

 private:
  void owe(Admission& admission) const {
    if (admission.allowed && script_.owes) {
      admission.debt = std::make_unique<Owed>(script_.reads_answers);
    }
  }

  GatekeeperScript& script_;
  boost::asio::io_context& loop_;
};

GatekeeperFactory GatekeeperScript::factory() {
  return [this](boost::asio::io_context& loop) { return std::make_unique<Keeper>(*this, loop); };
}

std::vector<SeenRequest> GatekeeperScript::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::vector<EndedRequest> GatekeeperScript::wait_for_ended(std::size_t count) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(20), [&] { return ended_.size() >= count; });
  return ended_;
}

void GatekeeperScript::add_seen(SeenRequest request) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(std::move(request));
}

void GatekeeperScript::add_ended(EndedRequest ended) {
  const std::lock_guard lock(mutex_);
  ended_.push_back(std::move(ended));
  changed_.notify_all();
}

bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace weir::gateway
