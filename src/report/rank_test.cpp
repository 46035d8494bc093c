#include "report/rank_test.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

namespace weir::report {
namespace {

constexpr std::size_t largest_exact = 40;

/// Twice the smaller tail of U's distribution: ways[u] of the orders of n and m values have that U.
double exact_p(std::size_t n, std::size_t m, double u) {
  // ways[i][u], built up one value of the second sample at a time.
  std::vector<std::vector<double>> ways(n + 1, std::vector<double>(n * m + 1, 0.0));
  for (std::vector<double>& row : ways) row[0] = 1.0;
  for (std::size_t j = 1; j <= m; ++j) {
    for (std::size_t i = 1; i <= n; ++i) {
      // Row i of j values so far still holds that of j - 1; row i - 1 already has j.
      for (std::size_t k = n * m + 1; k-- > 0;) {
        ways[i][k] = (k >= i ? ways[i][k - i] : 0.0);
      }
      for (std::size_t k = 0; k <= n * m; ++k) ways[i][k] += ways[i - 1][k];
    }
  }
  const std::vector<double>& counts = ways[n];
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
  const double smaller = std::min(u, static_cast<double>(n * m) - u);
  double tail = 0.0;
  for (std::size_t k = 0; static_cast<double>(k) <= smaller; ++k) tail += counts[k];
  return std::min(1.0, 2.0 * tail / all);
}

double normal_p(double n, double m, double u, double tie_term) {
  const double all = n + m;
  const double variance = n * m / 12.0 * (all + 1.0 - tie_term / (all * (all - 1.0)));
  if (variance <= 0.0) return 1.0;
  const double distance = std::max(0.0, std::abs(u - n * m / 2.0) - 0.5);
  return std::erfc(distance / std::sqrt(2.0 * variance));
}

}  // namespace

double mann_whitney(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.empty() || b.empty()) return 1.0;
  double u = 0.0;
  for (const double x : a) {
    for (const double y : b) u += x > y ? 1.0 : x == y ? 0.5 : 0.0;
  }
  std::vector<double> all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  double tie_term = 0.0;
  for (std::size_t i = 0, next = 0; i < all.size(); i = next) {
    while (next < all.size() && all[next] == all[i]) ++next;
    const auto tied = static_cast<double>(next - i);
    tie_term += tied * tied * tied - tied;
  }
  if (tie_term == 0.0 && all.size() <= largest_exact) return exact_p(a.size(), b.size(), u);
  return normal_p(static_cast<double>(a.size()), static_cast<double>(b.size()), u, tie_term);
}

std::vector<double> holm_adjusted(const std::vector<double>& p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t x, std::size_t y) { return p_values[x] < p_values[y]; });
  std::vector<double> adjusted(p_values.size());
  double most = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto left = static_cast<double>(order.size() - i);
    most = std::max(most, std::min(1.0, left * p_values[order[i]]));
    adjusted[order[i]] = most;
  }
  return adjusted;
}

double median_of(std::vector<double> values) {
  if (values.empty()) return 0.0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

}  // namespace weir::report
