#include "gateway/openai_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/random.hpp"
#include "gateway/alarms.hpp"
#include "gateway/answer_text.hpp"
#include "gateway/openai_text.hpp"
#include "traffic/number_sampler.hpp"

namespace weir::gateway {
namespace {

using boost::beast::http::verb;

/// Of all choices of an answer.
constexpr std::int64_t most_tokens = 1'000'000;

void answer_json(Asker& asker, int status, const std::string& body, std::string_view lines = "") {
  std::string head;
  append_status_line(head, status);
  head.append("Content-Type: application/json\r\n").append(lines);
  append_length(head, body.size());
  asker.answer(status, head, body);
}

/// An answer that takes its time: as a whole at the end, or token by token.
class OpenAiAnswering final : public Answering {
 public:
  OpenAiAnswering(Asker& asker, Alarms& alarms, OpenAiRequest request, OpenAiAnswerFacts facts,
                  Duration first, Duration each)
      : asker_(asker),
        request_(std::move(request)),
        facts_(std::move(facts)),
        next_at_(steady_now() + first),
        each_(each),
        alarm_(alarms, [this] { go_on(); }) {}

  void begin() {
    if (!request_.is_streamed) {
      const bool has_tokens = request_.task != OpenAiTask::embedding;
      alarm_.set(next_at_ + each_ * (has_tokens ? facts_.completion_tokens : 0));
      return;
    }
    token_event_ = openai_token_event(request_, facts_);
    asker_.begin({.status = 200,
                  .lines = "Content-Type: text/event-stream\r\nCache-Control: no-cache\r\n",
                  .length = std::nullopt,
                  .has_date = false,
                  .fields = nullptr});
    asker_.go_on(openai_first_event(request_, facts_));
    alarm_.set(next_at_);
  }

  void client_took() override { go_on(); }

 private:
  void go_on() {
    if (has_ended_) return;
    if (!request_.is_streamed) {
      has_ended_ = true;
      return answer_json(asker_, 200, openai_answer_text(request_, facts_));
    }
    const Instant now = steady_now();
    while (said_ < facts_.completion_tokens) {
      // The client, or the clock, tells when it goes on.
      if (asker_.is_full()) return;
      if (next_at_ > now) return alarm_.set(next_at_);
      asker_.go_on(token_event_);
      ++said_;
      next_at_ += each_;
    }
    has_ended_ = true;
    asker_.go_on(openai_last_events(request_, facts_));
    asker_.end();
  }

  Asker& asker_;
  OpenAiRequest request_;
  OpenAiAnswerFacts facts_;
  std::string token_event_;
  std::int64_t said_ = 0;
  bool has_ended_ = false;
  Instant next_at_;
  Duration each_;
  Alarm alarm_;
};

class OpenAiBackend final : public Backend {
 public:
  OpenAiBackend(const OpenAiSpec& spec, const BackendParts& parts)
      : spec_(spec),
        alarms_(parts.alarms),
        random_(RandomStream(spec.seed).named("openai").numbered(parts.thread)) {}

  BodyUse body_use(const RequestHead&) const override { return BodyUse::gather; }

  std::unique_ptr<Answering> start(Asker& asker) override {
    const std::string_view target = asker.head().target();
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == "/v1/models") {
      return expect(asker, verb::get) ? say(asker, 200, openai_models_text()) : nullptr;
    }
    const auto task = task_of(path);
    if (!task) {
      return say(asker, 404,
                 openai_error_text({404, fmt::format("Unknown request URL: {}", path), ""}));
    }
    if (!expect(asker, verb::post)) return nullptr;
    auto request = read_openai_request(*task, asker.body());
    if (!request) return say(asker, request.error().status, openai_error_text(request.error()));
    return begin(asker, std::move(*request));
  }

 private:
  static std::optional<OpenAiTask> task_of(std::string_view path) {
    if (path == "/v1/chat/completions") return OpenAiTask::chat;
    if (path == "/v1/completions") return OpenAiTask::completion;
    if (path == "/v1/embeddings") return OpenAiTask::embedding;
    return std::nullopt;
  }

  static std::unique_ptr<Answering> say(Asker& asker, int status, const std::string& body) {
    answer_json(asker, status, body);
    return nullptr;
  }

  /// Whether that is the method; answers if not.
  static bool expect(Asker& asker, verb method) {
    const verb found = asker.head().method();
    if (found == method || (method == verb::get && found == verb::head)) return true;
    answer_json(asker, 405, openai_error_text({405, "This method is not allowed on this URL.", ""}),
                method == verb::get ? "Allow: GET, HEAD\r\n" : "Allow: POST\r\n");
    return false;
  }

  std::int64_t draw(const traffic::NumberDistribution& distribution, std::string_view name) const {
    return traffic::to_whole_number(
        traffic::draw_number(distribution, random_.named(name), answers_));
  }

  std::unique_ptr<Answering> begin(Asker& asker, OpenAiRequest request) {
    ++answers_;
    OpenAiAnswerFacts facts;
    facts.id =
        fmt::format("{}-{:016x}{:08x}", request.task == OpenAiTask::chat ? "chatcmpl" : "cmpl",
                    random_.named("id").bits(answers_), answers_ & 0xffffffffU);
    facts.created = static_cast<std::int64_t>(std::time(nullptr));
    facts.prompt_tokens =
        spec_.prompt_tokens ? draw(*spec_.prompt_tokens, "prompt") : (request.text_bytes + 3) / 4;
    facts.completion_tokens = std::clamp<std::int64_t>(draw(spec_.completion_tokens, "completion"),
                                                       1, most_tokens / request.choices);
    if (request.max_tokens && *request.max_tokens < facts.completion_tokens) {
      facts.completion_tokens = *request.max_tokens;
      facts.is_cut = true;
    }
    Duration first;
    if (spec_.latency) first = traffic::draw_duration(*spec_.latency, random_, answers_);
    const bool is_at_once =
        !request.is_streamed && first <= Duration() && spec_.time_per_token <= Duration();
    if (is_at_once) return say(asker, 200, openai_answer_text(request, facts));
    auto answering = std::make_unique<OpenAiAnswering>(
        asker, alarms_, std::move(request), std::move(facts), first, spec_.time_per_token);
    answering->begin();
    return answering;
  }

  OpenAiSpec spec_;
  Alarms& alarms_;
  RandomStream random_;
  std::uint64_t answers_ = 0;
};

}  // namespace

BackendFactory openai_answer(OpenAiSpec spec) {
  return [spec = std::move(spec)](const BackendParts& parts) {
    return std::make_unique<OpenAiBackend>(spec, parts);
  };
}

}  // namespace weir::gateway
