#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/random_traffic.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "policy/keyed_limiter.hpp"
#include "store/redis_support.hpp"

// Redis' decisions are the limiters' own.

namespace weir::store {
namespace {

using limiter::RandomTraffic;
using policy::ChargeSpec;

constexpr Instant equality_start = Instant::from_unix_seconds(1'767'225'600);

/// The limiters themselves: all are checked, then all charged or none.
class Limiters {
 public:
  explicit Limiters(const Definition& definition) : definition_(definition) {
    for (const LimitDefinition& limit : definition.limits) {
      auto made = policy::make_keyed_limiter(limit.spec.algorithm, limit.variants,
                                             {.start = equality_start});
      EXPECT_TRUE(made) << made.error().pointer << ' ' << made.error().message;
      limiters_.push_back(std::move(*made));
      limiters_.back()->reset(0);
    }
    keys_.resize(limiters_.size());
  }

  Said decide(const Ask& ask) {
    Said said;
    std::vector<policy::Charge> charges;
    for (const LimitAsk& limit : ask.limits) {
      charges.push_back(charge_of(limit, ask.now, limit.cost));
      LimitSaid& one = said.limits.emplace_back();
      one.verdict = limiters_[limit.limit]->check(charges.back());
      if (!one.verdict.allowed && spec(limit).enforce) said.allowed = false;
    }
    for (std::size_t i = 0; i < charges.size(); ++i) charge(ask.limits[i], charges[i], said, i);
    for (std::size_t i = 0; i < charges.size(); ++i) explain(ask.limits[i], charges[i], said, i);
    return said;
  }

  void end(const Owed& owed, Instant now, std::optional<policy::Cost> cost) {
    policy::KeyedLimiter& limiter = *limiters_[owed.ask.limit];
    if (owed.is_late && cost) {
      if (!spec(owed.ask).charge.refund) cost = std::max(*cost, owed.charged);
      limiter.settle(charge_of(owed.ask, now, *cost), owed.charged_at, owed.charged);
    }
    if (owed.holds) {
      limiter.complete(charge_of(owed.ask, now, owed.charged), owed.started, false);
    }
  }

 private:
  const policy::LimitSpec& spec(const LimitAsk& ask) const {
    return definition_.limits[ask.limit].spec;
  }

  policy::Charge charge_of(const LimitAsk& ask, Instant now, policy::Cost cost) {
    auto& keys = keys_[ask.limit];
    const auto key =
        static_cast<policy::KeyIndex>(keys.try_emplace(ask.key, keys.size()).first->second);
    limiters_[ask.limit]->grow(keys.size());
    return {.key = key, .variant = ask.variant, .now = now, .cost = cost};
  }

  void charge(const LimitAsk& ask, const policy::Charge& charge, Said& said, std::size_t i) {
    policy::KeyedLimiter& limiter = *limiters_[ask.limit];
    const bool admits = said.limits[i].verdict.allowed;
    if (!said.allowed || !admits) return limiter.charge_denied(charge);
    if (spec(ask).enforce) said.delay = std::max(said.delay, said.limits[i].verdict.delay);
    const bool charges = spec(ask).charge.when != ChargeSpec::When::answer;
    if (charges) limiter.charge(charge);
    const bool is_late = spec(ask).charge.when != ChargeSpec::When::admit;
    if (!is_late && !limiter.holds_until_end()) return;
    said.owed.push_back({.ask = ask,
                         .charged_at = charge.now,
                         .charged = charges ? charge.cost : 0,
                         .holds = limiter.holds_until_end(),
                         .started = charge.now,
                         .is_late = is_late});
  }

  void explain(const LimitAsk& ask, const policy::Charge& charge, Said& said, std::size_t i) {
    const policy::KeyedLimiter& limiter = *limiters_[ask.limit];
    LimitSaid& one = said.limits[i];
    one.quota = limiter.quota(charge);
    one.advertised = limiter.advertised_quota(charge);
    if (said.allowed) return;
    const auto at = limiter.earliest(charge);
    one.retry_after = at ? std::optional(*at - charge.now) : std::nullopt;
    if (!one.verdict.allowed) one.advertised_retry_after = limiter.advertised_retry_after(charge);
  }

  Definition definition_;
  std::vector<std::unique_ptr<policy::KeyedLimiter>> limiters_;
  std::vector<std::map<std::string, std::size_t>> keys_;
};

std::string shown(const std::optional<Duration>& d) {
  return d ? std::to_string(d->ns()) + "ns" : "none";
}

std::string shown(const Said& said) {
  std::string text =
      fmt::format("allowed {} delay {}ns owed {}", said.allowed, said.delay.ns(), said.owed.size());
  for (const LimitSaid& one : said.limits) {
    text += fmt::format(
        "\n  {} delay {}ns; {} of {} left, reset {}ns; retry {} told {}; advertised {} {} {}",
        one.verdict.allowed, one.verdict.delay.ns(), one.quota.remaining, one.quota.limit,
        one.quota.reset_after.ns(), shown(one.retry_after), shown(one.advertised_retry_after),
        one.advertised.limit.value_or(-1), one.advertised.remaining.value_or(-1),
        shown(one.advertised.reset_after));
  }
  return text;
}

/// Decides the same by the limiters and by Redis, many at once.
class Comparison {
 public:
  Comparison(const RedisServer& server, const Definition& definition)
      : limiters_(definition), gateway_(definition, options(server)) {}

  Said decide(const Ask& ask, bool keep_owed) {
    Said expected = limiters_.decide(ask);
    ++outstanding_;
    gateway_.client().decide(ask, [this, ask, expected, keep_owed](Said&& said) {
      --outstanding_;
      if (shown(said) != shown(expected) || said.by != DecidedBy::store) {
        ADD_FAILURE() << "at " << format_instant(ask.now) << " key " << ask.partition << " cost "
                      << ask.limits[0].cost << "\nexpected " << shown(expected) << "\nRedis said "
                      << shown(said);
        return;
      }
      if (keep_owed && !said.owed.empty()) owed_.push_back({ask.partition, said.owed});
    });
    if (outstanding_ >= 64) drain();
    return expected;
  }

  void drain() {
    gateway_.run_until([this] { return outstanding_ == 0; });
  }

  /// Ends one of the requests that owe, if there is any.
  void end_one(RandomTraffic& traffic, Instant now) {
    drain();
    if (owed_.empty()) return;
    // The newest are those whose windows have not passed.
    const std::size_t index =
        traffic.below(2) == 0 ? owed_.size() - 1 : traffic.below(owed_.size());
    const auto [partition, owed] = owed_[index];
    owed_.erase(owed_.begin() + static_cast<std::ptrdiff_t>(index));
    Ended ended{.now = now, .partition = partition, .dropped = false, .costs = {}};
    for (const Owed& each : owed) {
      std::optional<policy::Cost> cost;
      if (traffic.below(8) != 0) {
        const auto most = static_cast<std::uint64_t>(2 * each.charged + 3);
        cost = traffic.below(4) == 0 ? 0 : static_cast<policy::Cost>(traffic.below(most));
      }
      ended.costs.push_back(cost);
      limiters_.end(each, now, cost);
    }
    gateway_.end(owed, ended);
  }

  void forget_owed() { owed_.clear(); }
  std::size_t owed() const { return owed_.size(); }

 private:
  struct OfRequest {
    std::string partition;
    std::vector<Owed> owed;
  };

  static RedisOptions options(const RedisServer& server) {
    RedisOptions options = options_for({server.node()});
    options.by_asked_time = true;
    options.environment.start = equality_start;
    return options;
  }

  Limiters limiters_;
  Gateway gateway_;
  std::size_t outstanding_ = 0;
  std::vector<OfRequest> owed_;
};

Instant whole_microsecond(Instant at) {
  return Instant::from_unix_ns(ceil_div(at.unix_ns(), std::int64_t{1000}) * 1000);
}

void compare(const RedisServer& server, const Definition& definition, int requests,
             std::uint64_t seed) {
  Comparison comparison(server, definition);
  RandomTraffic traffic(definition.limits[seed % definition.limits.size()].variants[0],
                        RandomSequence(RandomStream(seed)));
  const Instant end = equality_start + Duration::from_seconds(std::int64_t{10} * 365 * 86'400);
  Instant now = equality_start;
  std::optional<Instant> promised;
  int life = 0;
  for (int i = 0; i < requests && !testing::Test::HasFailure(); ++i) {
    now = whole_microsecond(traffic.next_instant(now, promised));
    promised.reset();
    if (now > end) {
      now = equality_start;
      ++life;
      comparison.drain();
      comparison.forget_owed();
    }
    if (traffic.below(3) == 0 && comparison.owed() > 0) comparison.end_one(traffic, now);
    const std::string user = fmt::format("{} life {}", traffic.below(3), life);
    Ask ask = ask_for(definition, user, now);
    std::int64_t limit = 1;
    for (const auto& [name, value] : definition.limits[0].variants[0].values()) {
      if (const auto* count = std::get_if<std::int64_t>(&value)) limit = std::max(limit, *count);
    }
    for (LimitAsk& one : ask.limits)
      one.cost = traffic.next_cost(std::min<std::int64_t>(limit, 1'000'000));
    const Said said = comparison.decide(ask, true);
    for (const LimitSaid& one : said.limits) {
      if (one.retry_after && one.retry_after->ns() > 0 && traffic.below(2) == 0) {
        promised = now + *one.retry_after;
      }
    }
  }
  comparison.drain();
}

struct EqualityCase {
  std::string algorithm;
  std::vector<std::string> settings;
};

const std::vector<EqualityCase>& equality_cases() {
  static const std::vector<EqualityCase> cases = {
      {"fixed-window",
       {"limit=5 window=1s", "limit=100 window=1m anchor=first-request",
        "limit=3 window=10ms count_denied=true", "limit=0 window=1s count_denied=true",
        "limit=7 window=1h anchor=first-request count_denied=true",
        "limit=2251799813685248 window=1d"}},
      {"sliding-window-log",
       {"limit=5 window=1s", "limit=100 window=1m", "limit=3 window=10ms count_denied=true",
        "limit=0 window=1s count_denied=true", "limit=300 window=1h count_denied=true",
        "limit=2000 window=1s"}},
      {"sliding-window-counter",
       {"limit=5 window=1s", "limit=100 window=1m anchor=first-request",
        "limit=3 window=10ms count_denied=true", "limit=0 window=1s count_denied=true",
        "limit=1000000 window=30d", "limit=50 window=3000d",
        "limit=7 window=1h anchor=first-request count_denied=true"}},
      {"sliding-window-segments",
       {"limit=5 window=1s segments=4", "limit=6 window=1s segments=3",
        "limit=100 window=1m segments=60 anchor=first-request", "limit=10 window=7ms segments=7",
        "limit=20 window=367d segments=3593", "limit=4 window=90s segments=1",
        "limit=9 window=10s segments=7 anchor=first-request"}},
      {"token-bucket",
       {"capacity=20 rate=5/s", "capacity=7 rate=3/s", "capacity=5 rate=7/11ms",
        "capacity=10 rate=0/s", "capacity=10 rate=2/s initial=3", "capacity=0 rate=1/s",
        "capacity=10 rate=0/s initial=4", "capacity=1000000 rate=999983/1m initial=0"}},
      {"token-bucket",
       {"capacity=20 rate=5/1s refill=interval",
        "capacity=7 rate=3/10ms refill=interval anchor=epoch",
        "capacity=10 rate=0/s refill=interval", "capacity=10 rate=4/1m refill=interval initial=3",
        "capacity=5 rate=100/1h refill=interval anchor=epoch initial=0"}},
      {"leaky-bucket",
       {"capacity=20 rate=5/s", "capacity=7 rate=3/s", "capacity=0 rate=1/s", "capacity=4 rate=0/s",
        "capacity=1000 rate=997/13s"}},
      {"leaky-bucket-queue",
       {"capacity=20 rate=5/s", "capacity=0 rate=3/s", "capacity=9 rate=7/11ms",
        "capacity=1000 rate=997/13s"}},
      {"gcra",
       {"rate=5/s burst=20", "rate=3/s burst=1", "rate=7/11ms burst=4", "rate=1/1d burst=3",
        "rate=1000003/1m burst=1000"}},
      {"trtcm",
       {"rate=5/s burst=20 peak_rate=10/s peak_burst=5",
        "rate=3/s burst=4 peak_rate=7/s peak_burst=9",
        "rate=0/s burst=9 peak_rate=3/s peak_burst=4",
        "rate=1/1m burst=6 peak_rate=7/11ms peak_burst=3"}},
      {"concurrency",
       {"limit=3", "limit=0", "limit=5 slot_ttl=1s", "limit=1 slot_ttl=7us",
        "limit=20 slot_ttl=100ms", "limit=7 slot_ttl=90s"}},
      {"unlimited", {""}},
      {"deny-all", {""}}};
  return cases;
}

bool settles(std::string_view algorithm) {
  return algorithm != "leaky-bucket-queue" && algorithm != "trtcm" && algorithm != "concurrency" &&
         algorithm != "deny-all";
}

class RedisEqualityTest : public RedisTest, public testing::WithParamInterface<std::size_t> {};

TEST_P(RedisEqualityTest, DecidesAsTheLimiterDoes) {
  const RedisServer server;
  const EqualityCase& tested = equality_cases()[GetParam()];
  std::uint64_t seed = 100 * GetParam();
  for (const std::string& setting : tested.settings) {
    SCOPED_TRACE(tested.algorithm + " " + setting);
    LimitDefinition limit = limit_definition(tested.algorithm, setting);
    compare(server, definition_of({limit}), 1500 / redis_slowdown, seed++);
    if (!settles(tested.algorithm)) continue;
    limit.spec.name = "reserving";
    limit.spec.charge = {.when = ChargeSpec::When::reserve, .reserve = "estimate"};
    compare(server, definition_of({limit}), 800 / redis_slowdown, seed++);
    limit.spec.name = "keeping";
    limit.spec.charge.refund = false;
    compare(server, definition_of({limit}), 200 / redis_slowdown, seed++);
    limit.spec.name = "answering";
    limit.spec.charge.when = ChargeSpec::When::answer;
    limit.spec.charge.refund = true;
    compare(server, definition_of({limit}), 400 / redis_slowdown, seed++);
  }
}

std::string equality_name(const testing::TestParamInfo<std::size_t>& tested) {
  std::string name = equality_cases()[tested.param].algorithm;
  std::replace(name.begin(), name.end(), '-', '_');
  return fmt::format("{}_{}", tested.param, name);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, RedisEqualityTest,
                         testing::Range(std::size_t{0}, equality_cases().size()), equality_name);

class RedisJointEqualityTest : public RedisTest {};

TEST_F(RedisJointEqualityTest, SeveralLimitsAreChargedTogetherOrNotAtAll) {
  const RedisServer server;
  RandomSequence draws(RandomStream(7));
  for (std::uint64_t round = 0; round < 40 && !HasFailure(); ++round) {
    std::vector<LimitDefinition> limits;
    std::string names;
    const std::uint64_t count = 2 + draws.below(2);
    for (std::uint64_t i = 0; i < count; ++i) {
      const EqualityCase& one = equality_cases()[draws.below(equality_cases().size() - 1)];
      const std::string& setting = one.settings[draws.below(one.settings.size())];
      limits.push_back(limit_definition(one.algorithm, setting, fmt::format("{}-{}", round, i)));
      limits.back().spec.enforce = draws.below(4) != 0;
      if (settles(one.algorithm) && draws.below(3) == 0) {
        limits.back().spec.charge = {.when = ChargeSpec::When::reserve, .reserve = "estimate"};
      }
      names += one.algorithm + " " + setting + "; ";
    }
    SCOPED_TRACE(names);
    compare(server, definition_of(limits), 300 / redis_slowdown, round);
  }
}

}  // namespace
}  // namespace weir::store
