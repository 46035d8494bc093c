#include "gateway/builtin_answer.hpp"

#include <utility>

#include "gateway/alarms.hpp"
#include "gateway/answer_text.hpp"
#include "traffic/number_sampler.hpp"

namespace weir::gateway {
namespace {

struct PreparedAnswer {
  int status;
  std::string head;
  std::string body;
};

PreparedAnswer prepare(const BuiltinAnswerSpec& spec) {
  PreparedAnswer prepared{spec.status, "", spec.body};
  append_status_line(prepared.head, spec.status);
  const bool has_body = spec.status != 204 && spec.status != 304 && spec.status / 100 != 1;
  if (!has_body) prepared.body.clear();
  if (has_body) {
    prepared.head += "Content-Type: " + spec.content_type + "\r\n";
    append_length(prepared.head, prepared.body.size());
  }
  prepared.head += spec.headers;
  return prepared;
}

/// Answers after a while.
class LateAnswer final : public Answering {
 public:
  LateAnswer(Alarms& alarms, Instant at, const PreparedAnswer& answer, Asker& asker)
      : alarm_(alarms,
               [&answer, &asker] { asker.answer(answer.status, answer.head, answer.body); }) {
    alarm_.set(at);
  }

 private:
  Alarm alarm_;
};

class BuiltinAnswer final : public Backend {
 public:
  BuiltinAnswer(const BuiltinAnswerSpec& spec, const BackendParts& parts)
      : answer_(prepare(spec)),
        latency_(spec.latency),
        random_(RandomStream(spec.seed).named("latency").numbered(parts.thread)),
        alarms_(parts.alarms) {}

  BodyUse body_use(const RequestHead&) const override { return BodyUse::discard; }

  std::unique_ptr<Answering> start(Asker& asker) override {
    if (latency_) {
      const Duration latency = traffic::draw_duration(*latency_, random_, drawn_++);
      if (latency > Duration()) {
        return std::make_unique<LateAnswer>(alarms_, steady_now() + latency, answer_, asker);
      }
    }
    asker.answer(answer_.status, answer_.head, answer_.body);
    return nullptr;
  }

 private:
  PreparedAnswer answer_;
  std::optional<traffic::NumberDistribution> latency_;
  RandomStream random_;
  std::uint64_t drawn_ = 0;
  Alarms& alarms_;
};

}  // namespace

BackendFactory builtin_answer(BuiltinAnswerSpec spec) {
  return [spec = std::move(spec)](const BackendParts& parts) {
    return std::make_unique<BuiltinAnswer>(spec, parts);
  };
}

}  // namespace weir::gateway
