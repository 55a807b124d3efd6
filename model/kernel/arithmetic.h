/* The twin of model/arithmetic.py: the same operations in the same order, so the same bits.

   Compile with -ffp-contract=off and without -ffast-math. Formulas and coefficients: FreeBSD's msun (e_exp.c, s_log1p.c,
   k_log.h; Sun Microsystems 1993. "Developed at SunSoft. Permission to use, copy, modify, and distribute this software is
   freely granted, provided that this notice is preserved"). */
#ifndef KMD_ARITHMETIC_H
#define KMD_ARITHMETIC_H

#include <stdint.h>

#define KMD_INFINITY __builtin_inf()
#define KMD_NAN __builtin_nan("")

static const double KMD_LN2_HIGH = 6.93147180369123816490e-01, KMD_LN2_LOW = 1.90821492927058770002e-10;
static const double KMD_INVERSE_LN2 = 1.44269504088896338700e+00;
static const uint64_t KMD_ROOT_HALF = 0x3fe6a09e00000000u, KMD_ONE = 0x3ff0000000000000u;

static inline double kmd_from_bits(uint64_t bits) {
  union { uint64_t bits; double value; } u = {.bits = bits};
  return u.value;
}

static inline uint64_t kmd_to_bits(double value) {
  union { double value; uint64_t bits; } u = {.value = value};
  return u.bits;
}

static inline double kmd_power_of_2(int64_t k) { return kmd_from_bits((uint64_t)(k + 1023) << 52); }

static inline double kmd_exp(double x) {
  double r = x < -760.0 ? -760.0 : x > 720.0 ? 720.0 : x;
  r = x != x ? 0.0 : r;
  int64_t k = (int64_t)(KMD_INVERSE_LN2 * r + (r < 0 ? -0.5 : 0.5));
  double n = (double)k;
  double high = r - n * KMD_LN2_HIGH;
  double low = n * KMD_LN2_LOW;
  r = high - low;
  double t = r * r;
  double c = r - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05
      + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
  double y = 1.0 + (r * c / (2.0 - c) - low + high);
  int64_t half = k >> 1;
  y = y * kmd_power_of_2(half) * kmd_power_of_2(k - half);
  return x != x ? x : y;
}

/* ln(2^k (1 + f)) + correction */
static inline double kmd_log_of(double f, double n, double correction) {
  double half_square = 0.5 * f * f;
  double s = f / (2.0 + f);
  double z = s * s;
  double w = z * z;
  double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  double odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01
      + w * 1.479819860511658591e-01)));
  return s * (half_square + (odd + even)) + (n * KMD_LN2_LOW + correction) - half_square + f + n * KMD_LN2_HIGH;
}

static inline double kmd_log1p(double x) {
  if (!(x > -1.0)) return x == -1.0 ? -KMD_INFINITY : KMD_NAN;
  if (x == KMD_INFINITY) return x;
  if (x > -0.2928932188134524 && x < 0.41421356237309503) return kmd_log_of(x, 0.0, 0.0);
  double u = 1.0 + x;
  uint64_t bits = kmd_to_bits(u) + (KMD_ONE - KMD_ROOT_HALF);
  int64_t k = (int64_t)(bits >> 52) - 1023;
  double f = kmd_from_bits((bits & 0xfffffffffffffu) + KMD_ROOT_HALF) - 1.0;
  double correction = (k >= 2 ? 1.0 - (u - x) : x - (u - 1.0)) / u;
  return kmd_log_of(f, (double)k, k < 54 ? correction : 0.0);
}

static inline double kmd_sigmoid(double z) {
  double small = kmd_exp(z < 0 ? z : -z);
  return (z >= 0 ? 1.0 : small) / (1.0 + small);
}

#endif
