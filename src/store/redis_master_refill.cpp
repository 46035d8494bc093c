#include "store/redis_master_refill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/int128.hpp"
#include "store/redis_command.hpp"
#include "store/redis_rows.hpp"

namespace weir::store {
namespace {

/// How many periods a master that is gone stays the master.
constexpr std::int64_t periods_of_lease = 3;

// KEYS: bucket, set of buckets that are not full. ARGV: cost, initial tokens, milliseconds that an
// unused bucket is kept. Returns whether it admits and the tokens left.
constexpr std::string_view take_tokens = R"lua(
local held = redis.call('GET', KEYS[1])
local tokens, cost = tonumber(held or ARGV[2]), tonumber(ARGV[1])
local admits = cost <= tokens
if admits then tokens = tokens - cost end
if cost > 0 and (admits or not held) then
  redis.call('SET', KEYS[1], string.format('%.0f', tokens), 'PX', ARGV[3])
  redis.call('SADD', KEYS[2], KEYS[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
return {admits and 1 or 0, tokens}
)lua";

// KEYS: lease of the master, set of buckets that are not full. ARGV: who asks, milliseconds of the
// lease, units to add, capacity, whether a full bucket is as good as none, milliseconds that an
// unused bucket is kept.
constexpr std::string_view add_tokens = R"lua(
local master = redis.call('GET', KEYS[1])
if master and master ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local units, capacity = tonumber(ARGV[3]), tonumber(ARGV[4])
for _, bucket in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  local held = redis.call('GET', bucket)
  local tokens = held and math.min(tonumber(held) + units, capacity)
  if not held or tokens == capacity then redis.call('SREM', KEYS[2], bucket) end
  if held and tokens == capacity and ARGV[5] == '1' then
    redis.call('DEL', bucket)
  elseif held then
    redis.call('SET', bucket, string.format('%.0f', tokens), 'PX', ARGV[6])
  end
end
return 1
)lua";

const RedisScript& take_script() {
  static const RedisScript script{std::string(take_tokens)};
  return script;
}

const RedisScript& add_script() {
  static const RedisScript script{std::string(add_tokens)};
  return script;
}

std::int64_t whole_ms(Duration d) { return std::max<std::int64_t>(d.ns() / 1'000'000, 1); }

/// How long a bucket that nobody uses is kept: until it is full for certain.
std::int64_t kept_ms(std::int64_t capacity, const Rate& rate) {
  if (rate.units == 0) return whole_ms(kept_for_ever);
  const auto periods = ceil_div(Int128{capacity}, Int128{rate.units}) + periods_of_lease;
  const Int128 ms = periods * whole_ms(rate.per);
  return static_cast<std::int64_t>(
      std::clamp<Int128>(ms, whole_ms(kept_when_full), whole_ms(kept_for_ever)));
}

}  // namespace

const std::vector<const RedisScript*>& master_refill_scripts() {
  static const std::vector<const RedisScript*> scripts = {&take_script(), &add_script()};
  return scripts;
}

RedisMasterRefillClient::RedisMasterRefillClient(std::shared_ptr<RedisShared> given,
                                                 boost::asio::io_context& loop)
    : RedisClient(std::move(given), loop),
      name_(fmt::format("{:x}.{:x}", shared().identity, shared().clients.fetch_add(1))) {
  const std::size_t rows = plan().definition().limits[0].variants.size();
  for (std::size_t row = 0; row < rows; ++row) {
    periods_.push_back(std::make_shared<boost::asio::steady_timer>(
        loop, boost::asio::steady_timer::clock_type::now()));
    wait_for_period(static_cast<policy::VariantIndex>(row));
  }
}

RedisMasterRefillClient::~RedisMasterRefillClient() {
  for (const auto& period : periods_) period->cancel();
  periods_.clear();
}

RedisMasterRefillClient::Bucket RedisMasterRefillClient::bucket_of(
    policy::VariantIndex variant) const {
  const limiter::Parameters& row = plan().definition().limits[0].variants[variant];
  const std::int64_t capacity = row.count("capacity");
  return {.capacity = capacity,
          .initial = row.has("initial") ? row.count("initial") : capacity,
          .rate = row.rate("rate")};
}

void RedisMasterRefillClient::wait_for_period(policy::VariantIndex variant) {
  const std::shared_ptr<boost::asio::steady_timer> period = periods_[variant];
  const std::chrono::nanoseconds length(bucket_of(variant).rate.per.ns());
  period->expires_at(period->expiry() + length);
  // A client that goes lets go of its timers first.
  const std::weak_ptr<boost::asio::steady_timer> weak = period;
  period->async_wait([this, weak, variant](const boost::system::error_code& error) {
    const auto kept = weak.lock();
    if (error || !kept) return;
    refill(variant);
    wait_for_period(variant);
  });
}

void RedisMasterRefillClient::refill(policy::VariantIndex variant) {
  const Bucket bucket = bucket_of(variant);
  RedisCommand command("EVALSHA", std::string_view(add_script().sha), "2");
  command.add(plan().other_key("master", 0, variant));
  command.add(plan().other_key("active", 0, variant));
  command.add(name_);
  command.add(whole_ms(bucket.rate.per * periods_of_lease));
  command.add(static_cast<std::int64_t>(bucket.rate.units));
  command.add(bucket.capacity);
  command.add(bucket.initial == bucket.capacity ? 1 : 0);
  command.add(kept_ms(bucket.capacity, bucket.rate));
  for (std::size_t node = 0; node < nodes(); ++node) {
    connection(node).send(command.text(), [](const RedisConnection::Answer&) {});
  }
}

void RedisMasterRefillClient::decide(Ask ask, Decided decided) {
  // A limit that does not apply is not asked.
  if (ask.limits.empty()) return decided(Said());
  const LimitAsk& limit = ask.limits[0];
  const Bucket bucket = bucket_of(limit.variant);
  RedisCommand command("EVALSHA", std::string_view(take_script().sha), "2");
  command.add(plan().key_of(ask.partition, limit));
  command.add(plan().other_key("active", 0, limit.variant));
  command.add(limit.cost);
  command.add(bucket.initial);
  command.add(kept_ms(bucket.capacity, bucket.rate));
  RedisConnection& node = connection(node_of(ask.partition));
  node.send(command.text(), [this, bucket, ask = std::move(ask),
                             decided = std::move(decided)](const RedisConnection::Answer& answer) {
    if (answer.is_late) return;
    if (answer.failure != RedisFailure::none || answer.reply->elements != 2) {
      return decide_without(ask, decided, answer.failure);
    }
    const bool admits = answer.reply->element[0]->integer != 0;
    Said said;
    said.allowed = admits || !plan().spec(0).enforce;
    said.limits.push_back(
        this->said(bucket, ask.limits[0].cost, admits, answer.reply->element[1]->integer));
    decided(std::move(said));
  });
}

// When the next refill comes nobody here knows: waits are the longest that they can be.
LimitSaid RedisMasterRefillClient::said(const Bucket& bucket, policy::Cost cost, bool admits,
                                        std::int64_t tokens) const {
  const auto time_for = [&](std::int64_t missing) {
    if (missing <= 0) return Duration();
    if (bucket.rate.units == 0) return Duration::max();
    const auto units = static_cast<std::int64_t>(bucket.rate.units);
    return Duration::from_ns(
        limiter::saturate(Int128{ceil_div(missing, units)} * bucket.rate.per.ns()));
  };
  const RedisAnswer answer = {.admits = admits,
                              .state = {},
                              .now = Instant(),
                              .cost = cost,
                              .charged = admits,
                              .denied = !admits};
  const limiter::Quota quota = {.limit = bucket.capacity,
                                .remaining = std::max<std::int64_t>(tokens, 0),
                                .reset_after = time_for(bucket.capacity - tokens)};
  const Duration wait = time_for(cost - tokens);
  const bool never = cost > bucket.capacity || wait == Duration::max();
  return said_of(answer, quota, never ? std::nullopt : std::optional(Instant() + wait));
}

void RedisMasterRefillClient::quotas(std::size_t node,
                                     std::vector<std::pair<std::string, RedisKey>> keys, Instant,
                                     std::function<void(std::vector<KeyCount>)> found) {
  quotas_of_numbers(
      node, std::move(keys),
      [this](policy::VariantIndex variant, std::int64_t tokens) {
        return said(bucket_of(variant), 0, true, tokens).quota;
      },
      std::move(found));
}

}  // namespace weir::store
