#pragma once

#include <vector>

namespace weir::report {

/// The two-sided p-value of the Mann-Whitney test of whether two samples come from one
/// distribution: exact where they are small and without ties, else by the normal approximation with
/// its corrections for ties and continuity; 1 where a sample is empty.
double mann_whitney(const std::vector<double>& a, const std::vector<double>& b);

/// The p-values of a family of tests after Holm's correction: what is below a level then is wrong
/// somewhere in the family with no more than that probability.
std::vector<double> holm_adjusted(const std::vector<double>& p_values);

double median_of(std::vector<double> values);

}  // namespace weir::report
