#pragma once
// Sixteen float lanes in the compiler's portable vectors (GCC and clang): one register with AVX-512, two with AVX2, four
// with NEON and WebAssembly. Every operation is one IEEE operation per lane. Only internal functions: a plain `inline`
// would let the linker hand AVX-512 code to an older CPU.
#include <cstddef>
#include <cstdint>
#include <cstring>

// The vectors never cross a call between object files, so the note about their ABI is moot.
#pragma GCC diagnostic ignored "-Wpsabi"
#define ARIA_LANES static inline __attribute__((always_inline))

namespace aria {
namespace {

#if defined(__AVX512F__)
typedef float F32x16 __attribute__((vector_size(64)));
typedef int32_t I32x16 __attribute__((vector_size(64)));
typedef uint16_t U16x16 __attribute__((vector_size(32)));

ARIA_LANES F32x16 splat(float value) { return F32x16{} + value; }
ARIA_LANES F32x16 larger(F32x16 a, F32x16 b) { return a > b ? a : b; }  // b when either is NaN
ARIA_LANES F32x16 smaller(F32x16 a, F32x16 b) { return a < b ? a : b; }
ARIA_LANES F32x16 zero_below(F32x16 x, float limit, F32x16 value) { return x < splat(limit) ? F32x16{} : value; }
ARIA_LANES F32x16 absolute(F32x16 x) { return reinterpret_cast<F32x16>(reinterpret_cast<I32x16>(x) & 0x7fffffff); }
ARIA_LANES I32x16 to_int(F32x16 whole) { return __builtin_convertvector(whole, I32x16); }
ARIA_LANES F32x16 power_of_two(F32x16 whole) { return reinterpret_cast<F32x16>((to_int(whole) + 127) << 23); }
ARIA_LANES F32x16 load_bfloat(const uint16_t* from) {
  U16x16 bits;
  std::memcpy(&bits, from, sizeof bits);
  return reinterpret_cast<F32x16>(__builtin_convertvector(bits, I32x16) << 16);
}
#elif defined(__aarch64__) || defined(__wasm_simd128__)
typedef float F32x4 __attribute__((vector_size(16)));
typedef int32_t I32x4 __attribute__((vector_size(16)));
struct F32x16 {
  F32x4 part[4];
};
struct I32x16 {
  I32x4 part[4];
};

template <class Lanes, class Body>
ARIA_LANES Lanes parts(const Body& body) {
  return {{body(0), body(1), body(2), body(3)}};
}
ARIA_LANES F32x16 splat(float value) {
  const F32x4 all = F32x4{} + value;
  return {{all, all, all, all}};
}
ARIA_LANES F32x16 operator+(F32x16 a, F32x16 b) {
  return parts<F32x16>([&](size_t i) { return a.part[i] + b.part[i]; });
}
ARIA_LANES F32x16 operator-(F32x16 a, F32x16 b) {
  return parts<F32x16>([&](size_t i) { return a.part[i] - b.part[i]; });
}
ARIA_LANES F32x16 operator*(F32x16 a, F32x16 b) {
  return parts<F32x16>([&](size_t i) { return a.part[i] * b.part[i]; });
}
ARIA_LANES F32x16 operator/(F32x16 a, F32x16 b) {
  return parts<F32x16>([&](size_t i) { return a.part[i] / b.part[i]; });
}
ARIA_LANES F32x16 operator+(F32x16 a, float b) { return a + splat(b); }
ARIA_LANES F32x16 operator-(F32x16 a, float b) { return a - splat(b); }
ARIA_LANES F32x16 operator*(F32x16 a, float b) { return a * splat(b); }
ARIA_LANES F32x16 operator/(F32x16 a, float b) { return a / splat(b); }
ARIA_LANES F32x16 operator+(float a, F32x16 b) { return splat(a) + b; }
ARIA_LANES F32x16 operator*(float a, F32x16 b) { return splat(a) * b; }
ARIA_LANES F32x16 operator-(F32x16 a) {
  return parts<F32x16>([&](size_t i) { return -a.part[i]; });
}
ARIA_LANES I32x16 operator+(I32x16 a, I32x16 b) {
  return parts<I32x16>([&](size_t i) { return a.part[i] + b.part[i]; });
}
ARIA_LANES F32x16 larger(F32x16 a, F32x16 b) {  // b when either is NaN
  return parts<F32x16>([&](size_t i) { return a.part[i] > b.part[i] ? a.part[i] : b.part[i]; });
}
ARIA_LANES F32x16 smaller(F32x16 a, F32x16 b) {
  return parts<F32x16>([&](size_t i) { return a.part[i] < b.part[i] ? a.part[i] : b.part[i]; });
}
ARIA_LANES F32x16 zero_below(F32x16 x, float limit, F32x16 value) {
  const F32x4 least = F32x4{} + limit;
  return parts<F32x16>([&](size_t i) { return x.part[i] < least ? F32x4{} : value.part[i]; });
}
ARIA_LANES F32x16 absolute(F32x16 x) {
  return parts<F32x16>(
      [&](size_t i) { return reinterpret_cast<F32x4>(reinterpret_cast<I32x4>(x.part[i]) & 0x7fffffff); });
}
ARIA_LANES I32x16 to_int(F32x16 whole) {
  return parts<I32x16>([&](size_t i) { return __builtin_convertvector(whole.part[i], I32x4); });
}
ARIA_LANES F32x16 power_of_two(F32x16 whole) {
  const I32x16 n = to_int(whole);
  return parts<F32x16>([&](size_t i) { return reinterpret_cast<F32x4>((n.part[i] + 127) << 23); });
}
// Sixteen small integers, whatever their signedness.
template <class T>
ARIA_LANES I32x16 load_integers(const T* from) {
  typedef T T4 __attribute__((vector_size(4 * sizeof(T))));
  return parts<I32x16>([&](size_t i) {
    T4 four;
    std::memcpy(&four, from + i * 4, sizeof four);
    return __builtin_convertvector(four, I32x4);
  });
}
ARIA_LANES F32x16 load_bfloat(const uint16_t* from) {
  const I32x16 bits = load_integers(from);
  return parts<F32x16>([&](size_t i) { return reinterpret_cast<F32x4>(bits.part[i] << 16); });
}
#else
typedef float F32x8 __attribute__((vector_size(32)));
typedef int32_t I32x8 __attribute__((vector_size(32)));
typedef uint16_t U16x8 __attribute__((vector_size(16)));
struct F32x16 {
  F32x8 low, high;
};
struct I32x16 {
  I32x8 low, high;
};

ARIA_LANES F32x16 splat(float value) { return {F32x8{} + value, F32x8{} + value}; }
ARIA_LANES F32x16 operator+(F32x16 a, F32x16 b) { return {a.low + b.low, a.high + b.high}; }
ARIA_LANES F32x16 operator-(F32x16 a, F32x16 b) { return {a.low - b.low, a.high - b.high}; }
ARIA_LANES F32x16 operator*(F32x16 a, F32x16 b) { return {a.low * b.low, a.high * b.high}; }
ARIA_LANES F32x16 operator/(F32x16 a, F32x16 b) { return {a.low / b.low, a.high / b.high}; }
ARIA_LANES F32x16 operator+(F32x16 a, float b) { return {a.low + b, a.high + b}; }
ARIA_LANES F32x16 operator-(F32x16 a, float b) { return {a.low - b, a.high - b}; }
ARIA_LANES F32x16 operator*(F32x16 a, float b) { return {a.low * b, a.high * b}; }
ARIA_LANES F32x16 operator/(F32x16 a, float b) { return {a.low / b, a.high / b}; }
ARIA_LANES F32x16 operator+(float a, F32x16 b) { return {a + b.low, a + b.high}; }
ARIA_LANES F32x16 operator*(float a, F32x16 b) { return {a * b.low, a * b.high}; }
ARIA_LANES F32x16 operator-(F32x16 a) { return {-a.low, -a.high}; }
ARIA_LANES I32x16 operator+(I32x16 a, I32x16 b) { return {a.low + b.low, a.high + b.high}; }
ARIA_LANES F32x16 larger(F32x16 a, F32x16 b) {  // b when either is NaN
  return {a.low > b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
}
ARIA_LANES F32x16 smaller(F32x16 a, F32x16 b) {
  return {a.low < b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
}
ARIA_LANES F32x16 zero_below(F32x16 x, float limit, F32x16 value) {
  const F32x8 least = F32x8{} + limit;
  return {x.low < least ? F32x8{} : value.low, x.high < least ? F32x8{} : value.high};
}
ARIA_LANES F32x16 absolute(F32x16 x) {
  return {reinterpret_cast<F32x8>(reinterpret_cast<I32x8>(x.low) & 0x7fffffff),
          reinterpret_cast<F32x8>(reinterpret_cast<I32x8>(x.high) & 0x7fffffff)};
}
ARIA_LANES I32x16 to_int(F32x16 whole) {
  return {__builtin_convertvector(whole.low, I32x8), __builtin_convertvector(whole.high, I32x8)};
}
ARIA_LANES F32x16 power_of_two(F32x16 whole) {
  const I32x16 n = to_int(whole);
  return {reinterpret_cast<F32x8>((n.low + 127) << 23), reinterpret_cast<F32x8>((n.high + 127) << 23)};
}
ARIA_LANES F32x16 load_bfloat(const uint16_t* from) {
  U16x8 low, high;
  std::memcpy(&low, from, sizeof low);
  std::memcpy(&high, from + 8, sizeof high);
  return {reinterpret_cast<F32x8>(__builtin_convertvector(low, I32x8) << 16),
          reinterpret_cast<F32x8>(__builtin_convertvector(high, I32x8) << 16)};
}
#endif

ARIA_LANES F32x16 load(const float* from) {
  F32x16 lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}
ARIA_LANES void store(F32x16 lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }

// Sixteen lanes to one: halves added until one is left.
ARIA_LANES float fold(F32x16 lanes) {
  float sum[16];
  store(lanes, sum);
#pragma GCC unroll 4
  for (size_t half = 8; half > 0; half /= 2)
#pragma GCC unroll 8
    for (size_t i = 0; i < half; i++) sum[i] = sum[i] + sum[i + half];
  return sum[0];
}

ARIA_LANES int32_t fold(I32x16 lanes) {
  int32_t sum[16], total = 0;
  std::memcpy(sum, &lanes, sizeof sum);
  for (size_t i = 0; i < 16; i++) total += sum[i];
  return total;
}

ARIA_LANES float largest(F32x16 lanes) {
  float most[16];
  store(lanes, most);
  for (size_t i = 1; i < 16; i++) most[0] = most[i] > most[0] ? most[i] : most[0];
  return most[0];
}

}  // namespace
}  // namespace aria
