#pragma once

namespace weir {

/// Elementary functions made of IEEE additions, multiplications, divisions and square roots only,
/// so that every machine computes the same bits (libraries differ by processor). Relative error
/// below 4e-16 for log and exp, absolute below 4e-16 for sin and cos of |x| < 1e6.

/// Natural logarithm of a positive, normal x.
double portable_log(double x);
/// e to the x; 0 below -708, infinity above 709.
double portable_exp(double x);
/// x to the y for a positive x.
double portable_pow(double x, double y);
double portable_sin(double x);
double portable_cos(double x);

/// -log(u) for a block of uniform draws in (0, 1]: exponential draws of mean 1, written over them.
/// Equal, bit for bit, to -portable_log() of each.
void negate_log_block(double* values, int count);

}  // namespace weir
