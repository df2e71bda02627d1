#pragma once
// Elementary functions of the specification. Only IEEE add, subtract, multiply, divide and integer
// operations, so every CPU gives the same bits; libm does not. Constants are part of SPEC.md.
#include <bit>
#include <cstdint>

namespace aria {

// Nearest integer, ties to even, for |value| < 2^22 (float) or 2^51 (double).
static inline float round_even(float value) { return (value + 0x1.8p23f) - 0x1.8p23f; }
static inline double round_even(double value) { return (value + 0x1.8p52) - 0x1.8p52; }

constexpr float kExpMin = -87.0f, kExpMax = 88.0f;

// exp(x) = 2^n * exp(r), r = x - n ln 2, a polynomial of degree 6 in r (Cephes). Below -87 it is 0.
static inline float exp_f32(float x) {
  float clamped = x > kExpMin ? x : kExpMin;
  clamped = clamped < kExpMax ? clamped : kExpMax;
  const float n = round_even(clamped * 0x1.715476p+0f);
  float r = clamped - n * 0x1.63p-1f;
  r = r - n * -0x1.bd0106p-13f;
  float p = 0x1.a0d2cep-13f;
  p = p * r + 0x1.6e879cp-10f;
  p = p * r + 0x1.11121p-7f;
  p = p * r + 0x1.555382p-5f;
  p = p * r + 0x1.555554p-3f;
  p = p * r + 0x1p-1f;
  const float series = (p * (r * r) + r) + 1.0f;
  const float power = std::bit_cast<float>(uint32_t(int32_t(n) + 127) << 23);
  return x < kExpMin ? 0.0f : series * power;
}

// The next four make the rotary tables, in double, once per position.
static inline double log_f64(double x) {  // x > 0, normal
  uint64_t bits = std::bit_cast<uint64_t>(x);
  int exponent = int(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xfffffffffffffull) | 0x3ff0000000000000ull);
  if (m > 0x1.6a09e667f3bcdp+0) {
    m = m * 0.5;
    exponent = exponent + 1;
  }
  const double f = (m - 1.0) / (m + 1.0), square = f * f;
  double series = 0.0;
  for (int k = 23; k >= 1; k -= 2) series = series * square + 1.0 / double(k);
  return double(exponent) * 0x1.62e42fefa39efp-1 + 2.0 * (f * series);
}

static inline double exp_f64(double x) {  // |x| < 700
  const double n = round_even(x * 0x1.71547652b82fep+0);
  const double r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
  double series = 1.0;
  for (int k = 14; k >= 1; k--) series = series * r / double(k) + 1.0;
  return series * std::bit_cast<double>(uint64_t(int64_t(n) + 1023) << 52);
}

struct SinCos {
  float sine, cosine;
};

// Cody-Waite reduction by pi/2 in three parts, then fdlibm's kernels; times the magnitude, then rounded once, to float.
static inline SinCos sin_cos(double angle, double magnitude) {  // 0 <= angle < 2^20
  const double n = round_even(angle * 0x1.45f306dc9c883p-1);
  const double r = ((angle - n * 0x1.921fb544p+0) - n * 0x1.0b4611a6p-34) - n * 0x1.3198a2e037073p-69;
  const double z = r * r;
  double s = 1.58969099521155010221e-10;
  s = s * z - 2.50507602534068634195e-08;
  s = s * z + 2.75573137070700676789e-06;
  s = s * z - 1.98412698298579493134e-04;
  s = s * z + 8.33333333332248946124e-03;
  s = s * z - 1.66666666666666324348e-01;
  const double sine = (r + (r * z) * s) * magnitude;
  double c = -1.13596475577881948265e-11;
  c = c * z + 2.08757232129817482790e-09;
  c = c * z - 2.75573143513906633035e-07;
  c = c * z + 2.48015872894767294178e-05;
  c = c * z - 1.38888888888741095749e-03;
  c = c * z + 4.16666666666666019037e-02;
  const double cosine = ((1.0 - 0.5 * z) + (z * z) * c) * magnitude;
  switch (int64_t(n) & 3) {
    case 0:
      return {float(sine), float(cosine)};
    case 1:
      return {float(cosine), float(-sine)};
    case 2:
      return {float(-sine), float(-cosine)};
    default:
      return {float(-cosine), float(sine)};
  }
}

}  // namespace aria
