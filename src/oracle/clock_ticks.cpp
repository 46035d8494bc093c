#include "oracle/clock_ticks.hpp"

#include <algorithm>
#include <utility>

#include "limiter/catalogue.hpp"
#include "oracle/clock_offset.hpp"

namespace weir::oracle {
namespace {

/// Clocks of coarser ticks are those that windows go by: where their ticks lie is looked for.
constexpr Duration coarsest_tick = Duration::from_ms(10);
/// nginx reads the kernel's coarse clock, which most kernels move on 250 times a second.
constexpr Duration kernel_tick = Duration::from_ms(4);
/// The place of the ticks is looked for to such a part of their distance.
constexpr int parts_of_tick = 16;

/// How far the ticks of a limit's clock may be apart, and after how much it is as it was.
struct Ticking {
  std::vector<Duration> ticks;
  Duration cycle;
};

/// Of the limits' common clock; no ticks where they cannot be found or do not matter.
Ticking ticking_of(const std::vector<policy::Limit>& limits) {
  Ticking ticking;
  for (const policy::Limit& limit : limits) {
    const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.spec.algorithm);
    if (info->clock_granularity != Duration::from_ms(1)) return {};
    const bool is_nginx = info->id.ends_with("limit-req");
    std::vector<Duration> ticks = {Duration::from_ms(1)};
    // The kernel's coarse clock, at the rates that kernels are built with.
    if (is_nginx) ticks = {kernel_tick, Duration::from_ms(1), Duration::from_ms(10)};
    if (!ticking.ticks.empty() && ticks != ticking.ticks) return {};
    ticking.ticks = ticks;
    if (info->id == "haproxy-http-req-rate") ticking.cycle = Duration::from_ms(2);
  }
  return ticking;
}

}  // namespace

Uncertainty uncertainty_of(const std::vector<policy::Limit>& limits) {
  Uncertainty uncertainty;
  for (const policy::Limit& limit : limits) {
    const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit.spec.algorithm);
    const Duration tick = info->clock_granularity;
    if (tick > coarsest_tick || tick <= Duration::from_ns(1)) continue;
    const bool is_nginx = info->id == "nginx-limit-req";
    // HAProxy's periods begin at even ticks.
    const Duration step = info->id == "haproxy-http-req-rate" ? tick * 2 : tick;
    uncertainty.ahead = std::max(uncertainty.ahead, step);
    uncertainty.behind = std::max(uncertainty.behind, is_nginx ? step + kernel_tick : step);
  }
  return uncertainty;
}

std::optional<FoundTicks> find_ticks(const std::vector<policy::Limit>& limits, Judge& judge,
                                     std::span<const Group* const> all,
                                     std::span<const Group* const> some, Uncertainty uncertainty,
                                     const Findings& without) {
  if (without.disagree > 0 || without.undetermined == 0) return std::nullopt;
  const Ticking ticking = ticking_of(limits);
  std::optional<FoundTicks> best;
  for (const Duration tick : ticking.ticks) {
    uncertainty.tick = tick;
    const ClockOffset cycle{Duration(), std::max(tick, ticking.cycle)};
    const ClockOffset likely = refine_offset(judge, some, uncertainty, cycle, Against::unexplained,
                                             Duration::from_ns(tick.ns() / parts_of_tick));
    Findings findings = judge.judge(all, with_offset(likely, uncertainty));
    const bool explains = findings.disagree == 0 &&
                          findings.remaining.disagree <= without.remaining.disagree &&
                          findings.reset_after.disagree <= without.reset_after.disagree &&
                          findings.retry_after.disagree <= without.retry_after.disagree;
    const std::uint64_t open = best ? best->findings.undetermined : without.undetermined;
    if (explains && findings.undetermined < open) best = FoundTicks{tick, std::move(findings)};
  }
  return best;
}

}  // namespace weir::oracle
