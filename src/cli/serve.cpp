#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/serve_options.hpp"
#include "cli/serve_rules.hpp"
#include "core/text.hpp"
#include "gateway/access_log.hpp"
#include "gateway/builtin_answer.hpp"
#include "gateway/metrics_page.hpp"
#include "gateway/openai_answer.hpp"
#include "gateway/own_pages.hpp"
#include "gateway/server.hpp"
#include "gateway/upstream.hpp"
#include "http/url.hpp"

namespace weir::cli {
namespace {

constexpr const char* default_listen = "127.0.0.1:8080";

/// Blocks the signals that a gateway is told things by, in this thread and those that it starts, so
/// that one thread can wait for them.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~Signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
    return signal;
  }

 private:
  sigset_t set_ = {};
  sigset_t before_ = {};
};

/// `weir serve`, its options parsed.
class ServeCommand {
 public:
  void add_to(CLI::App& command);
  int run();

 private:
  ServeSetup setup() {
    return {.words = words_,
            .common = common_,
            .scenario_path = path_,
            .clock = clock_,
            .metrics = metrics_};
  }
  std::string check_words() const;
  Result<gateway::ServerOptions> server_options(const ServedScenario& served);
  Result<gateway::BackendFactory> upstream() const;
  Result<gateway::BackendFactory> openai(const ServedScenario& served) const;
  Result<gateway::BackendFactory> backend(const ServedScenario& served) const;
  Result<std::vector<gateway::ListenerSpec>> listeners() const;
  Result<bool> open_log();
  gateway::GatekeeperFactory gatekeepers() const;
  void say_where(const gateway::ServerOptions& options) const;
  void serve(gateway::Server& server, const Signals& signals, Duration grace);
  void reload(gateway::Server& server);
  void say_totals() const;
  std::shared_ptr<const gateway::Rules> rules() const {
    const std::lock_guard lock(mutex_);
    return rules_;
  }

  CommonOptions common_;
  ServeWords words_;
  std::string path_;
  gateway::Clock clock_;
  std::shared_ptr<gateway::Metrics> metrics_ = std::make_shared<gateway::Metrics>();
  mutable std::mutex mutex_;
  std::shared_ptr<const gateway::Rules> rules_;
  std::unique_ptr<gateway::AccessLog> log_;
  std::unique_ptr<gateway::Server> server_;
};

void ServeCommand::add_to(CLI::App& command) {
  command.add_option("SCENARIO", path_, "A scenario file, whose policy is served")
      ->type_name("SCENARIO")
      ->envname("WEIR_SCENARIO");
  words_.add_to(command);
  common_.add_to(command);
  tell(
      command,
      {"Every option with a variable in the environment can be set there; lists have \";\" between "
       "their members. SIGHUP reads the policy of a scenario file again, and limits that did not "
       "change keep what they know. SIGTERM and Ctrl-C stop it, once answers are finished."},
      {{"A limit for each user, who is named by header X-User",
        "weir serve --limit 'token-bucket capacity=20 rate=10/s key=user'"},
       {"In front of a server, with states in Redis",
        "weir serve scenario.jsonc --upstream http://127.0.0.1:3000 --store "
        "redis://127.0.0.1:6379"}});
}

std::string ServeCommand::check_words() const {
  if (!path_.empty() && !words_.limits.empty()) {
    return "serve: --limit stands instead of a scenario file; --set overrides a field of one";
  }
  if (!words_.upstream.empty() &&
      (words_.answer != "200" || !words_.body.empty() || !words_.latency.empty())) {
    return "serve: --upstream answers, so --answer, --body and --latency have no meaning";
  }
  if (words_.answer == "openai" && !words_.body.empty()) {
    return "serve: --answer openai has a body of its own";
  }
  if (!words_.limits.empty() && split_list(words_.limits).empty()) {
    return "serve: --limit is empty: say 'ALGORITHM NAME=VALUE…', or nothing for no limit";
  }
  for (const std::string& path : split_list(words_.exempt)) {
    if (path[0] != '/') return fmt::format("serve: --exempt {}: a path begins with /", path);
  }
  if (words_.request_id.find_first_of(" :\t\r\n") != std::string::npos) {
    return fmt::format("serve: --request-id {}: must be the name of a header", words_.request_id);
  }
  return "";
}

int ServeCommand::run() {
  if (const std::string wrong = check_words(); !wrong.empty()) {
    complain(wrong);
    return exit_usage;
  }
  // Before any thread is made, or a signal could end the program through one that does not block
  // it.
  const Signals signals;
  const auto grace = duration_of("--grace", words_.grace);
  if (!grace) return complain_of(grace.error());
  const bool is_behind = words_.clock_offset.starts_with('-');
  const auto offset = duration_of("--clock-offset", words_.clock_offset.substr(is_behind ? 1 : 0));
  if (!offset) return complain_of(offset.error());
  clock_ = gateway::Clock(is_behind ? Duration() - *offset : *offset);
  const auto served = read_served(setup());
  if (!served) return served.error();
  auto rules = make_rules(setup(), *served, nullptr);
  if (!rules) return rules.error();
  rules_ = std::move(*rules);
  if (const auto opened = open_log(); !opened) return complain_of(opened.error());
  auto options = server_options(*served);
  if (!options) return complain_of(options.error());
  auto server = gateway::Server::open(*options);
  if (!server) return complain_of(server.error());
  server_ = std::move(*server);
  say_where(*options);
  serve(*server_, signals, *grace);
  say_totals();
  return exit_passed;
}

Result<bool> ServeCommand::open_log() {
  const auto format = choice_of("--log-format", words_.log_format, {"json", "combined"});
  if (!format) return tl::unexpected(format.error());
  if (words_.access_log.empty()) return true;
  auto log = gateway::AccessLog::open(words_.access_log, *format == "json"
                                                             ? gateway::AccessLogFormat::json
                                                             : gateway::AccessLogFormat::combined);
  if (!log) return tl::unexpected(log.error());
  log_ = std::move(*log);
  return true;
}

Result<std::vector<gateway::ListenerSpec>> ServeCommand::listeners() const {
  std::vector<gateway::ListenerSpec> all;
  std::vector<std::string> where = split_list(words_.listen);
  if (where.empty()) where.emplace_back(default_listen);
  for (const std::string& text : where) {
    auto endpoint = gateway::parse_listen_endpoint(text);
    if (!endpoint) {
      return fail(ErrorKind::usage, fmt::format("--listen {}", endpoint.error().message));
    }
    all.push_back({std::move(*endpoint), gateway::Role::traffic});
  }
  if (words_.admin.empty()) return all;
  const bool is_port = words_.admin.find_first_not_of("0123456789") == std::string::npos;
  const std::string admin = is_port ? fmt::format("127.0.0.1:{}", words_.admin) : words_.admin;
  auto endpoint = gateway::parse_listen_endpoint(admin);
  if (!endpoint) {
    return fail(ErrorKind::usage, fmt::format("--admin {}", endpoint.error().message));
  }
  const bool is_here = !endpoint->path.empty() || endpoint->host == "127.0.0.1" ||
                       endpoint->host == "::1" || endpoint->host == "localhost";
  if (!is_here && words_.admin_token.empty()) {
    return fail(ErrorKind::usage, fmt::format("--admin {}: needs --admin-token where others than "
                                              "this machine can ask",
                                              words_.admin));
  }
  all.push_back({std::move(*endpoint), gateway::Role::admin});
  return all;
}

Result<gateway::BackendFactory> ServeCommand::upstream() const {
  gateway::UpstreamSpec spec;
  auto url = http::parse_url(words_.upstream);
  if (!url) return fail(ErrorKind::usage, fmt::format("--upstream: {}", url.error().message));
  spec.url = std::move(*url);
  spec.pass_host = words_.pass_host;
  spec.allow_upgrade = words_.allow_upgrade;
  const auto timeout = duration_of("--upstream-timeout", words_.upstream_timeout);
  if (!timeout) return tl::unexpected(timeout.error());
  spec.first_byte_timeout = spec.idle_timeout = *timeout;
  return gateway::upstream(std::move(spec));
}

Result<gateway::BackendFactory> ServeCommand::openai(const ServedScenario& served) const {
  gateway::OpenAiSpec spec;
  spec.seed = served.scenario.seed;
  if (const auto& backend = served.scenario.backend) {
    spec.latency = backend->first_token ? backend->first_token : backend->latency;
    const auto* per_token =
        backend->per_token ? std::get_if<traffic::ConstantNumber>(&*backend->per_token) : nullptr;
    if (backend->per_token && per_token == nullptr) {
      return fail(ErrorKind::usage,
                  "--answer openai: /backend/per_token must be one time for all tokens");
    }
    if (per_token != nullptr) {
      spec.time_per_token = Duration::from_ns(static_cast<std::int64_t>(per_token->value));
    }
  }
  const auto tokens = number_of("--completion-tokens", words_.completion_tokens, 1, 1'000'000);
  if (!tokens) return tl::unexpected(tokens.error());
  spec.completion_tokens = traffic::ConstantNumber{static_cast<double>(*tokens)};
  return gateway::openai_answer(std::move(spec));
}

Result<gateway::BackendFactory> ServeCommand::backend(const ServedScenario& served) const {
  if (!words_.upstream.empty()) return upstream();
  if (words_.answer == "openai") return openai(served);
  const auto status = number_of("--answer", words_.answer, 200, 599);
  if (!status) return tl::unexpected(status.error());
  gateway::BuiltinAnswerSpec answer;
  answer.status = static_cast<int>(*status);
  if (served.scenario.backend) answer.latency = served.scenario.backend->latency;
  answer.seed = served.scenario.seed;
  if (!words_.body.empty()) {
    answer.body = words_.body;
    if (words_.body[0] == '@') {
      auto content = read_file(words_.body.substr(1));
      if (!content) return tl::unexpected(content.error());
      answer.body = std::move(*content);
    }
    if (answer.body[0] == '{' || answer.body[0] == '[') answer.content_type = "application/json";
  }
  return gateway::builtin_answer(std::move(answer));
}

gateway::GatekeeperFactory ServeCommand::gatekeepers() const {
  return [rules = rules()](boost::asio::io_context& loop) {
    return std::make_unique<gateway::LimitGatekeeper>(rules, loop);
  };
}

Result<gateway::ServerOptions> ServeCommand::server_options(const ServedScenario& served) {
  gateway::ServerOptions options;
  auto where = listeners();
  if (!where) return tl::unexpected(where.error());
  options.listeners = std::move(*where);
  options.threads =
      common_.threads > 0 ? common_.threads : std::max(1U, std::thread::hardware_concurrency());
  options.make_gatekeeper = gatekeepers();
  auto answers = backend(served);
  if (!answers) return tl::unexpected(answers.error());
  options.make_backend = std::move(*answers);
  options.access_log = log_.get();
  const auto sources = std::make_shared<gateway::PageSources>();
  sources->metrics = metrics_;
  sources->store = [this] { return rules()->store; };
  sources->server = [this] { return server_ ? server_->figures() : gateway::ServerFigures(); };
  sources->clock = clock_;
  sources->admin_token = words_.admin_token;
  const bool has_status = words_.upstream.empty() || words_.status_pages;
  options.make_pages = [sources, has_status](
                           boost::asio::io_context& loop,
                           gateway::Role role) -> std::unique_ptr<gateway::Pages> {
    if (role == gateway::Role::admin) return gateway::make_admin_pages(sources, loop);
    return has_status ? gateway::make_status_pages(sources) : nullptr;
  };
  return options;
}

void ServeCommand::say_where(const gateway::ServerOptions& options) const {
  if (common_.quiet) return;
  std::string text;
  const std::vector<std::uint16_t> ports = server_->ports();
  for (std::size_t i = 0; i < options.listeners.size(); ++i) {
    const gateway::ListenerSpec& listener = options.listeners[i];
    const gateway::ListenEndpoint& at = listener.endpoint;
    const std::string host = at.host.empty()                          ? "0.0.0.0"
                             : at.host.find(':') != std::string::npos ? "[" + at.host + "]"
                                                                      : at.host;
    text += fmt::format("weir: {} {}\n",
                        listener.role == gateway::Role::admin ? "administration at" : "serving at",
                        at.path.empty() ? fmt::format("http://{}:{}", host, ports[i])
                                        : fmt::format("unix:{}", at.path));
  }
  fmt::print(stderr, "{}{}", text, describe_rules(*rules()));
  std::fflush(stderr);
}

void ServeCommand::serve(gateway::Server& server, const Signals& signals, Duration grace) {
  std::thread waiting([&] {
    bool is_stopping = false;
    for (;;) {
      switch (signals.wait()) {
        case SIGHUP:
          if (log_) log_->reopen();
          reload(server);
          break;
        case SIGUSR1:
          if (log_) log_->reopen();
          break;
        case SIGUSR2:
          return;
        default:
          // A second one does not wait for anybody.
          server.stop(is_stopping ? Duration() : grace);
          is_stopping = true;
      }
    }
  });
  server.run();
  // It may still wait for a signal.
  pthread_kill(waiting.native_handle(), SIGUSR2);
  waiting.join();
}

void ServeCommand::reload(gateway::Server& server) {
  if (path_.empty()) {
    complain("nothing is reloaded: the limits are those of the command line");
    return;
  }
  const auto served = read_served(setup());
  if (!served) {
    complain("nothing is reloaded: the rules are those from before");
    return;
  }
  auto made = make_rules(setup(), *served, rules().get());
  if (!made) {
    complain("nothing is reloaded: the rules are those from before");
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    rules_ = std::move(*made);
  }
  server.replace_gatekeepers(gatekeepers());
  if (!common_.quiet) {
    fmt::print(stderr, "weir: reloaded {}\n{}", path_, describe_rules(*rules()));
  }
}

void ServeCommand::say_totals() const {
  const gateway::Metrics::Totals totals = metrics_->totals();
  if (common_.json) {
    fmt::print("{}", gateway::totals_page(totals, rules()->store->figures()));
    return;
  }
  if (common_.quiet) return;
  fmt::print(stderr, "weir: {} allowed, {} denied\n",
             format_count(static_cast<std::int64_t>(totals.allowed)),
             format_count(static_cast<std::int64_t>(totals.denied)));
}

}  // namespace

std::function<int()> add_serve(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "serve", "Be a gateway: any policy in front of an upstream, or of an answer of its own");
  const auto state = std::make_shared<ServeCommand>();
  state->add_to(*command);
  return [state] { return state->run(); };
}

}  // namespace weir::cli
