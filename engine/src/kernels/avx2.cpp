// AVX2 with F16C: every sixteen lanes are two registers. Float kernels come from vector.h.
#include <immintrin.h>

#include "lanes.h"

namespace aria {
namespace {

ARIA_LANES __m128i load_128(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }
ARIA_LANES __m256i load_256(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

ARIA_LANES F32x16 load_half(const uint16_t* from) {
  return {reinterpret_cast<F32x8>(_mm256_cvtph_ps(load_128(from))),
          reinterpret_cast<F32x8>(_mm256_cvtph_ps(load_128(from + 8)))};
}
ARIA_LANES void store_half(F32x16 lanes, uint16_t* to) {
  __m128i* out = reinterpret_cast<__m128i*>(to);
  _mm_storeu_si128(out, _mm256_cvtps_ph(reinterpret_cast<__m256>(lanes.low), _MM_FROUND_TO_NEAREST_INT));
  _mm_storeu_si128(out + 1, _mm256_cvtps_ph(reinterpret_cast<__m256>(lanes.high), _MM_FROUND_TO_NEAREST_INT));
}
ARIA_LANES void store_i8(I32x16 lanes, int8_t* to) {  // packs interleave the 128-bit halves; the permutation undoes it
  const __m256i pairs = _mm256_packs_epi32(reinterpret_cast<__m256i>(lanes.low), reinterpret_cast<__m256i>(lanes.high));
  const __m256i ordered = _mm256_permute4x64_epi64(pairs, 0xd8);
  const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
}
ARIA_LANES __m256i widen(__m256i pairs_i16) { return _mm256_madd_epi16(pairs_i16, _mm256_set1_epi16(1)); }

}  // namespace
}  // namespace aria

#include "vector.h"

namespace aria {
namespace {

ARIA_LANES __m256i four_quants(const int8_t* quants) {
  int32_t word;
  std::memcpy(&word, quants, sizeof word);
  return _mm256_set1_epi32(word);
}
ARIA_LANES __m256 accumulate(__m256 sum, __m256i dot, __m256 scales, float scale) {
  const __m256 both = _mm256_mul_ps(scales, _mm256_set1_ps(scale));
  return _mm256_add_ps(sum, _mm256_mul_ps(_mm256_cvtepi32_ps(dot), both));
}

struct BitWeights {  // dot of +-1: 2 * (sum of quants under set bits) - (sum of all quants)
  static constexpr size_t kColumns = 128, kBytes = info_of(Packing::q1_0).bytes, kScalesAt = 256;

  // Eight rows, 32 columns: pairs sum to at most 254, eight of them to 2032, so int16 holds them.
  template <size_t kTokens>
  ARIA_LANES void dot_32(const uint8_t* block, size_t chunk, const int8_t* quants, size_t stride, __m256i* dots) {
    const __m256i bits = load_256(block + chunk * 64);
    __m256i pairs[kTokens];
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) pairs[t] = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++) {
      const __m256i chosen = _mm256_and_si256(_mm256_srli_epi32(bits, k), _mm256_set1_epi8(1));
#pragma GCC unroll 4
      for (size_t t = 0; t < kTokens; t++)
        pairs[t] = _mm256_add_epi16(pairs[t], _mm256_maddubs_epi16(chosen, four_quants(quants + t * stride + 4 * k)));
    }
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) dots[t] = _mm256_add_epi32(dots[t], widen(pairs[t]));
  }
  ARIA_LANES __m256i finish(__m256i dot, const int32_t* sums) {
    return _mm256_sub_epi32(_mm256_add_epi32(dot, dot), _mm256_set1_epi32(*sums));
  }
};

struct ByteWeights {
  static constexpr size_t kColumns = 32, kBytes = info_of(Packing::q8_0).bytes, kScalesAt = 512;

  // maddubs wants unsigned x signed and saturates: |weight| <= 128 times |quant| <= 127, two of them are 32512 at
  // most, so moving the sign of the weight to the quant keeps it exact.
  template <size_t kTokens>
  ARIA_LANES void dot_32(const uint8_t* block, size_t, const int8_t* quants, size_t stride, __m256i* dots) {
#pragma GCC unroll 8
    for (size_t k = 0; k < 8; k++) {
      const __m256i weights = _mm256_xor_si256(load_256(block + k * 64), _mm256_set1_epi8(char(0x80)));
      const __m256i magnitudes = _mm256_abs_epi8(weights);
#pragma GCC unroll 4
      for (size_t t = 0; t < kTokens; t++) {
        const __m256i signed_quants = _mm256_sign_epi8(four_quants(quants + t * stride + 4 * k), weights);
        dots[t] = _mm256_add_epi32(dots[t], widen(_mm256_maddubs_epi16(magnitudes, signed_quants)));
      }
    }
  }
  ARIA_LANES __m256i finish(__m256i dot, const int32_t*) { return dot; }
};

// Eight of a block's sixteen rows (the half at `half`) times kTokens tokens.
template <class W, size_t kTokens>
void tile(const LinearTask& task, size_t block, size_t half, size_t token) {
  const size_t groups = task.columns / W::kColumns, stride = task.input.columns;
  const uint8_t* weights = task.weights + block * groups * W::kBytes;
  __m256 sums[kTokens];
  for (size_t t = 0; t < kTokens; t++) sums[t] = _mm256_setzero_ps();
  for (size_t g = 0; g < groups; g++, weights += W::kBytes) {
    const int8_t* quants = task.input.quants + token * stride + g * W::kColumns;
    __m256i dots[kTokens];
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) dots[t] = _mm256_setzero_si256();
    for (size_t chunk = 0; chunk < W::kColumns / 32; chunk++)
      W::template dot_32<kTokens>(weights + half * 32, chunk, quants + chunk * 32, stride, dots);
    const __m256 scales = _mm256_cvtph_ps(load_128(weights + W::kScalesAt + half * 16));
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) {
      const size_t column = (token + t) * stride + g * W::kColumns;
      const __m256i dot = W::finish(dots[t], task.input.sums + column / W::kColumns);
      sums[t] = accumulate(sums[t], dot, scales, task.input.scales[column / W::kColumns]);
    }
  }
  for (size_t t = 0; t < kTokens; t++)
    _mm256_storeu_ps(task.out + (token + t) * task.out_stride + block * kLanes + half * 8, sums[t]);
}

template <class W>
void linear(const LinearTask& task) {
  for (size_t block = task.stripe_begin; block < task.stripe_end; block++)
    for (size_t half = 0; half < 2; half++) {
      size_t token = 0;
      for (; token + 4 <= task.input.tokens; token += 4) tile<W, 4>(task, block, half, token);
      for (; token < task.input.tokens; token++) tile<W, 1>(task, block, half, token);
    }
}

void linear_q1_0(const LinearTask& task) { linear<BitWeights>(task); }
void linear_q8_0(const LinearTask& task) { linear<ByteWeights>(task); }

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = {
    "avx2",
    quantize,
    sum_squares,
    scale_rows,
    add,
    silu_multiply,
    relu_squared_multiply,
    rotate_adjacent,
    rotate_halves,
    to_half,
    attention_scores,
    softmax_weights,
    weigh_values,
    divide,
    {linear_f32, linear_f16, linear_bf16, linear_q8_0, nullptr, nullptr, nullptr, linear_q1_0},
};

}  // namespace aria
