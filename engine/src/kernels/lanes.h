#pragma once
// Sixteen lanes in the compiler's portable vectors (GCC and clang), and how to load and store them.
#include <cstddef>
#include <cstdint>
#include <cstring>

// The vectors never cross a call boundary between object files, so the ABI warning is moot.
#pragma GCC diagnostic ignored "-Wpsabi"
#pragma GCC diagnostic ignored "-Wunused-function"

namespace aria {
namespace {

typedef float F32x16 __attribute__((vector_size(64)));
typedef int32_t I32x16 __attribute__((vector_size(64)));
typedef int8_t I8x16 __attribute__((vector_size(16)));

inline __attribute__((always_inline)) F32x16 load(const float* from) {
  F32x16 lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}
inline __attribute__((always_inline)) void store(F32x16 lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }
inline __attribute__((always_inline)) F32x16 splat(float value) { return F32x16{} + value; }

inline __attribute__((always_inline)) F32x16 absolute(F32x16 lanes) {
  return reinterpret_cast<F32x16>(reinterpret_cast<I32x16>(lanes) & 0x7fffffff);
}
inline __attribute__((always_inline)) void store_i8(I32x16 lanes, int8_t* to) {
  const I8x16 narrow = __builtin_convertvector(lanes, I8x16);
  std::memcpy(to, &narrow, sizeof narrow);
}
inline __attribute__((always_inline)) int32_t fold_i32(I32x16 lanes) {
  int32_t sum = 0;
  for (int i = 0; i < 16; i++) sum += lanes[i];
  return sum;
}

}  // namespace
}  // namespace aria
