#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "limiter/catalogue.hpp"
#include "store/redis_store.hpp"

// Decisions through a redis-server on loopback, which this starts on WEIR_BENCH_REDIS_PORT (26379)
// and stops: one thread with so many requests outstanding, 1000 keys.

namespace weir::store {
namespace {

using std::chrono::steady_clock;

std::uint16_t bench_port() {
  const char* given = std::getenv("WEIR_BENCH_REDIS_PORT");
  return static_cast<std::uint16_t>(given == nullptr ? 26379 : std::atoi(given));
}

class BenchRedis {
 public:
  BenchRedis() : pid_(fork()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::string port = std::to_string(bench_port());
    execlp("redis-server", "redis-server", "--port", port.c_str(), "--bind", "127.0.0.1", "--save",
           "", "--appendonly", "no", "--logfile", "/dev/null", nullptr);
    _exit(127);
  }
  ~BenchRedis() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  BenchRedis(const BenchRedis&) = delete;
  BenchRedis& operator=(const BenchRedis&) = delete;

 private:
  pid_t pid_;
};

struct BenchCase {
  std::string_view algorithm;
  std::vector<std::pair<std::string, limiter::ParameterValue>> parameters;
};

const std::vector<BenchCase>& bench_cases() {
  static const Rate rate{100, Duration::from_seconds(1)};
  static const std::vector<BenchCase> cases = {
      {"token-bucket", {{"capacity", std::int64_t{100}}, {"rate", rate}}},
      {"fixed-window", {{"limit", std::int64_t{100}}, {"window", Duration::from_seconds(1)}}},
      {"sliding-window-log", {{"limit", std::int64_t{100}}, {"window", Duration::from_seconds(1)}}},
      {"sliding-window-counter",
       {{"limit", std::int64_t{100}}, {"window", Duration::from_seconds(1)}}}};
  return cases;
}

LimitDefinition bench_limit(const BenchCase& one) {
  LimitDefinition limit;
  limit.spec.name = one.algorithm;
  limit.spec.algorithm = one.algorithm;
  limit.spec.key = {"user"};
  limit.state_key = {"user"};
  limiter::Parameters given;
  for (const auto& [name, value] : one.parameters) given.set(name, value);
  limit.variants = {
      limiter::complete_parameters(*limiter::find_algorithm(one.algorithm), given).value()};
  return limit;
}

/// Keeps so many requests outstanding and notes how long each takes.
class BenchClient {
 public:
  explicit BenchClient(const Definition& definition) : limits_(definition.limits.size()) {
    RedisOptions options;
    options.nodes = {*parse_redis_url(fmt::format("redis://127.0.0.1:{}", bench_port()))};
    options.timeout = Duration::from_seconds(5);
    options.on_failure = OnStoreFailure::deny;
    store_ = make_redis_store(definition, options).value();
    client_ = store_->make_client(loop_);
    for (int i = 0; i < 1000; ++i) asks_.push_back(ask_of(fmt::format("user-{}", i)));
    while (!is_ready()) loop_.run_for(std::chrono::milliseconds(10));
  }

  void run(std::size_t requests, std::size_t at_once) {
    left_ = requests;
    for (std::size_t i = 0; i < std::min(at_once, requests); ++i) next();
    loop_.restart();
    while (outstanding_ > 0) loop_.run_one();
  }

  double percentile(double part) {
    std::sort(times_.begin(), times_.end());
    const auto at = static_cast<std::size_t>(part * static_cast<double>(times_.size() - 1));
    return std::chrono::duration<double, std::micro>(times_.at(at)).count();
  }
  void forget_times() { times_.clear(); }

 private:
  Ask ask_of(const std::string& user) const {
    Ask ask;
    ask.partition = user;
    for (std::size_t i = 0; i < limits_; ++i) {
      ask.limits.push_back(
          {.limit = static_cast<std::uint16_t>(i), .variant = 0, .key = user, .cost = 1});
    }
    return ask;
  }

  bool is_ready() {
    loop_.restart();
    bool answered = false;
    bool decided = false;
    client_->decide(asks_[0], [&](Said&& said) {
      answered = true;
      decided = said.by == DecidedBy::store;
    });
    while (!answered) loop_.run_one_for(std::chrono::milliseconds(100));
    return decided;
  }

  void next() {
    if (left_ == 0) return;
    --left_;
    ++outstanding_;
    const steady_clock::time_point begin = steady_clock::now();
    client_->decide(asks_[left_ * 7919 % asks_.size()], [this, begin](Said&&) {
      times_.push_back(steady_clock::now() - begin);
      --outstanding_;
      next();
    });
  }

  std::size_t limits_;
  boost::asio::io_context loop_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<StoreClient> client_;
  std::vector<Ask> asks_;
  std::vector<steady_clock::duration> times_;
  std::size_t left_ = 0;
  std::size_t outstanding_ = 0;
};

void decide_in_redis(benchmark::State& state) {
  constexpr std::size_t requests = 20'000;
  const BenchRedis server;
  Definition definition{.limits = {}, .partition = {"user"}};
  const auto which = static_cast<std::size_t>(state.range(0));
  if (which < bench_cases().size()) {
    definition.limits = {bench_limit(bench_cases()[which])};
    state.SetLabel(std::string(bench_cases()[which].algorithm));
  } else {
    definition.limits = {bench_limit(bench_cases()[0]), bench_limit(bench_cases()[1]),
                         bench_limit(bench_cases()[3])};
    state.SetLabel("three limits");
  }
  BenchClient client(definition);
  client.run(requests, 64);
  client.forget_times();
  for (auto _ : state) client.run(requests, static_cast<std::size_t>(state.range(1)));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(requests));
  state.counters["p50_us"] = client.percentile(0.5);
  state.counters["p99_us"] = client.percentile(0.99);
}

BENCHMARK(decide_in_redis)
    ->ArgNames({"policy", "outstanding"})
    ->ArgsProduct({{0, 1, 2, 3, 4}, {1, 64}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir::store
