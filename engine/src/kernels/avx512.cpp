// AVX-512 with VNNI. Float kernels come from vector.h; here are the integer dot products.
#include <immintrin.h>

#include "lanes.h"

namespace aria {
namespace {

ARIA_LANES F32x16 load_half(const uint16_t* from) {
  return reinterpret_cast<F32x16>(_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))));
}
ARIA_LANES void store_half(F32x16 lanes, uint16_t* to) {
  const __m256i half = _mm512_cvtps_ph(reinterpret_cast<__m512>(lanes), _MM_FROUND_TO_NEAREST_INT);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), half);
}

ARIA_LANES void store_i8(I32x16 lanes, int8_t* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(reinterpret_cast<__m512i>(lanes)));
}

}  // namespace
}  // namespace aria

#include "vector.h"

namespace aria {
namespace {

typedef int32_t __attribute__((may_alias)) Word;

// sum += u8 weights x the four int8 activations at `quants`, in every lane. GCC 12 wraps the intrinsic
// in register copies that halve the speed, hence the instruction itself.
ARIA_LANES void dot_step(__m512i& sum, __m512i weights, const int8_t* quants) {
  __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(weights), "m"(*reinterpret_cast<const Word*>(quants)));
}

ARIA_LANES __m512i load_bits(const uint8_t* from) { return _mm512_loadu_si512(from); }

// sum += float(dot) * (weight scale * activation scale), multiply then add.
ARIA_LANES __m512 accumulate(__m512 sum, __m512i dot, __m512 scales, float scale) {
  const __m512 both = _mm512_mul_ps(scales, _mm512_set1_ps(scale));
  return _mm512_add_ps(sum, _mm512_mul_ps(_mm512_cvtepi32_ps(dot), both));
}

ARIA_LANES __m512 load_scales(const uint8_t* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}

struct BitWeights {  // dot of +-1: 2 * (sum of quants under set bits) - (sum of all quants)
  static constexpr size_t kColumns = 128, kBytes = info_of(Packing::q1_0).bytes, kScalesAt = 256;
  ARIA_LANES __m512i step(const uint8_t* block, size_t k) {
    const __m512i bits = _mm512_srli_epi32(load_bits(block + k / 8 * 64), unsigned(k % 8));
    return _mm512_and_si512(bits, _mm512_set1_epi8(1));
  }
  ARIA_LANES __m512i finish(__m512i dot, const int32_t* sums) {
    return _mm512_sub_epi32(_mm512_add_epi32(dot, dot), _mm512_set1_epi32(*sums));
  }
};

struct ByteWeights {  // stored as weight + 128: subtract 128 * (sum of quants)
  static constexpr size_t kColumns = 32, kBytes = info_of(Packing::q8_0).bytes, kScalesAt = 512;
  ARIA_LANES __m512i step(const uint8_t* block, size_t k) { return load_bits(block + k * 64); }
  ARIA_LANES __m512i finish(__m512i dot, const int32_t* sums) {
    return _mm512_sub_epi32(dot, _mm512_set1_epi32(*sums * 128));
  }
};

// kBlocks x 16 rows times kTokens tokens: each unpacked weight vector serves all tokens from a register.
template <class W, size_t kBlocks, size_t kTokens>
void tile(const LinearTask& task, size_t block, size_t token) {
  const size_t groups = task.columns / W::kColumns, stride = task.input.columns;
  const size_t block_bytes = groups * W::kBytes;
  const uint8_t* weights = task.weights + block * block_bytes;
  __m512 sums[kBlocks][kTokens];
  for (size_t b = 0; b < kBlocks; b++)
    for (size_t t = 0; t < kTokens; t++) sums[b][t] = _mm512_setzero_ps();

  for (size_t g = 0; g < groups; g++, weights += W::kBytes) {
    const int8_t* quants = task.input.quants + token * stride + g * W::kColumns;
    __m512i dots[kBlocks][kTokens];
#pragma GCC unroll 4
    for (size_t b = 0; b < kBlocks; b++)
#pragma GCC unroll 8
      for (size_t t = 0; t < kTokens; t++) dots[b][t] = _mm512_setzero_si512();
    for (size_t outer = 0; outer < W::kColumns / 4; outer += 8, quants += 32) {
#pragma GCC unroll 8
      for (size_t inner = 0; inner < 8; inner++) {
#pragma GCC unroll 4
        for (size_t b = 0; b < kBlocks; b++) {
          const __m512i u = W::step(weights + b * block_bytes + outer / 8 * 64, inner);
#pragma GCC unroll 8
          for (size_t t = 0; t < kTokens; t++) dot_step(dots[b][t], u, quants + t * stride + inner * 4);
        }
      }
    }
#pragma GCC unroll 4
    for (size_t b = 0; b < kBlocks; b++) {
      const __m512 scales = load_scales(weights + b * block_bytes + W::kScalesAt);
#pragma GCC unroll 8
      for (size_t t = 0; t < kTokens; t++) {
        const size_t column = (token + t) * stride + g * W::kColumns;
        const __m512i dot = W::finish(dots[b][t], task.input.sums + column / W::kColumns);
        sums[b][t] = accumulate(sums[b][t], dot, scales, task.input.scales[column / W::kColumns]);
      }
    }
  }
  for (size_t b = 0; b < kBlocks; b++)
    for (size_t t = 0; t < kTokens; t++)
      _mm512_storeu_ps(task.out + (token + t) * task.out_stride + (block + b) * kLanes, sums[b][t]);
}

template <class W, size_t kBlocks>
void tokens_of(const LinearTask& task, size_t block) {
  size_t token = 0;
  for (; token + 6 <= task.input.tokens; token += 6) tile<W, kBlocks, 6>(task, block, token);
  switch (task.input.tokens - token) {
    case 5:
      return tile<W, kBlocks, 5>(task, block, token);
    case 4:
      return tile<W, kBlocks, 4>(task, block, token);
    case 3:
      return tile<W, kBlocks, 3>(task, block, token);
    case 2:
      return tile<W, kBlocks, 2>(task, block, token);
    case 1:
      return tile<W, kBlocks, 1>(task, block, token);
    default:
      return;
  }
}

template <class W>
void linear(const LinearTask& task) {
  size_t block = task.stripe_begin;
  for (; block + 4 <= task.stripe_end; block += 4) tokens_of<W, 4>(task, block);
  for (; block < task.stripe_end; block++) tokens_of<W, 1>(task, block);
}

// One token, one block: bits 0..3 of each byte are columns 4k, bits 4..7 are columns 4(k + 4), worth 16
// in place, so three shifts unpack eight vectors: dot = low + high / 16 (exact).
void linear_one_q1_0(const LinearTask& task) {
  const __m512i low_mask = _mm512_set1_epi8(0x01), high_mask = _mm512_set1_epi8(0x10);
  const size_t groups = task.columns / BitWeights::kColumns;
  constexpr size_t kAhead = 8 * BitWeights::kBytes;  // prefetch distance: eight blocks, about a memory latency
  for (size_t block = task.stripe_begin; block < task.stripe_end; block++) {
    const uint8_t* weights = task.weights + block * groups * BitWeights::kBytes;
    const int8_t* quants = task.input.quants;
    __m512 sum = _mm512_setzero_ps();
    for (size_t g = 0; g < groups; g++, weights += BitWeights::kBytes) {
      __m512i low0 = _mm512_setzero_si512(), low1 = low0, high0 = low0, high1 = low0;
      for (size_t line = 0; line < 5; line++) _mm_prefetch(weights + kAhead + line * 64, _MM_HINT_T0);
#pragma GCC unroll 4
      for (size_t q = 0; q < 4; q++, quants += 32) {
        const __m512i v0 = load_bits(weights + q * 64), v1 = _mm512_srli_epi32(v0, 1);
        const __m512i v2 = _mm512_srli_epi32(v0, 2), v3 = _mm512_srli_epi32(v0, 3);
        dot_step(low0, _mm512_and_si512(v0, low_mask), quants);
        dot_step(high0, _mm512_and_si512(v0, high_mask), quants + 16);
        dot_step(low1, _mm512_and_si512(v1, low_mask), quants + 4);
        dot_step(high1, _mm512_and_si512(v1, high_mask), quants + 20);
        dot_step(low0, _mm512_and_si512(v2, low_mask), quants + 8);
        dot_step(high0, _mm512_and_si512(v2, high_mask), quants + 24);
        dot_step(low1, _mm512_and_si512(v3, low_mask), quants + 12);
        dot_step(high1, _mm512_and_si512(v3, high_mask), quants + 28);
      }
      const __m512i high = _mm512_srai_epi32(_mm512_add_epi32(high0, high1), 4);
      const __m512i dot = BitWeights::finish(_mm512_add_epi32(_mm512_add_epi32(low0, low1), high), task.input.sums + g);
      sum = accumulate(sum, dot, load_scales(weights + 256), task.input.scales[g]);
    }
    _mm512_storeu_ps(task.out + block * kLanes, sum);
  }
}

void linear_q1_0(const LinearTask& task) { task.input.tokens == 1 ? linear_one_q1_0(task) : linear<BitWeights>(task); }
void linear_q8_0(const LinearTask& task) { linear<ByteWeights>(task); }

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = {
    "avx512",
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
    {linear_f32, linear_f16, nullptr, linear_q8_0, nullptr, nullptr, nullptr, linear_q1_0},
};

}  // namespace aria
