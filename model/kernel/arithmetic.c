#include "arithmetic.h"

#include "kernel.h"

void kmd_exp_of(const double *x, int64_t n, double *result) {
  for (int64_t i = 0; i < n; i++) result[i] = kmd_exp(x[i]);
}

void kmd_log1p_of(const double *x, int64_t n, double *result) {
  for (int64_t i = 0; i < n; i++) result[i] = kmd_log1p(x[i]);
}
