#include "traffic/number_sampler.hpp"

#include <cmath>

#include "core/math.hpp"

namespace weir::traffic {
namespace {

// Box and Muller's method; draws 2 i and 2 i + 1 of the stream make normal i.
double normal(const RandomStream& random, std::uint64_t index) {
  const double radius = std::sqrt(-2.0 * portable_log(random.uniform(2 * index)));
  return radius * portable_cos(6.283185307179586 * random.uniform(2 * index + 1));
}

struct Draw {
  const RandomStream& random;
  std::uint64_t index;

  double operator()(const ConstantNumber& d) const { return d.value; }
  double operator()(const UniformNumber& d) const {
    return d.min + (d.max - d.min) * random.uniform(index);
  }
  double operator()(const ExponentialNumber& d) const {
    return -d.mean * portable_log(random.uniform(index));
  }
  double operator()(const LognormalNumber& d) const {
    return d.median * portable_exp(d.sigma * normal(random, index));
  }
  double operator()(const EmpiricalNumber& d) const {
    return d.values[random.below(index, d.values.size())];
  }
};

}  // namespace

double draw_number(const NumberDistribution& distribution, const RandomStream& random,
                   std::uint64_t index) {
  return std::visit(Draw{random, index}, distribution);
}

std::int64_t to_whole_number(double value) {
  constexpr double largest = 9007199254740992.0;
  if (!(value > 0.0)) return 0;
  return static_cast<std::int64_t>(std::floor((value < largest ? value : largest) + 0.5));
}

Duration draw_duration(const NumberDistribution& distribution, const RandomStream& random,
                       std::uint64_t index) {
  constexpr auto longest = static_cast<double>(longest_drawn.ns());
  const double ns = draw_number(distribution, random, index);
  if (!(ns > 0.0)) return {};
  if (ns >= longest) return longest_drawn;
  return Duration::from_ns(static_cast<std::int64_t>(std::floor(ns + 0.5)));
}

void draw_whole_numbers(const NumberDistribution& distribution, const RandomStream& random,
                        std::span<const std::uint64_t> indexes, std::int64_t* out) {
  std::visit(
      [&](const auto& d) {
        for (std::size_t i = 0; i < indexes.size(); ++i) {
          out[i] = to_whole_number(Draw{random, indexes[i]}(d));
        }
      },
      distribution);
}

}  // namespace weir::traffic
