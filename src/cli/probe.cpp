#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/Option.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/deliver_report.hpp"
#include "cli/interrupt.hpp"
#include "cli/load_options.hpp"
#include "cli/probe_scenario.hpp"
#include "core/text.hpp"
#include "probe/closest_product.hpp"
#include "probe/live_target.hpp"
#include "probe/probe.hpp"
#include "probe/told_truth.hpp"
#include "report/probe.hpp"

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;
using metrics::ProbeFacts;
using metrics::ProbeOutcome;

/// `weir probe`, its options parsed.
struct ProbeCommand {
  CommonOptions common;
  ReportFiles formats;
  LoadWords words;
  std::vector<std::string> keys;
  std::string values_file;
  std::string max_requests = "1000";
  std::string max_rate = "200/s";
  std::string max_time = "2m";
  std::string out;

  void add_to(CLI::App& command);
  int run();

 private:
  struct Prepared {
    std::vector<probe::KeyPlace> keys;
    probe::LiveTargetSpec spec;
  };

  Result<probe::Budget> budget() const;
  Result<scenario::TargetSpec> target_spec() const;
  Result<std::vector<std::string>> given_values() const;
  Result<std::uint64_t> seed() const;
  Result<Prepared> prepare() const;
  void announce(const Prepared& prepared, const probe::LiveTarget& target) const;
  Result<void> ensure_outputs() const;
  int probe(const Prepared& prepared, probe::LiveTarget& target);
  int write_out(const probe::ProbeResult& result, const ProbeOutcome& outcome,
                const Prepared& prepared, const probe::LiveTarget& target) const;
};

void ProbeCommand::add_to(CLI::App& command) {
  formats.add_to(command);
  command
      .add_option("--target,URL", words.target,
                  "What to probe: all of a URL that the limit is believed to hold for; or as "
                  "--target URL")
      ->type_name("URL");
  command
      .add_option("--key", keys,
                  "What the gateway may tell clients apart by: header:X-User, query:user, path:2, "
                  "body:/user, bearer, api-key; several are told apart")
      ->type_name("PLACE")
      ->allow_extra_args(false);
  command
      .add_option("--keys", values_file,
                  "Take the values of the first --key from this file, one a line: nobody else may "
                  "use them meanwhile")
      ->type_name("FILE");
  command.add_option("--max-requests", max_requests, "The most requests in all (1000)")
      ->type_name("N");
  command.add_option("--max-rate", max_rate, "The most requests in any second (200/s)")
      ->type_name("RATE");
  command.add_option("--max-time", max_time, "The longest that it may take (2m)")
      ->type_name("TIME");
  command
      .add_option("--out", out,
                  "Write what was found as a scenario that simulate, serve and verify take")
      ->type_name("FILE");
  words.add_request_to(command);
  command.get_option("--denied")
      ->description(
          "Statuses that mean denied (default 429; 403 and 503 too once one was allowed)");
  command
      .add_option("--seed", common.seed,
                  "Seed of the values that are made up (random): the same ones again")
      ->type_name("N");
  common.add_output_to(command);
  tell(command,
       {"It sends few requests and says beforehand how many at most. Keys are fresh ones for each "
        "experiment, so that what one leaves behind does not matter to the next; without --key it "
        "waits between them. Exit code 4: several limits would explain what was seen."},
       {{"Which limit holds for each X-User",
         "weir probe http://127.0.0.1:8080/ --key header:X-User"},
        {"Keep what was found, and prove it",
         "weir probe http://127.0.0.1:8080/ --key header:X-User --out found.json && weir verify "
         "found.json --target http://127.0.0.1:8080/"}});
}

// ---- What the options say

Result<std::uint64_t> at_least_one(const char* option, const std::string& text) {
  constexpr std::int64_t most = 1'000'000'000;
  const auto number = parse_integer(text);
  if (number && *number > 0 && *number <= most) return static_cast<std::uint64_t>(*number);
  return fail(ErrorKind::usage, fmt::format("{} {}: must be a whole number from 1 to {}", option,
                                            text, format_count(most)));
}

Result<probe::Budget> ProbeCommand::budget() const {
  probe::Budget budget;
  const auto requests = at_least_one("--max-requests", max_requests);
  if (!requests) return tl::unexpected(requests.error());
  budget.max_requests = *requests;
  const auto time = parse_duration(max_time);
  if (!time || *time <= Duration()) {
    return fail(ErrorKind::usage,
                fmt::format("--max-time {}: must be a time such as 2m", max_time));
  }
  budget.max_time = *time;
  const bool is_number = max_rate.find('/') == std::string::npos;
  const auto rate = parse_rate(is_number ? max_rate + "/s" : max_rate);
  if (!rate || rate->units == 0) {
    return fail(ErrorKind::usage, fmt::format("--max-rate {}: must be such as 50/s", max_rate));
  }
  // The budget counts by the second: a slower rate would have to be one of longer than that.
  const double per_second =
      static_cast<double>(rate->units) * 1e9 / static_cast<double>(rate->per.ns());
  if (per_second < 1.0) {
    return fail(ErrorKind::usage, fmt::format("--max-rate {}: must be at least 1/s", max_rate));
  }
  budget.max_per_second = static_cast<std::uint64_t>(std::min(per_second, 1e6));
  return budget;
}

Result<scenario::TargetSpec> ProbeCommand::target_spec() const {
  const auto load = common.load_options("", words.overrides());
  if (!load) return tl::unexpected(load.error());
  const Json document = {
      {"name", "probe"},
      {"duration", "1s"},
      {"policy", {{"limits", Json::array()}}},
      {"traffic", Json::array({{{"name", "probe"},
                                {"arrivals", {{"process", "constant"}, {"rate", "1/s"}}}}})},
      {"target", {{"url", words.target}}}};
  auto scenario = scenario::read_scenario(document, *load);
  if (scenario) return std::move(*scenario->target);
  std::string message;
  for (const Problem& problem : by_option(scenario.error())) {
    message +=
        fmt::format("{}{}: {}", message.empty() ? "" : "; ", problem.pointer, problem.message);
  }
  return fail(ErrorKind::usage, message);
}

Result<std::vector<std::string>> ProbeCommand::given_values() const {
  std::vector<std::string> values;
  if (values_file.empty()) return values;
  const auto text = read_file(values_file);
  if (!text) return fail(text.error().kind, "--keys " + text.error().message);
  for (std::size_t begin = 0; begin < text->size();) {
    const std::size_t end = std::min(text->find('\n', begin), text->size());
    std::string line = text->substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty() && std::find(values.begin(), values.end(), line) == values.end()) {
      values.push_back(std::move(line));
    }
    begin = end + 1;
  }
  if (values.empty()) {
    return fail(ErrorKind::cannot_run,
                fmt::format("--keys {}: there is no value in it", values_file));
  }
  return values;
}

Result<std::uint64_t> ProbeCommand::seed() const {
  // As long as people type.
  if (common.seed.empty()) return std::random_device()() % 1'000'000'000;
  const auto number = parse_integer(common.seed);
  if (number && *number >= 0) return static_cast<std::uint64_t>(*number);
  return fail(ErrorKind::usage,
              fmt::format("--seed {}: must be a whole number of at least 0", common.seed));
}

Result<ProbeCommand::Prepared> ProbeCommand::prepare() const {
  if (words.target.empty()) {
    return fail(ErrorKind::usage, "probe: name a --target URL (see --help)");
  }
  if (!values_file.empty() && keys.empty()) {
    return fail(ErrorKind::usage, "--keys: say with --key where its values go: --key bearer");
  }
  Prepared prepared;
  auto places = probe::parse_key_places(keys);
  if (!places) return tl::unexpected(places.error());
  prepared.keys = std::move(*places);
  auto target = target_spec();
  if (!target) return tl::unexpected(target.error());
  if (const auto put = probe::put_keys(prepared.keys, *target); !put) {
    return tl::unexpected(put.error());
  }
  auto values = given_values();
  if (!values) return tl::unexpected(values.error());
  const auto budget = this->budget();
  if (!budget) return tl::unexpected(budget.error());
  const auto seed = this->seed();
  if (!seed) return tl::unexpected(seed.error());
  prepared.spec = {std::move(*target), prepared.keys, std::move(*values), *budget, *seed};
  return prepared;
}

// ---- On standard error

std::string places_in_words(const std::vector<probe::KeyPlace>& keys) {
  std::string text;
  for (const probe::KeyPlace& key : keys) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", key.where.text);
  }
  return text;
}

void ProbeCommand::announce(const Prepared& prepared, const probe::LiveTarget& target) const {
  if (common.quiet) return;
  const probe::Budget& budget = prepared.spec.budget;
  std::string whom = "without a key, so that it has to wait between experiments";
  if (!prepared.keys.empty()) {
    whom = fmt::format("with values {} in {}",
                       prepared.spec.values.empty() ? "of its own" : "from " + values_file,
                       places_in_words(prepared.keys));
  }
  fmt::print(stderr,
             "weir: about to send at most {} requests to {}, never more than {} in a second, for "
             "at most {}, {}\n",
             format_count(static_cast<std::int64_t>(budget.max_requests)), target.url(),
             format_count(static_cast<std::int64_t>(budget.max_per_second)),
             format_duration(budget.max_time), whom);
}

/// A line that says which experiment is under way, if standard error is a terminal.
class ProgressLine {
 public:
  ProgressLine(bool enabled, const probe::LiveTarget& target)
      : enabled_(enabled && isatty(STDERR_FILENO) == 1), target_(target) {}
  ~ProgressLine() {
    if (enabled_) fmt::print(stderr, "\r\x1b[K");
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const ProbeFacts::Experiment& experiment) const {
    if (!enabled_) return;
    fmt::print(stderr, "\r\x1b[K{} requests, {} left: {}", target_.requests_sent(),
               format_duration_short(target_.time_left()), experiment.name);
    std::fflush(stderr);
  }

 private:
  bool enabled_;
  const probe::LiveTarget& target_;
};

// ---- The outcome

std::vector<std::string> family_names(load::HeaderFamilies families) {
  std::vector<std::string> names;
  for (std::size_t f = 0; f < load::header_family_count; ++f) {
    const auto family = static_cast<load::HeaderFamily>(f);
    if (families.has(family)) names.emplace_back(load::name_of(family));
  }
  return names;
}

template <class Counts>
std::string names_of(const Counts& counts) {
  std::string text;
  for (const auto& [name, count] : counts) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
  }
  return text;
}

std::string why_unanswered(const probe::AnswerTally& answers, std::uint64_t requests) {
  if (answers.failures().empty()) return "not one request was answered";
  return fmt::format("not one of {} requests was answered: {}", requests,
                     names_of(answers.failures()));
}

/// What would give an answer that means something.
std::string why_nothing_was_meant(const probe::AnswerTally& answers, bool has_values) {
  constexpr int unauthorized = 401;
  constexpr int forbidden = 403;
  const auto& statuses = answers.of_neither();
  const bool wants_credentials = statuses.contains(unauthorized) || statuses.contains(forbidden);
  const std::string advice =
      !wants_credentials ? "is the URL right, and does it need an -H, or other --denied statuses?"
      : has_values       ? "does the gateway know the values of --keys?"
                   : "does the gateway want credentials (-H 'Authorization: ...'), or keys that it "
                     "knows (--key bearer --keys FILE)?";
  return fmt::format("no answer meant allowed (2xx, 3xx) or denied: they had status {}; {}",
                     names_of(statuses), advice);
}

/// So small a share of answers says nothing of what is limited.
constexpr std::uint64_t few_of = 20;

std::uint64_t sum_of(const std::map<int, std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [status, count] : counts) sum += count;
  return sum;
}

std::map<int, std::uint64_t> redirects_of(const probe::AnswerTally& answers) {
  std::map<int, std::uint64_t> redirects = answers.of_admissions();
  std::erase_if(redirects, [](const auto& one) { return one.first < 300; });
  return redirects;
}

/// Where nothing was denied: why it may have been, by statuses that are not known to mean that.
std::string why_denials_may_be_hidden(const probe::AnswerTally& answers) {
  const std::uint64_t all = sum_of(answers.statuses());
  const auto redirects = redirects_of(answers);
  if (!redirects.empty() && redirects.size() == answers.of_admissions().size()) {
    return fmt::format(
        "every answer was a redirect ({}), which many gateways send before they look at limits: is "
        "the URL right?",
        names_of(redirects));
  }
  for (const auto& [statuses, what] :
       {std::pair(answers.of_neither(), "of a status that means neither allowed nor denied"),
        std::pair(redirects, "redirects, though others were not")}) {
    const std::uint64_t count = sum_of(statuses);
    if (count * few_of < all) continue;
    return fmt::format(
        "{} of {} answers were {} ({}); if that is how the gateway denies, say --denied {}", count,
        all, what, names_of(statuses), *probe::most_frequent(statuses));
  }
  return "";
}

std::string why_inconclusive(const probe::LiveTarget& target, const ProbeFacts& facts,
                             bool has_values) {
  const probe::AnswerTally& answers = target.answers();
  if (target.stopped() == probe::Stop::interrupted) return "it was interrupted";
  if (answers.statuses().empty()) return why_unanswered(answers, target.requests_sent());
  if (answers.decisions() == 0) return why_nothing_was_meant(answers, has_values);
  if (target.stopped() == probe::Stop::unreachable) {
    return fmt::format("the target did not answer any more: {}", names_of(answers.failures()));
  }
  if (answers.of_denials().empty()) {
    if (std::string why = why_denials_may_be_hidden(answers); !why.empty()) return why;
  }
  if (!facts.why_undecided.empty() || facts.key_undecided.empty()) return facts.why_undecided;
  return fmt::format(
      "which of {} tell requests apart is not known: together they do, none alone does; probes "
      "with "
      "each of them alone would tell",
      fmt::join(facts.key_undecided, ", "));
}

ProbeOutcome outcome_of(const probe::LiveTarget& target, const probe::LiveTargetSpec& spec,
                        ProbeFacts facts) {
  const probe::AnswerTally& answers = target.answers();
  ProbeOutcome outcome;
  facts.header_families = family_names(answers.families());
  facts.requests_used = target.requests_sent();
  outcome.why_inconclusive = why_inconclusive(target, facts, !spec.values.empty());
  if (facts.found.family == "none" && !outcome.why_inconclusive.empty()) {
    facts.found.family = "undecided";
    facts.confidence = 0.0;
  }
  outcome.facts = std::move(facts);
  outcome.url = target.url();
  outcome.engine = target.engine_name();
  outcome.nonce = target.nonce();
  outcome.seed = spec.seed;
  outcome.start = target.began() == Instant::min() ? target.now() : target.began();
  outcome.max_requests = spec.budget.max_requests;
  outcome.max_time = spec.budget.max_time;
  outcome.max_per_second = spec.budget.max_per_second;
  outcome.statuses = answers.statuses();
  outcome.errors = answers.failures();
  outcome.allowed_status = probe::most_frequent(answers.of_admissions());
  outcome.denied_status = probe::most_frequent(answers.of_denials());
  outcome.server = answers.server();
  outcome.neither = answers.of_neither();
  outcome.malformed = answers.malformed();
  outcome.interrupted = target.stopped() == probe::Stop::interrupted;
  return outcome;
}

/// Keys by the names of attributes, where the reasoning has them as they were named.
void name_keys(const std::vector<probe::KeyPlace>& keys, policy::PolicySpec& policy) {
  for (policy::LimitSpec& limit : policy.limits) {
    for (std::string& part : limit.key) {
      const auto found = std::find_if(keys.begin(), keys.end(), [&](const probe::KeyPlace& key) {
        return key.where.text == part;
      });
      if (found != keys.end()) part = found->name;
    }
  }
}

/// How many requests of a key a denial takes, as far as was seen.
std::uint64_t until_denied(const ProbeFacts& facts) {
  std::uint64_t most = 1;
  for (const ProbeFacts::Parameter& parameter : facts.found.parameters) {
    const auto number = parse_integer(parameter.value);
    if (number && *number > 0) most = std::max(most, static_cast<std::uint64_t>(*number) + 1);
  }
  return most;
}

int exit_code_of(const probe::LiveTarget& target, const ProbeOutcome& outcome) {
  if (outcome.interrupted) return exit_interrupted;
  const probe::AnswerTally& answers = target.answers();
  const bool says_nothing = answers.decisions() == 0 && !answers.statuses().empty();
  if (target.stopped() == probe::Stop::unreachable && !says_nothing) {
    complain(fmt::format("{}: {}", outcome.url, outcome.why_inconclusive));
    return exit_unreachable;
  }
  return outcome.why_inconclusive.empty() ? exit_passed : exit_failed;
}

int ProbeCommand::write_out(const probe::ProbeResult& result, const ProbeOutcome& outcome,
                            const Prepared& prepared, const probe::LiveTarget& target) const {
  if (out.empty()) return exit_passed;
  if (!outcome.why_inconclusive.empty() || outcome.interrupted) {
    complain(fmt::format("{}: not written, for it is not decided what the limit is", out));
    return exit_passed;
  }
  FoundPolicy found{result.policy, outcome, prepared.keys, "", {}, words.target, {}, {}, {}};
  if (!values_file.empty()) {
    found.values_file = std::filesystem::absolute(values_file).string();
    found.values = prepared.spec.values;
  }
  for (const auto& [status, count] : target.answers().of_denials()) found.denied.push_back(status);
  // As people would write it.
  const Duration service = target.usual_service();
  const std::int64_t grain = service < Duration::from_ms(10) ? 10'000 : 1'000'000;
  found.service = Duration::from_ns(service.ns() / grain * grain);
  auto changes = words.overrides();
  if (!changes) return complain_of(changes.error());
  found.target = std::move(*changes);
  const auto document = scenario_of(found);
  if (!document) return complain_of(document.error());
  const auto written = write_scenario(out, *document);
  return written ? static_cast<int>(exit_passed) : complain_of(written.error());
}

// Better now than when a gateway was asked for two minutes.
Result<void> ProbeCommand::ensure_outputs() const {
  if (const auto can = formats.ensure_writable(); !can) return can;
  return out.empty() ? Result<void>() : ensure_writable(out);
}

int ProbeCommand::probe(const Prepared& prepared, probe::LiveTarget& target) {
  probe::ProbeOptions options{.candidates = keys, .progress = {}};
  probe::ProbeResult result;
  {
    const ProgressLine line(!common.quiet, target);
    options.progress = [&line](const ProbeFacts::Experiment& one) { line.show(one); };
    result = probe::run_probe(target, options);
    probe::try_promise(target, until_denied(result.facts), result.facts);
  }
  name_keys(prepared.keys, result.policy);
  probe::prefer_product(target, result.policy, result.facts);
  ProbeOutcome outcome = outcome_of(target, prepared.spec, result.facts);
  // What is not decided makes no header false.
  const bool is_decided = outcome.why_inconclusive.empty();
  probe::judge_what_was_told(target, is_decided ? result.policy : policy::PolicySpec(), outcome);
  const int written = write_out(result, outcome, prepared, target);
  const int delivered = deliver_report(report::make_probe_report(outcome), "", formats, common);
  const int code = exit_code_of(target, outcome);
  return code != exit_passed ? code : written != exit_passed ? written : delivered;
}

int ProbeCommand::run() {
  auto prepared = prepare();
  if (!prepared) return complain_of(prepared.error());
  load::LoadControl control;
  auto target = probe::LiveTarget::make(prepared->spec, control);
  if (!target) return complain_of(target.error());
  if (auto reached = (*target)->reach(); !reached) {
    std::string& message = reached.error().message;
    if (message.find("certificate") != std::string::npos) {
      message += "; --cacert FILE names what to believe, --insecure believes any";
    }
    if (message.find("wrong version number") != std::string::npos) {
      message += "; it does not seem to speak TLS there: try http://";
    }
    return formats.add_failed("probe of " + (*target)->url(), reached.error());
  }
  if (const auto can = ensure_outputs(); !can) return complain_of(can.error());
  announce(*prepared, **target);
  const InterruptGuard guard(control.stop);
  return probe(*prepared, **target);
}

}  // namespace

std::function<int()> add_probe(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "probe", "Find out from outside, by few requests, which limit a gateway enforces");
  const auto state = std::make_shared<ProbeCommand>();
  state->add_to(*command);
  return [state] { return state->run(); };
}

}  // namespace weir::cli
