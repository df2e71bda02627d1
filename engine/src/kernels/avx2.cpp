// AVX2 with F16C: every sixteen lanes are two registers. Float kernels come from vector.h.
#include <immintrin.h>

#include "lanes.h"

namespace aria {
namespace {

F32x16 load_half(const uint16_t* from) {
  const __m128i* half = reinterpret_cast<const __m128i*>(from);
  F32x16 lanes;
  const __m256 low = _mm256_cvtph_ps(_mm_loadu_si128(half)), high = _mm256_cvtph_ps(_mm_loadu_si128(half + 1));
  std::memcpy(&lanes, &low, sizeof low);
  std::memcpy(reinterpret_cast<char*>(&lanes) + sizeof low, &high, sizeof high);
  return lanes;
}
void store_half(F32x16 lanes, uint16_t* to) {
  __m256 parts[2];
  std::memcpy(parts, &lanes, sizeof parts);
  for (int i = 0; i < 2; i++)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to) + i, _mm256_cvtps_ph(parts[i], _MM_FROUND_TO_NEAREST_INT));
}

}  // namespace
}  // namespace aria

#include "vector.h"

namespace aria {
namespace {

inline __attribute__((always_inline)) __m256i load_bytes(const uint8_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
inline __attribute__((always_inline)) __m256i four_quants(const int8_t* quants) {
  int32_t word;
  std::memcpy(&word, quants, sizeof word);
  return _mm256_set1_epi32(word);
}
inline __attribute__((always_inline)) __m256i widen(__m256i pairs_i16) {
  return _mm256_madd_epi16(pairs_i16, _mm256_set1_epi16(1));
}
inline __attribute__((always_inline)) __m256 accumulate(__m256 sum, __m256i dot, const uint8_t* scales, float scale) {
  const __m256 weights = _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(scales)));
  const __m256 both = _mm256_mul_ps(weights, _mm256_set1_ps(scale));
  return _mm256_add_ps(sum, _mm256_mul_ps(_mm256_cvtepi32_ps(dot), both));
}

// Eight rows, 32 columns of bits: pairs sum to at most 254, eight of them to 2032, so int16 holds them.
inline __attribute__((always_inline)) __m256i bits_dot(__m256i bits, const int8_t* quants) {
  const __m256i one = _mm256_set1_epi8(1);
  __m256i pairs = _mm256_setzero_si256();
#pragma GCC unroll 8
  for (int k = 0; k < 8; k++) {
    const __m256i chosen = _mm256_and_si256(_mm256_srli_epi32(bits, k), one);
    pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(chosen, four_quants(quants + 4 * k)));
  }
  return widen(pairs);
}

void linear_q1_0(const LinearTask& task) {
  const size_t groups = task.columns / kGroup, stride = task.input.columns;
  for (size_t block = task.block_begin; block < task.block_end; block++)
    for (size_t token = 0; token < task.input.tokens; token++) {
      const uint8_t* weights = task.weights + block * groups * kBlockBytesQ1;
      __m256 sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
      for (size_t g = 0; g < groups; g++, weights += kBlockBytesQ1) {
        const size_t column = token * stride + g * kGroup;
        const int32_t* sums = task.input.sums + column / kSubgroup;
        const __m256i all = _mm256_set1_epi32(sums[0] + sums[1] + sums[2] + sums[3]);
        for (size_t half = 0; half < 2; half++) {
          __m256i dot = _mm256_setzero_si256();
#pragma GCC unroll 4
          for (size_t q = 0; q < 4; q++)
            dot = _mm256_add_epi32(dot, bits_dot(load_bytes(weights + q * 64 + half * 32),
                                                 task.input.quants + column + q * 32));
          dot = _mm256_sub_epi32(_mm256_add_epi32(dot, dot), all);
          sum[half] = accumulate(sum[half], dot, weights + 256 + half * 16, task.input.scales[column / kGroup]);
        }
      }
      float* out = task.out + token * task.out_stride + block * kLanes;
      _mm256_storeu_ps(out, sum[0]);
      _mm256_storeu_ps(out + 8, sum[1]);
    }
}

// maddubs wants unsigned x signed and saturates: |weight| <= 128 times |quant| <= 127, two of them are
// 32512 at most, so moving the sign of the weight to the quant keeps it exact.
inline __attribute__((always_inline)) __m256i bytes_dot(__m256i stored, const int8_t* quants) {
  const __m256i weights = _mm256_xor_si256(stored, _mm256_set1_epi8(char(0x80)));
  const __m256i signed_quants = _mm256_sign_epi8(four_quants(quants), weights);
  return widen(_mm256_maddubs_epi16(_mm256_abs_epi8(weights), signed_quants));
}

void linear_q8_0(const LinearTask& task) {
  const size_t blocks = task.columns / kSubgroup, stride = task.input.columns;
  for (size_t block = task.block_begin; block < task.block_end; block++)
    for (size_t token = 0; token < task.input.tokens; token++) {
      const uint8_t* weights = task.weights + block * blocks * kBlockBytesQ8;
      __m256 sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
      for (size_t b = 0; b < blocks; b++, weights += kBlockBytesQ8) {
        const size_t column = token * stride + b * kSubgroup;
        for (size_t half = 0; half < 2; half++) {
          __m256i dot = _mm256_setzero_si256();
#pragma GCC unroll 8
          for (size_t k = 0; k < 8; k++)
            dot = _mm256_add_epi32(dot, bytes_dot(load_bytes(weights + k * 64 + half * 32),
                                                  task.input.quants + column + k * 4));
          sum[half] = accumulate(sum[half], dot, weights + 512 + half * 16, task.input.scales[column / kSubgroup]);
        }
      }
      float* out = task.out + token * task.out_stride + block * kLanes;
      _mm256_storeu_ps(out, sum[0]);
      _mm256_storeu_ps(out + 8, sum[1]);
    }
}

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = {
    "avx2",        quantize, linear_q1_0,   linear_q8_0,     linear_f16,    linear_f32, sum_squares,
    scale_rows,    add,      silu_multiply, rotate_adjacent, rotate_halves, to_half,    attention_scores,
    softmax_weights, weigh_values, divide,
};

}  // namespace aria
