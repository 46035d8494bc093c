#include "policy/keyed_limiter.hpp"

#include <concepts>
#include <cstring>
#include <type_traits>
#include <variant>

#include "limiter/catalogue.hpp"

namespace weir::policy {
namespace {

template <limiter::Limiter L>
class TypedKeyedLimiter final : public KeyedLimiter {
 public:
  using State = typename L::State;

  explicit TypedKeyedLimiter(std::vector<L> variants) : variants_(std::move(variants)) {}

  void reset(std::size_t count) override {
    states_.clear();
    states_.resize(count);
  }
  void grow(std::size_t count) override {
    if (count > states_.size()) states_.resize(count);
  }

  Decided decide(const ChargeBlock& block, std::uint8_t* allowed, Duration* delay,
                 Promise* promises) override {
    if (block.variant.empty()) {
      return block.cost.empty() ? run<false, false>(block, allowed, delay, promises)
                                : run<false, true>(block, allowed, delay, promises);
    }
    return block.cost.empty() ? run<true, false>(block, allowed, delay, promises)
                              : run<true, true>(block, allowed, delay, promises);
  }

  Verdict decide(const Charge& c, Promise& told) override {
    const L& l = variants_[c.variant];
    State& state = states_[c.key];
    const Verdict verdict = l.check(state, c.now, c.cost);
    if (verdict.allowed) {
      l.charge(state, c.now, c.cost);
    } else {
      l.charge_denied(state, c.now, c.cost);
      told = promise(l, state, c.now, c.cost, 0);
    }
    return verdict;
  }

  Verdict check(const Charge& c) const override {
    return variants_[c.variant].check(states_[c.key], c.now, c.cost);
  }
  void charge(const Charge& c) override {
    variants_[c.variant].charge(states_[c.key], c.now, c.cost);
  }
  void charge_denied(const Charge& c) override {
    variants_[c.variant].charge_denied(states_[c.key], c.now, c.cost);
  }
  std::optional<Instant> earliest(const Charge& c) const override {
    return variants_[c.variant].earliest(states_[c.key], c.now, c.cost);
  }
  std::optional<Duration> advertised_retry_after(const Charge& c) const override {
    return limiter::advertised_retry_after(variants_[c.variant], states_[c.key], c.now, c.cost);
  }
  Quota quota(const Charge& c) const override {
    return variants_[c.variant].quota(states_[c.key], c.now);
  }

  limiter::AdvertisedQuota advertised_quota(const Charge& c) const override {
    return limiter::advertised_quota(variants_[c.variant], states_[c.key], c.now);
  }
  std::optional<std::int64_t> bound(VariantIndex variant, Duration interval) const override {
    return variants_[variant].bound(interval);
  }

  bool holds_until_end() const override { return limiter::HoldsUntilEnd<L>; }
  void complete(const Charge& c, Instant started, bool dropped) override {
    if constexpr (limiter::HoldsUntilEnd<L>) {
      variants_[c.variant].complete(states_[c.key], {started, c.now, c.cost, dropped});
    }
  }
  bool starts_at_once(const Charge& c) const override {
    if constexpr (limiter::HasWaitingLine<L>) {
      return variants_[c.variant].starts_at_once(states_[c.key], c.now, c.cost);
    }
    return true;
  }
  bool start_waiting(const Charge& c) override {
    if constexpr (limiter::HasWaitingLine<L>) {
      return variants_[c.variant].start_waiting(states_[c.key], c.now, c.cost);
    }
    return true;
  }
  void leave_line(const Charge& c) override {
    if constexpr (limiter::HasWaitingLine<L>) {
      variants_[c.variant].leave_line(states_[c.key], c.cost);
    }
  }
  std::optional<Instant> next_expiry(const Charge& c) const override {
    if constexpr (limiter::HoldsExpire<L>) {
      return variants_[c.variant].next_expiry(states_[c.key], c.now);
    }
    return std::nullopt;
  }

  bool settles_late() const override { return limiter::SettlesLate<L>; }
  std::int64_t settle(const Charge& c, Instant charged_at, Cost charged) override {
    if constexpr (limiter::SettlesLate<L>) {
      const L& l = variants_[c.variant];
      l.settle(states_[c.key], charged_at, c.now, charged, c.cost);
      return l.debt(states_[c.key], c.now);
    }
    return 0;
  }

  bool is_as_new(const Charge& c) const override {
    return limiter::is_as_new(variants_[c.variant], states_[c.key], c.now);
  }
  void copy_state(KeyIndex from, KeyIndex to) override { states_[to] = states_[from]; }

  bool has_same_state(KeyIndex a, KeyIndex b) const override {
    if constexpr (std::is_empty_v<State>) {
      return true;
    } else if constexpr (std::equality_comparable<State>) {
      return states_[a] == states_[b];
    } else if constexpr (std::is_trivially_copyable_v<State>) {
      return std::memcmp(&states_[a], &states_[b], sizeof(State)) == 0;
    }
    return false;
  }

  std::size_t state_bytes(KeyIndex key) const override {
    if constexpr (limiter::OwnsMemory<L>) {
      return sizeof(State) + L::owned_bytes(states_[key]);
    } else {
      return std::is_empty_v<State> ? 0 : sizeof(State);
    }
  }

 private:
  // The exact wait is not worth its time where nothing is promised.
  static Promise promise(const L& l, const State& state, Instant now, Cost cost, std::size_t row) {
    Promise p{static_cast<std::uint32_t>(row), Duration::max(), Duration::max()};
    if constexpr (limiter::AdvertisesOwnWait<L>) {
      const std::optional<Duration> told = l.advertised_retry_after(state, now, cost);
      if (!told) return p;
      p.advertised = *told;
    }
    const std::optional<Instant> at = l.earliest(state, now, cost);
    if (!at) return p;
    p.exact = *at - now;
    if constexpr (!limiter::AdvertisesOwnWait<L>) p.advertised = limiter::ceil_seconds(p.exact);
    return p;
  }

  template <bool HasVariants, bool HasCosts>
  Decided run(const ChargeBlock& block, std::uint8_t* allowed, Duration* delay, Promise* promises) {
    // A copy that the compiler knows nobody else changes, so that parameters stay in registers.
    const L only = variants_[0];
    State* const states = states_.data();
    std::int64_t longest = 0;
    Promise* next = promises;
    for (std::size_t i = 0; i < block.at.size(); ++i) {
      const L& l = HasVariants ? variants_[block.variant[i]] : only;
      const Cost cost = HasCosts ? block.cost[i] : 1;
      State& state = states[block.key[i]];
      const Verdict verdict = l.check(state, block.at[i], cost);
      if (verdict.allowed) {
        l.charge(state, block.at[i], cost);
      } else {
        l.charge_denied(state, block.at[i], cost);
        *next++ = promise(l, state, block.at[i], cost, i);
      }
      allowed[i] = verdict.allowed ? 1 : 0;
      delay[i] = verdict.delay;
      longest |= verdict.delay.ns();
    }
    return {longest != 0, static_cast<std::size_t>(next - promises)};
  }

  std::vector<L> variants_;
  std::vector<State> states_;
};

using Made = tl::expected<std::unique_ptr<KeyedLimiter>, Problem>;

template <class L>
Made keyed(std::vector<L> variants) {
  return std::make_unique<TypedKeyedLimiter<L>>(std::move(variants));
}

// Entries whose limiter is a variant: all rows must be of one alternative.
template <class... L>
Made keyed(const std::vector<std::variant<L...>>& variants) {
  return std::visit(
      [&](const auto& first) -> Made {
        using One = std::decay_t<decltype(first)>;
        std::vector<One> same;
        for (const auto& v : variants) {
          if (!std::holds_alternative<One>(v)) {
            return tl::unexpected(Problem{"", "rows need limiters of different kinds"});
          }
          same.push_back(std::get<One>(v));
        }
        return keyed(std::move(same));
      },
      variants.front());
}

template <class Entry>
Made make_entry(std::span<const limiter::Parameters> rows, limiter::Environment environment) {
  std::vector<typename Entry::Limiter> variants;
  for (const limiter::Parameters& row : rows) {
    auto made = Entry::make(row, environment);
    if (!made) return tl::unexpected(made.error());
    variants.push_back(std::move(*made));
  }
  Made limiter = keyed(std::move(variants));
  // One row may need wide ticks where another does not; then all take them.
  if (!limiter && !environment.wide_ticks) {
    environment.wide_ticks = true;
    return make_entry<Entry>(rows, environment);
  }
  return limiter;
}

template <class... Entry>
Made find_and_make(std::tuple<Entry...>*, std::string_view algorithm,
                   std::span<const limiter::Parameters> rows,
                   const limiter::Environment& environment) {
  Made made = tl::unexpected(Problem{"algorithm", "is not in the catalogue"});
  const auto try_entry = [&]<class E>(E*) {
    if (E::info().id != algorithm) return false;
    made = make_entry<E>(rows, environment);
    return true;
  };
  static_cast<void>((try_entry(static_cast<Entry*>(nullptr)) || ...));
  return made;
}

}  // namespace

Made make_keyed_limiter(std::string_view algorithm, std::span<const limiter::Parameters> variants,
                        const limiter::Environment& environment) {
  return find_and_make(static_cast<limiter::Entries*>(nullptr), algorithm, variants, environment);
}

}  // namespace weir::policy
