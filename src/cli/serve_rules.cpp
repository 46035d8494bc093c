#include "cli/serve_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "cli/command.hpp"
#include "gateway/places.hpp"
#include "store/memory_store.hpp"
#include "store/redis_options.hpp"
#include "store/redis_store.hpp"

namespace weir::cli {
namespace {

using gateway::BoundPolicy;
using gateway::Rules;

int complain_once(const std::string& message, int code) {
  complain(message);
  return code;
}

/// "serve" where there is no file to name.
std::string source_of(const ServeSetup& setup) {
  return setup.scenario_path.empty() ? "serve" : setup.scenario_path;
}

tl::expected<policy::PolicySpec, int> choose_policy(const ServeSetup& setup,
                                                    const scenario::Scenario& scenario) {
  const std::string& wanted = setup.common.policy;
  if (wanted.empty() && scenario.policies.size() == 1) return scenario.policies[0];
  std::string names;
  for (const policy::PolicySpec& policy : scenario.policies) {
    if (policy.name == wanted && !wanted.empty()) return policy;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", policy.name);
  }
  const std::string why = wanted.empty()
                              ? fmt::format("serves one policy: say --policy, one of {}", names)
                              : fmt::format("/policies: there is no policy \"{}\"", wanted);
  return tl::unexpected(complain_once(fmt::format("{}: {}", source_of(setup), why),
                                      wanted.empty() ? exit_usage : exit_invalid_scenario));
}

/// What the options say of the answers, instead of the policy.
Result<bool> apply_response_words(const ServeWords& words, policy::ResponseSpec& response) {
  if (!words.headers.empty()) {
    if (!gateway::header_style(words.headers)) {
      return fail(ErrorKind::usage,
                  fmt::format("--headers {}: must be one of x-ratelimit, x-ratelimit-epoch, "
                              "ietf-draft-03, -06, -07, -08, -10, openai, anthropic, none",
                              words.headers));
    }
    response.headers = words.headers;
  }
  if (!words.retry_after.empty()) {
    const auto form =
        choice_of("--retry-after", words.retry_after, {"delta-seconds", "http-date", "none"});
    if (!form) return tl::unexpected(form.error());
    response.retry_after = *form;
  }
  if (!words.denied_status.empty()) {
    const auto status = number_of("--denied-status", words.denied_status, 400, 599);
    if (!status) return tl::unexpected(status.error());
    response.denied_status = static_cast<int>(*status);
  }
  return true;
}

gateway::RetryAfterStyle retry_after_of(const policy::ResponseSpec& response) {
  using Style = gateway::RetryAfterStyle;
  if (!response.retry_after) return Style::of_product;
  if (*response.retry_after == "none") return Style::none;
  return *response.retry_after == "http-date" ? Style::http_date : Style::delta_seconds;
}

gateway::HeaderStyle headers_of(const policy::ResponseSpec& response) {
  if (!response.headers) return gateway::HeaderStyle::of_product;
  return gateway::header_style(*response.headers).value_or(gateway::HeaderStyle::of_product);
}

using GivenPlaces = std::map<std::string, scenario::Identification>;

Result<GivenPlaces> places_given(const ServeWords& words) {
  GivenPlaces given;
  for (const std::string& text : split_list(words.identify)) {
    const std::size_t equals = text.find('=');
    const std::string place = equals == text.npos ? "" : text.substr(equals + 1);
    const auto parsed = scenario::parse_identification(place);
    if (equals == 0 || !parsed) {
      return fail(ErrorKind::usage,
                  fmt::format("--identify {}: {}", text,
                              parsed ? "must be such as user=header:X-User" : parsed.error()));
    }
    if (!given.emplace(text.substr(0, equals), *parsed).second) {
      return fail(ErrorKind::usage,
                  fmt::format("--identify {}: it is said twice where that is", text));
    }
  }
  return given;
}

Result<gateway::TrustedProxies> proxies_of(const ServeWords& words) {
  gateway::TrustedProxies proxies;
  for (const std::string& network : split_list(words.trusted_proxies)) {
    if (const auto added = proxies.add(network); !added) {
      return fail(ErrorKind::usage, fmt::format("--trust-proxy: {}", added.error()));
    }
  }
  return proxies;
}

using MadeStore = Result<std::shared_ptr<store::Store>>;

/// A problem at "/NUMBER/PARAMETER" of a limit, or of an option.
Error store_error(const store::Definition& definition, const Problem& problem) {
  const std::size_t slash = problem.pointer.find('/', 1);
  const auto number =
      parse_integer(problem.pointer.substr(std::min<std::size_t>(1, problem.pointer.size()),
                                           slash == problem.pointer.npos ? slash : slash - 1));
  std::string where = problem.pointer;
  if (number && *number < static_cast<std::int64_t>(definition.limits.size())) {
    where = fmt::format("limit \"{}\"{}{}",
                        definition.limits[static_cast<std::size_t>(*number)].spec.name,
                        slash == problem.pointer.npos ? "" : ", ",
                        slash == problem.pointer.npos ? "" : problem.pointer.substr(slash + 1));
  }
  return {ErrorKind::invalid_scenario, fmt::format("--store: {}: {}", where, problem.message)};
}

Result<store::MemoryOptions> memory_options(const ServeSetup& setup) {
  store::MemoryOptions options;
  options.environment.start = setup.clock.now();
  options.clock = [clock = setup.clock] { return clock.now(); };
  const auto keys = number_of("--max-keys", setup.words.max_keys, 1, 4'000'000'000);
  if (!keys) return tl::unexpected(keys.error());
  options.max_keys = static_cast<std::size_t>(*keys);
  const auto full = choice_of("--on-full", setup.words.on_full, {"deny", "allow"});
  if (!full) return tl::unexpected(full.error());
  options.full_allows = *full == "allow";
  return options;
}

Result<store::LocalShare> local_share_of(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto part = parse_integer(text.substr(0, slash));
  const auto of =
      slash == text.npos ? Parsed<std::int64_t>(1) : parse_integer(text.substr(slash + 1));
  if (!part || !of || *part < 1 || *of < *part) {
    return fail(ErrorKind::usage,
                fmt::format("--local-share {}: must be a part of 1, such as 1/3", text));
  }
  return store::LocalShare{*part, *of};
}

/// Says on standard error when a Redis server is lost and when it is back, once for all threads.
class StoreNews {
 public:
  void changed(const std::string& node, bool is_up, const std::string& why) {
    const std::lock_guard lock(mutex_);
    int& lost = lost_[node];
    lost += is_up ? -1 : 1;
    if (!is_up && lost == 1) complain(fmt::format("redis {} is lost: {}", node, why));
    if (is_up && lost == 0) complain(fmt::format("redis {} is back", node));
  }

 private:
  std::mutex mutex_;
  /// How many threads have lost it.
  std::map<std::string, int> lost_;
};

Result<store::RedisOptions> redis_options(const ServeSetup& setup,
                                          const std::vector<std::string>& urls,
                                          const store::MemoryOptions& memory) {
  const ServeWords& words = setup.words;
  store::RedisOptions options;
  options.environment.start = setup.clock.now();
  for (const std::string& url : urls) {
    const auto node = store::parse_redis_url(url);
    if (!node) {
      // What stands before an "@" is nobody's business.
      return fail(ErrorKind::usage,
                  fmt::format("--store {}: {}", url.substr(url.rfind('@') + 1), node.error()));
    }
    options.nodes.push_back(*node);
  }
  const auto timeout = duration_of("--store-timeout", words.store_timeout);
  if (!timeout) return tl::unexpected(timeout.error());
  options.timeout = *timeout;
  const auto failure =
      choice_of("--on-store-failure", words.on_store_failure, {"allow", "deny", "local"});
  if (!failure) return tl::unexpected(failure.error());
  options.on_failure = *failure == "allow"  ? store::OnStoreFailure::allow
                       : *failure == "deny" ? store::OnStoreFailure::deny
                                            : store::OnStoreFailure::local;
  const auto share = local_share_of(words.local_share);
  if (!share) return tl::unexpected(share.error());
  options.local_share = *share;
  const auto design = choice_of("--redis-design", words.redis_design,
                                {"script", "master-refill", "read-then-write"});
  if (!design) return tl::unexpected(design.error());
  options.design = *design == "script"          ? store::RedisDesign::script
                   : *design == "master-refill" ? store::RedisDesign::master_refill
                                                : store::RedisDesign::read_then_write;
  options.on_change = [news = std::make_shared<StoreNews>()](const std::string& node, bool is_up,
                                                             const std::string& why) {
    news->changed(node, is_up, why);
  };
  options.make_local = [memory](store::Definition definition) {
    return store::make_memory_store(std::move(definition), memory);
  };
  return options;
}

MadeStore make_store(const ServeSetup& setup, const store::Definition& definition,
                     const store::Store* before) {
  std::vector<std::string> names = split_list(setup.words.stores);
  const bool is_memory = names.empty() || names[0] == "memory";
  if (is_memory && names.size() > 1) {
    return fail(ErrorKind::usage, "--store memory: stands alone, not beside Redis");
  }
  if (is_memory) names.clear();
  // What is said of Redis is checked where it has no meaning, too.
  const auto memory = memory_options(setup);
  if (!memory) return tl::unexpected(memory.error());
  const auto redis = redis_options(setup, names, *memory);
  if (!redis) return tl::unexpected(redis.error());
  auto made = is_memory ? store::make_memory_store(definition, *memory, before)
                        : store::make_redis_store(definition, *redis);
  if (!made) return tl::unexpected(store_error(definition, made.error()));
  return std::shared_ptr<store::Store>(std::move(*made));
}

}  // namespace

tl::expected<ServedScenario, int> read_served(const ServeSetup& setup) {
  const bool is_file = !setup.scenario_path.empty();
  const auto load = setup.common.load_options(is_file ? folder_of(setup.scenario_path) : "",
                                              setup.words.overrides());
  if (!load) return tl::unexpected(complain_of(load.error()));
  ServedScenario served;
  if (is_file) {
    auto scenario = load_scenario(setup.scenario_path, *load);
    if (!scenario) return tl::unexpected(scenario.error());
    served.scenario = std::move(*scenario);
  } else {
    const auto document = setup.words.document();
    if (!document) return tl::unexpected(complain_of(document.error()));
    auto scenario = scenario::read_scenario(*document, *load);
    if (!scenario) {
      complain("serve", scenario.error());
      return tl::unexpected<int>(exit_usage);
    }
    served.scenario = std::move(*scenario);
  }
  auto policy = choose_policy(setup, served.scenario);
  if (!policy) return tl::unexpected(policy.error());
  served.policy = std::move(*policy);
  return served;
}

tl::expected<std::shared_ptr<const Rules>, int> make_rules(const ServeSetup& setup,
                                                           const ServedScenario& served,
                                                           const Rules* before) {
  policy::PolicySpec spec = served.policy;
  if (const auto done = apply_response_words(setup.words, spec.response); !done) {
    return tl::unexpected(complain_of(done.error()));
  }
  const limiter::Environment environment{.start = setup.clock.now()};
  auto policy = BoundPolicy::bind(
      spec, environment, spec.name.empty() ? "/policy" : fmt::format("/policies/{}", spec.name));
  if (!policy) {
    complain(source_of(setup), policy.error());
    return tl::unexpected<int>(exit_invalid_scenario);
  }
  const auto given = places_given(setup.words);
  if (!given) return tl::unexpected(complain_of(given.error()));
  const auto& target = served.scenario.target;
  auto places = gateway::find_places(*policy, target ? &*target : nullptr, *given);
  if (!places) {
    for (const Problem& problem : places.error()) {
      complain(fmt::format("--identify: {}", problem.message));
    }
    return tl::unexpected<int>(exit_usage);
  }
  auto proxies = proxies_of(setup.words);
  if (!proxies) return tl::unexpected(complain_of(proxies.error()));
  auto store = make_store(setup, policy->definition(), before ? before->store.get() : nullptr);
  if (!store) return tl::unexpected(complain_of(store.error()));
  gateway::LimitHeaders headers(*policy, headers_of(spec.response), retry_after_of(spec.response));
  return std::make_shared<const Rules>(
      Rules{.policy = std::move(*policy),
            .identifier = gateway::Identifier(std::move(*places), std::move(*proxies)),
            .headers = std::move(headers),
            .store = std::move(*store),
            .metrics = setup.metrics,
            .clock = setup.clock,
            .denied_status = spec.response.denied_status,
            .exempt = split_list(setup.words.exempt),
            .dry_run = setup.words.dry_run,
            .request_id_header = setup.words.request_id});
}

std::string describe_rules(const Rules& rules) {
  std::string text;
  const auto& limits = rules.policy.definition().limits;
  if (limits.empty()) text += "  no limit: everything is allowed\n";
  for (std::size_t l = 0; l < limits.size(); ++l) {
    const policy::LimitSpec& spec = limits[l].spec;
    std::string key;
    for (const std::string& name : spec.key)
      key += fmt::format("{}{}", key.empty() ? "" : ", ", name);
    text += fmt::format("  limit {}: {}, {}{}\n", spec.name, gateway::words_of(limits[l], 0),
                        key.empty() ? "one for all" : fmt::format("by {}", key),
                        limits[l].variants.size() > 1 ? " (by table)" : "");
  }
  const auto& places = rules.identifier.places();
  for (std::size_t a = 0; a < places.attributes.size(); ++a) {
    text += fmt::format("  {} is {}\n", rules.policy.attributes()[a], places.attributes[a].text);
  }
  for (std::size_t c = 0; c < places.costs.size(); ++c) {
    text += fmt::format("  cost {} is {}\n", rules.policy.costs()[c], places.costs[c].text);
  }
  return text;
}

}  // namespace weir::cli
