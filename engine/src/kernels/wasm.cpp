// WebAssembly with 128-bit SIMD, without its relaxed part, whose results depend on the machine. Float kernels come
// from vector.h, integer ones from dot.h.
#include <wasm_simd128.h>

#include "lanes.h"

namespace aria {
namespace {

ARIA_LANES v128_t vector_of(I32x4 lanes) { return reinterpret_cast<v128_t>(lanes); }

// Half to float, for four halves in the low half of each lane: the exponent field moves to its place in a float and is
// then scaled by 2^112, the difference of the biases, which is exact and makes subnormals normal. Infinity and NaN, whose
// exponent field is full, get the float's full field.
ARIA_LANES F32x4 widen_half(I32x4 half) {
  const I32x4 magnitude = (half & 0x7fff) << 13, sign = (half & 0x8000) << 16;
  const F32x4 scaled = reinterpret_cast<F32x4>(magnitude) * 0x1p112f;
  const I32x4 special = (magnitude >= 0x0f800000) & 0x7f800000;
  return reinterpret_cast<F32x4>(reinterpret_cast<I32x4>(scaled) | special | sign);
}
ARIA_LANES F32x16 load_half(const uint16_t* from) {
  return parts<F32x16>(
      [&](size_t i) { return widen_half(reinterpret_cast<I32x4>(wasm_u32x4_load16x4(from + i * 4))); });
}

// Float to half, ties to even. Normal results: half of the last kept bit's weight is added in the integer form.
// Subnormal results (below 2^-14): adding 2^-1, whose last bit weighs 2^-24, rounds in float arithmetic.
ARIA_LANES I32x4 narrow_half(F32x4 value) {
  const I32x4 bits = reinterpret_cast<I32x4>(value), magnitude = bits & 0x7fffffff, sign = (bits >> 16) & 0x8000;
  const I32x4 normal = (magnitude + 0xfff + ((magnitude >> 13) & 1) - (112 << 23)) >> 13;
  const I32x4 small =
      reinterpret_cast<I32x4>(reinterpret_cast<F32x4>(magnitude) + 0.5f) - 0x3f000000;
  I32x4 half = magnitude < 0x38800000 ? small : normal;
  half = magnitude >= 0x477ff000 ? I32x4{} + 0x7c00 : half;
  half = magnitude > 0x7f800000 ? I32x4{} + 0x7e00 : half;
  return half | sign;
}
ARIA_LANES void store_half(F32x16 lanes, uint16_t* to) {
  for (size_t i = 0; i < 2; i++)
    wasm_v128_store(to + i * 8, wasm_u16x8_narrow_i32x4(vector_of(narrow_half(lanes.part[2 * i])),
                                                        vector_of(narrow_half(lanes.part[2 * i + 1]))));
}
ARIA_LANES void store_i8(I32x16 lanes, int8_t* to) {
  const v128_t low = wasm_i16x8_narrow_i32x4(vector_of(lanes.part[0]), vector_of(lanes.part[1]));
  const v128_t high = wasm_i16x8_narrow_i32x4(vector_of(lanes.part[2]), vector_of(lanes.part[3]));
  wasm_v128_store(to, wasm_i8x16_narrow_i16x8(low, high));
}

typedef int8_t I8x16 __attribute__((vector_size(16)));

// Each row's four products come as two pairs, which are added at the end: low holds rows 0 and 1, high rows 2 and 3.
struct DotSum {
  v128_t low = wasm_i32x4_const_splat(0), high = wasm_i32x4_const_splat(0);
  I32x4 rows() const {
    const v128_t even = wasm_i32x4_shuffle(low, high, 0, 2, 4, 6), odd = wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
    return reinterpret_cast<I32x4>(wasm_i32x4_add(even, odd));
  }
};

struct Quants {
  v128_t low, high;  // eight each, as int16
  ARIA_LANES Quants load(const int8_t* from) { return {wasm_i16x8_load8x8(from), wasm_i16x8_load8x8(from + 8)}; }
};

template <int kFour>
ARIA_LANES void dot(DotSum& sum, I8x16 weights, const Quants& quants) {
  constexpr int kAt = kFour % 2;
  const v128_t eight = kFour < 2 ? quants.low : quants.high;
  const v128_t four = wasm_i64x2_shuffle(eight, eight, kAt, kAt);
  const v128_t bytes = reinterpret_cast<v128_t>(weights);
  sum.low = wasm_i32x4_add(sum.low, wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(bytes), four));
  sum.high = wasm_i32x4_add(sum.high, wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(bytes), four));
}

}  // namespace
}  // namespace aria

#include "dot.h"
#include "vector.h"

namespace aria {

extern const Kernels kWasm;
const Kernels kWasm = {
    "wasm",
    ARIA_FLOAT_KERNELS,
    ARIA_LINEAR_KERNELS,
};

}  // namespace aria
