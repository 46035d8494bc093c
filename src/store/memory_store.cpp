#include "store/memory_store.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <string>

#include "core/random.hpp"
#include "store/limit_identity.hpp"
#include "store/memory_shard.hpp"

namespace weir::store {
namespace {

constexpr std::size_t shard_count = 64;
/// Of all shards together.
constexpr std::size_t most_request_ids = 500'000;
constexpr std::chrono::milliseconds tick{20};
/// What every client looks at to forget what is as new, at each tick: so many keys of every table
/// in so many shards.
constexpr std::size_t shards_per_tick = 4;
constexpr std::size_t looks_per_shard = 1024;

/// Shards outlive the store that made them where its states live on in another.
struct Shards {
  explicit Shards(std::vector<std::string> of) : partition(std::move(of)) {
    const std::size_t most_ids = most_request_ids / (partition.empty() ? 1 : shard_count);
    for (auto& shard : all) shard = std::make_unique<MemoryShard>(limits, most_ids);
  }

  /// Without one everything is decided together.
  MemoryShard& of(const std::string& text) {
    return *all[partition.empty() ? 0 : hash64(text) % all.size()];
  }

  MemoryLimits limits;
  std::vector<std::string> partition;
  std::array<std::unique_ptr<MemoryShard>, shard_count> all;
  /// The tables that there are, by identity.
  std::map<std::string, std::uint32_t> tables;
};

class MemoryClient final : public StoreClient {
 public:
  MemoryClient(std::shared_ptr<Shards> shards, std::shared_ptr<const TablePlan> plan,
               std::function<Instant()> clock, boost::asio::io_context& loop)
      : shards_(std::move(shards)), plan_(std::move(plan)), clock_(std::move(clock)), loop_(loop) {
    if (!clock_) return;
    timer_ = std::make_shared<boost::asio::steady_timer>(loop);
    wait_for_tick();
  }
  ~MemoryClient() override {
    if (timer_) timer_->cancel();
  }

  bool decide_at_once(const Ask& ask, Said& said) override {
    return shards_->of(ask.partition).decide(*plan_, ask, said, nullptr) ==
           MemoryShard::Outcome::decided;
  }

  void decide(Ask ask, Decided decided) override {
    const auto waiter = std::make_shared<MemoryShard::Waiter>();
    waiter->loop = &loop_;
    waiter->decided = std::move(decided);
    Said said;
    if (shards_->of(ask.partition).decide(*plan_, ask, said, waiter) ==
        MemoryShard::Outcome::decided) {
      waiter->decided(std::move(said));
    }
  }

  void end(std::vector<Owed> owed, Ended ended) override {
    shards_->of(ended.partition).end(*plan_, owed, ended);
  }

  void inspect(KeyFilter filter, std::size_t most, Instant now,
               std::function<void(std::vector<KeyCount>)> found) override {
    std::vector<KeyCount> keys;
    for (const auto& shard : shards_->all) shard->inspect(*plan_, filter, most, now, keys);
    found(std::move(keys));
  }

  void reset(KeyFilter filter, std::function<void(std::size_t)> done) override {
    std::size_t count = 0;
    for (const auto& shard : shards_->all) count += shard->reset(*plan_, filter);
    done(count);
  }

 private:
  void wait_for_tick() {
    timer_->expires_after(tick);
    // A tick that is due already when the client goes is called all the same.
    timer_->async_wait([this, is_there = std::weak_ptr(is_there_),
                        timer = timer_](const boost::system::error_code& error) {
      if (error || is_there.expired()) return;
      const Instant now = clock_();
      for (std::size_t i = 0; i < shards_per_tick; ++i) {
        shards_->all[next_++ % shard_count]->sweep(looks_per_shard, now);
      }
      if (shards_->limits.waiting.load(std::memory_order_relaxed) > 0) {
        for (const auto& each : shards_->all) each->expire(now);
      }
      wait_for_tick();
    });
  }

  std::shared_ptr<Shards> shards_;
  std::shared_ptr<const TablePlan> plan_;
  std::function<Instant()> clock_;
  boost::asio::io_context& loop_;
  std::shared_ptr<boost::asio::steady_timer> timer_;
  std::shared_ptr<bool> is_there_ = std::make_shared<bool>(true);
  std::size_t next_ = 0;
};

class MemoryStore final : public Store {
 public:
  MemoryStore(std::shared_ptr<Shards> shards, TablePlan plan, std::function<Instant()> clock)
      : shards_(std::move(shards)),
        plan_(std::make_shared<const TablePlan>(std::move(plan))),
        clock_(std::move(clock)) {}

  std::unique_ptr<StoreClient> make_client(boost::asio::io_context& loop) override {
    return std::make_unique<MemoryClient>(shards_, plan_, clock_, loop);
  }

  StoreFigures figures() const override {
    StoreFigures figures;
    figures.active_keys = shards_->limits.keys.load(std::memory_order_relaxed);
    return figures;
  }

  const std::shared_ptr<Shards>& shards() const { return shards_; }

 private:
  std::shared_ptr<Shards> shards_;
  std::shared_ptr<const TablePlan> plan_;
  std::function<Instant()> clock_;
};

std::shared_ptr<Shards> shards_for(const Definition& definition, const Store* before) {
  const auto* memory = dynamic_cast<const MemoryStore*>(before);
  if (memory != nullptr && memory->shards()->partition == definition.partition) {
    return memory->shards();
  }
  return std::make_shared<Shards>(definition.partition);
}

using MadeTable = tl::expected<std::uint32_t, Problem>;

/// The table of one row of a limit in every shard, which may be there already.
MadeTable table_of(Shards& shards, const LimitDefinition& limit, policy::VariantIndex variant,
                   const limiter::Environment& environment) {
  const std::string identity = identity_of(limit, variant);
  if (const auto found = shards.tables.find(identity); found != shards.tables.end()) {
    return found->second;
  }
  for (const auto& shard : shards.all) {
    auto limiter = policy::make_keyed_limiter(limit.spec.algorithm, {&limit.variants[variant], 1},
                                              environment);
    if (!limiter) return tl::unexpected(limiter.error());
    shard->add_table(std::move(*limiter));
  }
  const auto index = static_cast<std::uint32_t>(shards.tables.size());
  shards.tables.emplace(identity, index);
  return index;
}

}  // namespace

tl::expected<std::unique_ptr<Store>, Problem> make_memory_store(Definition definition,
                                                                const MemoryOptions& options,
                                                                const Store* before) {
  std::shared_ptr<Shards> shards = shards_for(definition, before);
  shards->limits.max_keys = options.max_keys;
  shards->limits.full_allows = options.full_allows;
  shards->limits.request_id_ttl = options.request_id_ttl;
  TablePlan plan;
  for (std::size_t l = 0; l < definition.limits.size(); ++l) {
    const LimitDefinition& limit = definition.limits[l];
    std::vector<std::uint32_t>& tables = plan.tables.emplace_back();
    for (std::size_t v = 0; v < limit.variants.size(); ++v) {
      const MadeTable table =
          table_of(*shards, limit, static_cast<policy::VariantIndex>(v), options.environment);
      if (!table) {
        return tl::unexpected(
            Problem{fmt::format("/{}/{}", l, table.error().pointer), table.error().message});
      }
      tables.push_back(*table);
    }
  }
  plan.definition = std::move(definition);
  return std::make_unique<MemoryStore>(std::move(shards), std::move(plan), options.clock);
}

}  // namespace weir::store
