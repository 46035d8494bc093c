#include "store/redis_store.hpp"

#include <fmt/format.h>

#include <csignal>
#include <random>

#include "store/memory_store.hpp"
#include "store/redis_client.hpp"
#include "store/redis_master_refill.hpp"
#include "store/redis_read_then_write.hpp"
#include "store/redis_shared.hpp"
#include "store/scale.hpp"

namespace weir::store {
namespace {

std::vector<std::string> names_of(const std::vector<RedisNode>& nodes) {
  std::vector<std::string> names;
  for (const RedisNode& node : nodes) names.push_back(node.name());
  return names;
}

/// hiredis writes to connections that may have been closed.
void ignore_broken_pipes() {
  struct sigaction action {};
  if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

class RedisStore final : public Store {
 public:
  explicit RedisStore(std::shared_ptr<RedisShared> shared) : shared_(std::move(shared)) {}

  std::unique_ptr<StoreClient> make_client(boost::asio::io_context& loop) override {
    switch (shared_->options.design) {
      case RedisDesign::script:
        return std::make_unique<RedisScriptClient>(shared_, loop);
      case RedisDesign::master_refill:
        return std::make_unique<RedisMasterRefillClient>(shared_, loop);
      case RedisDesign::read_then_write:
        return std::make_unique<RedisReadThenWriteClient>(shared_, loop);
    }
    return nullptr;
  }

  StoreFigures figures() const override {
    constexpr std::array<std::string_view, 6> names = {"",      "timeout", "connection",
                                                       "error", "down",    "overload"};
    StoreFigures figures;
    for (std::size_t i = 1; i < names.size(); ++i) {
      figures.failures.emplace_back(names[i], shared_->failures[i].load(std::memory_order_relaxed));
    }
    figures.decided_locally = shared_->decided_locally.load(std::memory_order_relaxed);
    return figures;
  }

 private:
  std::shared_ptr<RedisShared> shared_;
};

std::optional<Problem> problem_of(const RedisOptions& options) {
  if (options.nodes.empty()) return Problem{"nodes", "must name at least one Redis server"};
  if (options.timeout.ns() <= 0) return Problem{"timeout", "must be longer than 0s"};
  const LocalShare share = options.local_share;
  if (share.part <= 0 || share.of <= 0 || share.part > share.of) {
    return Problem{"local_share", "must be above 0 and at most 1"};
  }
  return std::nullopt;
}

/// What stands against a design that is not the script.
std::optional<Problem> design_problem(const Definition& definition, RedisDesign design) {
  if (design == RedisDesign::script) return std::nullopt;
  const bool refills = design == RedisDesign::master_refill;
  const std::string_view name = refills ? "master-refill" : "read-then-write";
  const std::string_view algorithm = refills ? "token-bucket" : "fixed-window";
  if (definition.limits.size() != 1 || definition.limits[0].spec.algorithm != algorithm) {
    return Problem{"design", fmt::format("{} is of one limit, a {}", name, algorithm)};
  }
  if (definition.limits[0].spec.charge.when != policy::ChargeSpec::When::admit) {
    return Problem{"design", fmt::format("{} charges at admission only", name)};
  }
  return std::nullopt;
}

}  // namespace

RedisShared::RedisShared(RedisOptions given, RedisPlan planned)
    : options(std::move(given)), plan(std::move(planned)), ring(names_of(options.nodes)) {
  std::random_device entropy;
  identity = (std::uint64_t{entropy()} << 32) | entropy();
  if (options.design == RedisDesign::script) scripts = {&decision_script()};
  if (options.design == RedisDesign::master_refill) scripts = master_refill_scripts();
}

tl::expected<std::unique_ptr<Store>, Problem> make_redis_store(Definition definition,
                                                               RedisOptions options) {
  if (auto problem = problem_of(options)) return tl::unexpected(*problem);
  if (auto problem = design_problem(definition, options.design)) return tl::unexpected(*problem);
  std::unique_ptr<Store> local;
  if (options.on_failure == OnStoreFailure::local) {
    Definition share = scale(definition, options.local_share);
    auto made = options.make_local
                    ? options.make_local(std::move(share))
                    : make_memory_store(std::move(share), {.environment = options.environment});
    if (!made) return tl::unexpected(made.error());
    local = std::move(*made);
  }
  auto plan = RedisPlan::make(std::move(definition), options);
  if (!plan) return tl::unexpected(plan.error());
  ignore_broken_pipes();
  auto shared = std::make_shared<RedisShared>(std::move(options), std::move(*plan));
  shared->local = std::move(local);
  return std::make_unique<RedisStore>(std::move(shared));
}

}  // namespace weir::store
