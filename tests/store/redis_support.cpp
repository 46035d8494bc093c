#include "store/redis_support.hpp"

#include <hiredis/hiredis.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "conformance/settings.hpp"
#include "limiter/catalogue.hpp"
#include "store/key_text.hpp"
#include "store/redis_store.hpp"

namespace weir::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string text_of(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
  if (reply.type == REDIS_REPLY_ARRAY) {
    std::string lines;
    for (std::size_t i = 0; i < reply.elements; ++i) lines += text_of(*reply.element[i]) + "\n";
    return lines;
  }
  return reply.str == nullptr ? "" : std::string(reply.str, static_cast<std::size_t>(reply.len));
}

}  // namespace

RedisServer::RedisServer() : port_(e2e::free_port()) { start(); }

RedisServer::~RedisServer() { kill(); }

bool RedisServer::is_installed() { return e2e::find_program("redis-server").has_value(); }

RedisNode RedisServer::node() const {
  RedisNode node;
  node.host = "127.0.0.1";
  node.port = port_;
  return node;
}

void RedisServer::start() {
  for (int attempt = 0; attempt < 5; ++attempt) {
    const std::vector<std::string> command = {*e2e::find_program("redis-server"),
                                              "--port",
                                              std::to_string(port_),
                                              "--bind",
                                              "127.0.0.1",
                                              "--save",
                                              "",
                                              "--appendonly",
                                              "no",
                                              "--enable-debug-command",
                                              "local",
                                              "--unixsocket",
                                              socket(),
                                              "--dir",
                                              folder_.path()};
    process_ = std::make_unique<e2e::Process>(command, folder_.path("output"));
    for (int i = 0; i < 1000 && process_->is_running(); ++i) {
      if (ask({"PING"}) == "PONG" && process_->is_running()) return;
      std::this_thread::sleep_for(milliseconds(5));
    }
    // Somebody else may have taken the port.
    port_ = e2e::free_port();
  }
  FAIL() << "redis-server does not start: " << folder_.read("output");
}

void RedisServer::kill() {
  if (!process_) return;
  process_->signal(SIGKILL);
  while (process_->is_running()) std::this_thread::sleep_for(milliseconds(1));
}

void RedisServer::pause() { process_->signal(SIGSTOP); }
void RedisServer::resume() { process_->signal(SIGCONT); }

std::string RedisServer::ask(const std::vector<std::string>& command) const {
  redisContext* const context = redisConnect("127.0.0.1", port_);
  std::string answer;
  if (context != nullptr && context->err == 0) {
    std::vector<const char*> words;
    std::vector<std::size_t> sizes;
    for (const std::string& word : command) {
      words.push_back(word.data());
      sizes.push_back(word.size());
    }
    auto* const reply = static_cast<redisReply*>(
        redisCommandArgv(context, static_cast<int>(words.size()), words.data(), sizes.data()));
    if (reply != nullptr) {
      answer = text_of(*reply);
      freeReplyObject(reply);
    }
  }
  if (context != nullptr) redisFree(context);
  return answer;
}

LimitDefinition limit_definition(std::string_view algorithm, std::string_view setting,
                                 std::string name) {
  LimitDefinition limit;
  limit.spec.name = name.empty() ? std::string(algorithm) : std::move(name);
  limit.spec.algorithm = algorithm;
  limit.spec.key = {"user"};
  limit.state_key = {"user"};
  const auto parameters = limiter::parameters_of(*limiter::find_algorithm(algorithm), setting);
  EXPECT_TRUE(parameters) << algorithm << ' ' << setting;
  if (parameters) limit.variants = {*parameters};
  return limit;
}

Definition definition_of(std::vector<LimitDefinition> limits) {
  return {.limits = std::move(limits), .partition = {"user"}};
}

RedisOptions options_for(const std::vector<RedisNode>& nodes) {
  RedisOptions options;
  options.nodes = nodes;
  options.timeout = Duration::from_seconds(20);
  options.on_failure = OnStoreFailure::deny;
  return options;
}

Ask ask_for(const Definition& definition, std::string_view user, Instant now, policy::Cost cost) {
  Ask ask;
  ask.now = now;
  append_key_value(ask.partition, user, true);
  for (std::size_t i = 0; i < definition.limits.size(); ++i) {
    ask.limits.push_back(
        {.limit = static_cast<std::uint16_t>(i), .variant = 0, .key = ask.partition, .cost = cost});
  }
  return ask;
}

Gateway::Gateway(const Definition& definition, const RedisOptions& options)
    : definition_(definition) {
  auto made = make_redis_store(definition, options);
  if (!made) {
    ADD_FAILURE() << made.error().pointer << ' ' << made.error().message;
    throw std::runtime_error("no store");
  }
  store_ = std::move(*made);
  client_ = store_->make_client(loop_);
}

std::uint64_t Gateway::failures(std::string_view kind) const {
  for (const auto& [name, count] : figures().failures) {
    if (name == kind) return count;
  }
  return 0;
}

void Gateway::run_until(const std::function<bool()>& done) {
  const auto give_up = std::chrono::steady_clock::now() + seconds(30);
  while (!done()) {
    ASSERT_LT(std::chrono::steady_clock::now(), give_up);
    loop_.restart();
    loop_.run_one_for(milliseconds(20));
  }
}

void Gateway::run_for(milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  run_until([end] { return std::chrono::steady_clock::now() >= end; });
}

Said Gateway::decide(const Ask& ask) {
  std::optional<Said> answer;
  client_->decide(ask, [&answer](Said&& said) { answer = std::move(said); });
  run_until([&answer] { return answer.has_value(); });
  return answer.value_or(Said());
}

std::vector<KeyCount> Gateway::inspect(const KeyFilter& filter, std::size_t most, Instant now) {
  std::optional<std::vector<KeyCount>> keys;
  client_->inspect(filter, most, now,
                   [&keys](std::vector<KeyCount> found) { keys = std::move(found); });
  run_until([&keys] { return keys.has_value(); });
  return keys.value_or(std::vector<KeyCount>());
}

std::size_t Gateway::reset(const KeyFilter& filter) {
  std::optional<std::size_t> count;
  client_->reset(filter, [&count](std::size_t n) { count = n; });
  run_until([&count] { return count.has_value(); });
  return count.value_or(0);
}

}  // namespace weir::store
