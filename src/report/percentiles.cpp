#include "report/percentiles.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include "core/int128.hpp"

namespace weir::report {
namespace {

using metrics::Histogram;
using Json = nlohmann::ordered_json;

constexpr std::uint32_t million = 1'000'000;
constexpr std::array<std::pair<const char*, std::uint32_t>, 6> named_percentiles = {
    {{"p50_ns", 500'000},
     {"p75_ns", 750'000},
     {"p90_ns", 900'000},
     {"p95_ns", 950'000},
     {"p99_ns", 990'000},
     {"p999_ns", 999'000}}};

Int128 sum_of(const Histogram& h) {
  const Histogram::Summary summary = h.summary();
  return Int128{summary.sum_high} << 64 | summary.sum_low;
}

/// Which part of a histogram's records, in parts per million, `rank` of them are, rounded down:
/// the percentile, whose own rank is rounded up, is then that of the record with this rank.
std::uint32_t part_of(std::uint64_t rank, std::uint64_t count) {
  return static_cast<std::uint32_t>(Uint128{rank} * million / count);
}

/// The value that `parts` of all records do not exceed.
std::int64_t percentile(const Histogram& below, const Histogram& above, std::uint32_t parts) {
  const std::uint64_t all = below.count() + above.count();
  const auto rank = static_cast<std::uint64_t>((Uint128{all} * parts + million - 1) / million);
  if (rank > below.count()) {
    return above.percentile(part_of(rank - below.count(), above.count()));
  }
  // Of the negative ones the largest in magnitude come first.
  return -below.percentile(part_of(below.count() - rank + 1, below.count()));
}

}  // namespace

Json make_percentiles(const Histogram& h) {
  const auto known = [&](std::int64_t value) { return h.count() > 0 ? Json(value) : Json(); };
  Json section = {{"count", h.count()}, {"min_ns", known(h.min())}, {"mean_ns", known(h.mean())}};
  for (const auto& [name, parts] : named_percentiles) section[name] = known(h.percentile(parts));
  section["max_ns"] = known(h.max());
  return section;
}

Json make_signed_percentiles(const Histogram& below, const Histogram& above) {
  if (below.count() == 0) return make_percentiles(above);
  const std::uint64_t all = below.count() + above.count();
  const auto mean =
      static_cast<std::int64_t>(floor_div<Int128>(sum_of(above) - sum_of(below), Int128{all}));
  Json section = {{"count", all}, {"min_ns", -below.max()}, {"mean_ns", mean}};
  for (const auto& [name, parts] : named_percentiles)
    section[name] = percentile(below, above, parts);
  section["max_ns"] = above.count() > 0 ? above.max() : -below.min();
  return section;
}

}  // namespace weir::report
