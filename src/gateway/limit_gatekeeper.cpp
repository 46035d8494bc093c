#include "gateway/limit_gatekeeper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/letter_case.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "gateway/answer_costs.hpp"
#include "gateway/denial.hpp"
#include "limiter/catalogue.hpp"
#include "limiter/parameter_text.hpp"

namespace weir::gateway {
namespace {

using Steady = std::chrono::steady_clock;

Duration since(Steady::time_point begin) {
  return Duration::from_ns(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Steady::now() - begin).count());
}

/// What an admitted request owes its limits, and the answer that says how much.
class LimitDebt final : public Debt {
 public:
  LimitDebt(std::vector<store::Owed> what, std::string whose,
            std::vector<std::optional<std::size_t>> cost_of_owed,
            std::vector<const scenario::Identification*> wanted)
      : owed(std::move(what)),
        partition(std::move(whose)),
        cost_of_owed_(std::move(cost_of_owed)),
        reads_(std::any_of(wanted.begin(), wanted.end(), [](const auto* w) { return w; })),
        costs_(std::move(wanted)) {}

  bool reads_answer() const override { return reads_; }
  void answer_begins(int, const boost::beast::http::fields& headers) override {
    if (reads_) costs_.begin(headers);
  }
  void answer_goes_on(std::string_view bytes) override {
    if (reads_) costs_.feed(bytes);
  }

  /// The real cost by element of `owed`; one that was not answered costs nothing.
  std::vector<std::optional<policy::Cost>> finish(int status) {
    const auto& told = costs_.finish();
    const bool has_failed = status == 0 || status >= 400;
    std::vector<std::optional<policy::Cost>> costs;
    for (const auto& cost : cost_of_owed_) {
      std::optional<policy::Cost>& real = costs.emplace_back();
      if (!cost) continue;
      real = told[*cost];
      if (!real && has_failed) real = 0;
    }
    return costs;
  }

  std::vector<store::Owed> owed;
  std::string partition;

 private:
  /// By element of `owed`, which cost it waits for; none where it waits for none.
  std::vector<std::optional<std::size_t>> cost_of_owed_;
  bool reads_;
  AnswerCosts costs_;
};

/// Whether a path has segments that mean another one.
bool may_be_another_path(std::string_view path) {
  const std::string lower = lower_case(path);
  for (const std::string_view part : {"/./", "/../", "//", "%2e", "%2f", "%5c", "\\"}) {
    if (lower.find(part) != std::string::npos) return true;
  }
  return lower.ends_with("/.") || lower.ends_with("/..");
}

}  // namespace

std::string words_of(const store::LimitDefinition& limit, policy::VariantIndex variant) {
  std::string text = limit.spec.algorithm;
  const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.spec.algorithm);
  for (const limiter::ParameterSpec& spec : info->parameters) {
    const auto& values = limit.variants[variant].values();
    const auto found = values.find(spec.name);
    if (found == values.end()) continue;
    const std::string value = limiter::parameter_text(found->second);
    if (value == spec.default_value) continue;
    text += fmt::format(" {}={}", spec.name, value);
  }
  return text;
}

/// A request while it is being decided.
struct LimitGatekeeper::Question {
  store::Ask ask;
  std::string accept;
  std::optional<boost::asio::ip::address> client;
  Steady::time_point begun;
};

LimitGatekeeper::LimitGatekeeper(std::shared_ptr<const Rules> rules, boost::asio::io_context& loop)
    : rules_(std::move(rules)), store_(rules_->store->make_client(loop)) {
  std::vector<std::string> names;
  for (const store::LimitDefinition& limit : rules_->policy.definition().limits) {
    names.push_back(limit.spec.name);
    LimitText& text = texts_.emplace_back();
    for (std::size_t v = 0; v < limit.variants.size(); ++v) {
      text.words.push_back(words_of(limit, static_cast<policy::VariantIndex>(v)));
    }
    text.status = rules_->denied_status.value_or(
        limiter::find_algorithm(limit.spec.algorithm)->denied_status);
  }
  counts_ = rules_->metrics->make_counts(std::move(names));
  needs_body_ = rules_->identifier.needs_body();
}

// The same id is the same request only where the same is asked for, by the same caller, at the same
// cost: otherwise one id would open the way for everything.
std::string LimitGatekeeper::request_id_of(const RequestView& request, std::string_view id) const {
  std::string text = fmt::format("{}\n{}\n{}", id, request.method, request.target);
  for (const std::string& value : values_.attributes) text += fmt::format("\n{}", value);
  for (const std::int64_t cost : values_.costs) text += fmt::format("\n{}", cost);
  return sha256_hex(text);
}

bool LimitGatekeeper::is_exempt(std::string_view path) const {
  // An upstream may take what such a path stands for.
  if (!rules_->exempt.empty() && may_be_another_path(path)) return false;
  return std::any_of(rules_->exempt.begin(), rules_->exempt.end(), [&](std::string_view pattern) {
    if (!pattern.ends_with('*')) return path == pattern;
    return path.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

bool LimitGatekeeper::decide(const RequestView& request, Admission& admission,
                             std::function<void(Admission&&)> decided) {
  const TrustedProxies& proxies = rules_->identifier.proxies();
  if (!proxies.empty()) admission.client = proxies.client_of(request);
  if (is_exempt(request.path())) {
    DecisionCounts::increment(counts_->exempt);
    return true;
  }
  Question question;
  question.begun = Steady::now();
  const auto accept = request.headers[boost::beast::http::field::accept];
  question.accept.assign(accept.data(), accept.size());
  const auto read = rules_->identifier.read(request, rules_->policy, values_);
  const auto asked =
      read ? rules_->policy.ask(values_, question.ask) : Parsed<bool>(tl::unexpected(read.error()));
  if (!asked) {
    refuse(question, asked.error(), admission);
    return true;
  }
  if (!rules_->request_id_header.empty()) {
    const auto id = request.headers[rules_->request_id_header];
    if (!id.empty()) question.ask.request_id = request_id_of(request, {id.data(), id.size()});
  }
  question.ask.now = rules_->clock.now();
  const auto store_begun = Steady::now();
  store::Said said;
  if (store_->decide_at_once(question.ask, said)) {
    counts_->store.add(since(store_begun));
    admit(question, std::move(said), admission);
    return true;
  }
  store::Ask ask = question.ask;
  question.client = admission.client;
  auto waiting = std::make_shared<Question>(std::move(question));
  store_->decide(std::move(ask),
                 [this, waiting, store_begun, decided = std::move(decided)](store::Said&& answer) {
                   counts_->store.add(since(store_begun));
                   Admission later;
                   later.client = waiting->client;
                   admit(*waiting, std::move(answer), later);
                   decided(std::move(later));
                 });
  return false;
}

void LimitGatekeeper::refuse(const Question& question, std::string reason, Admission& admission) {
  DecisionCounts::increment(counts_->unclear);
  admission.allowed = false;
  admission.status = 400;
  admission.denied_by = "unclear";
  DenialText text = write_denial(
      {.status = 400, .reason = std::move(reason), .limit = {}, .cost = {}, .wait = {}},
      question.accept, rules_->headers.style());
  admission.content_type = std::move(text.content_type);
  admission.body = std::move(text.body);
}

void LimitGatekeeper::admit(Question& question, store::Said&& said, Admission& admission) {
  using store::DecidedBy;
  const bool nobody_decided =
      said.by == DecidedBy::failure_allowed || said.by == DecidedBy::failure_denied ||
      said.by == DecidedBy::full_allowed || said.by == DecidedBy::full_denied;
  if (said.by == DecidedBy::repetition) DecisionCounts::increment(counts_->repeated);
  if (nobody_decided) DecisionCounts::increment(counts_->unavailable);
  const bool passes_anyway = !said.allowed && rules_->dry_run;
  rules_->headers.write(question.ask.limits, said, question.ask.now, !passes_anyway,
                        admission.headers);
  if (!said.allowed && !nobody_decided) {
    deny(question, said, admission);
  } else if (!said.allowed && !passes_anyway) {
    say_unavailable(question, said, admission);
  }
  if (passes_anyway) {
    DecisionCounts::increment(counts_->passed_anyway);
    admission.headers += "X-RateLimit-Dry-Run: denied\r\n";
  }
  admission.allowed = said.allowed || passes_anyway;
  DecisionCounts::increment(admission.allowed ? counts_->allowed : counts_->denied);
  if (said.allowed) {
    if (!rules_->dry_run) admission.delay = said.delay;
    if (!said.owed.empty()) admission.debt = debt_of(question, std::move(said));
  }
  counts_->decision.add(since(question.begun));
}

std::string LimitGatekeeper::reason_of(const store::LimitAsk& asked,
                                       const store::LimitSaid& said) const {
  const std::string& name = rules_->policy.definition().limits[asked.limit].spec.name;
  const std::string& words = texts_[asked.limit].words[asked.variant];
  if (asked.cost > 1 && asked.cost > said.quota.limit) {
    return fmt::format(
        "the request asks for {} of the limit \"{}\" ({}), which never admits as much",
        format_count(asked.cost), name, words);
  }
  return fmt::format("the limit \"{}\" ({}) is used up", name, words);
}

void LimitGatekeeper::deny(const Question& question, const store::Said& said,
                           Admission& admission) {
  // The first in the policy's order is the one that is named.
  for (std::size_t i = 0; i < said.limits.size(); ++i) {
    const store::LimitAsk& asked = question.ask.limits[i];
    const policy::LimitSpec& spec = rules_->policy.definition().limits[asked.limit].spec;
    if (said.limits[i].verdict.allowed || !spec.enforce) continue;
    DecisionCounts::increment(counts_->denied_by[asked.limit]);
    if (!admission.denied_by.empty()) continue;
    const LimitText& text = texts_[asked.limit];
    admission.denied_by = spec.name;
    admission.status = text.status;
    const auto cost = rules_->policy.cost_of(asked.limit);
    DenialText written =
        write_denial({.status = text.status,
                      .reason = reason_of(asked, said.limits[i]),
                      .limit = spec.name,
                      .cost = cost ? rules_->policy.costs()[*cost] : std::string(),
                      .wait = rules_->headers.wait(question.ask.limits, said, question.ask.now)},
                     question.accept, rules_->headers.style());
    admission.content_type = std::move(written.content_type);
    admission.body = std::move(written.body);
  }
}

void LimitGatekeeper::say_unavailable(const Question& question, const store::Said& said,
                                      Admission& admission) {
  const bool is_full = said.by == store::DecidedBy::full_denied;
  constexpr std::int64_t wait_s = 1;
  admission.status = 503;
  admission.denied_by = is_full ? "store full" : "store failure";
  admission.headers += fmt::format("Retry-After: {}\r\n", wait_s);
  DenialText text = write_denial({.status = 503,
                                  .reason = is_full ? "there is no room for another client just now"
                                                    : "the limits cannot be looked up just now",
                                  .limit = {},
                                  .cost = {},
                                  .wait = Duration::from_seconds(wait_s)},
                                 question.accept, rules_->headers.style());
  admission.content_type = std::move(text.content_type);
  admission.body = std::move(text.body);
}

std::unique_ptr<Debt> LimitGatekeeper::debt_of(Question& question, store::Said&& said) const {
  const auto& places = rules_->identifier.places().costs;
  std::vector<const scenario::Identification*> wanted(places.size(), nullptr);
  std::vector<std::optional<std::size_t>> cost_of_owed;
  for (const store::Owed& owed : said.owed) {
    const auto cost = owed.is_late ? rules_->policy.cost_of(owed.ask.limit) : std::nullopt;
    cost_of_owed.push_back(cost);
    if (cost) wanted[*cost] = &places[*cost];
  }
  return std::make_unique<LimitDebt>(std::move(said.owed), std::move(question.ask.partition),
                                     std::move(cost_of_owed), std::move(wanted));
}

void LimitGatekeeper::end(std::unique_ptr<Debt> debt, const AnswerEnd& end) {
  auto& mine = static_cast<LimitDebt&>(*debt);
  store::Ended ended{.now = rules_->clock.now(),
                     .partition = std::move(mine.partition),
                     .dropped = end.dropped,
                     .costs = mine.finish(end.status)};
  for (std::size_t i = 0; i < mine.owed.size(); ++i) {
    if (!mine.owed[i].is_late || ended.costs[i]) continue;
    DecisionCounts::increment(counts_->cost_unknown);
  }
  store_->end(std::move(mine.owed), std::move(ended));
}

}  // namespace weir::gateway
