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

ARIA_LANES __m256i mask_bits(__m256i bits, int mask) { return _mm256_and_si256(bits, _mm256_set1_epi8(char(mask))); }

// The half-precision scales of eight rows at a block's end; of two kinds, the first come first.
template <Packing kPacking>
ARIA_LANES __m256 load_scales(const uint8_t* block, size_t half, size_t kind = 0) {
  constexpr PackingInfo kInfo = info_of(kPacking);
  return _mm256_cvtph_ps(load_128(block + kInfo.bytes - (kInfo.scales - kind) * 2 * kLanes + half * 16));
}

// Weights as unsigned bytes for eight rows, 32 columns (a chunk) at a time: `four` gives columns 4k … 4k + 3 as the
// bytes of each lane, the true weight plus kOffset (Bits: doubled). maddubs adds two products in int16; kPairs of them
// fit.
struct Bits {  // 2 x 127 x 2 x 32 = 16256
  static constexpr Packing kPacking = Packing::q1_0;
  static constexpr size_t kBytes = 64, kPairs = 32;
  static constexpr int32_t kOffset = 1;
  ARIA_LANES __m256i four(const uint8_t* chunk, size_t k) {
    const __m256i bits = load_256(chunk);
    return mask_bits(k == 0 ? _mm256_add_epi32(bits, bits) : _mm256_srli_epi32(bits, int(k) - 1), 2);
  }
};

template <Packing kCrumbs>
struct Crumbs {  // 3 x 127 x 2 x 32 = 24384
  static constexpr Packing kPacking = kCrumbs;
  static constexpr size_t kBytes = 128, kPairs = 32;
  static constexpr int32_t kOffset = 1;
  ARIA_LANES __m256i four(const uint8_t* chunk, size_t k) {
    return mask_bits(_mm256_srli_epi32(load_256(chunk + k / 4 * 64), int(k % 4 * 2)), 3);
  }
};

template <Packing kNibbles>
struct Nibbles {  // 15 x 127 x 2 x 8 = 30480
  static constexpr Packing kPacking = kNibbles;
  static constexpr size_t kBytes = 256, kPairs = 8;
  static constexpr int32_t kOffset = 8;
  ARIA_LANES __m256i four(const uint8_t* chunk, size_t k) {
    return mask_bits(_mm256_srli_epi32(load_256(chunk + k / 2 * 64), int(k % 2 * 4)), 15);
  }
};

// |weight| <= 128 times |quant| <= 127, two of them are 32512 at most: moving the sign of the weight to the quant keeps
// maddubs exact.
struct Bytes {
  static constexpr Packing kPacking = Packing::q8_0;
  static constexpr size_t kBytes = 512, kPairs = 1;
  static constexpr int32_t kOffset = 0;
  ARIA_LANES __m256i four(const uint8_t* chunk, size_t k) {
    return _mm256_xor_si256(load_256(chunk + k * 64), _mm256_set1_epi8(char(0x80)));
  }
};

template <class W>
ARIA_LANES __m256i multiply_pairs(__m256i weights, __m256i quants) {
  if constexpr (W::kPacking == Packing::q8_0)
    return _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(quants, weights));
  else
    return _mm256_maddubs_epi16(weights, quants);
}

// dots += products of kCount / 4 fours, widened before int16 overflows. The eight rows are at `rows`.
template <class W, size_t kCount, size_t kTokens>
ARIA_LANES void add_products(const uint8_t* rows, const int8_t* quants, size_t stride, __m256i* dots) {
  constexpr size_t kFours = kCount / 4, kPairs = W::kPairs < kFours ? W::kPairs : kFours;
#pragma GCC unroll 8
  for (size_t k = 0; k < kFours; k += kPairs) {
    __m256i pairs[kTokens];
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) pairs[t] = _mm256_setzero_si256();
#pragma GCC unroll 32
    for (size_t i = k; i < k + kPairs; i++) {
      const __m256i four = W::four(rows + i / 8 * W::kBytes, i % 8);
#pragma GCC unroll 4
      for (size_t t = 0; t < kTokens; t++)
        pairs[t] = _mm256_add_epi16(pairs[t], multiply_pairs<W>(four, four_quants(quants + t * stride + i * 4)));
    }
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) dots[t] = _mm256_add_epi32(dots[t], widen(pairs[t]));
  }
}

// I2_S has one scale for the tensor and one for the row of activations: its only "block" is the whole row.
template <class W>
constexpr bool kOneBlock = info_of(W::kPacking).group == kWholeRow;

// Eight of a stripe's sixteen rows (the half at `half`) times kTokens tokens.
template <class W, size_t kTokens>
void tile(const LinearTask& task, size_t stripe, size_t half, size_t token) {
  constexpr PackingInfo kInfo = info_of(W::kPacking);
  constexpr size_t kStep = kInfo.columns < 128 ? kInfo.columns : 128;  // as many columns as are unrolled
  const size_t columns = kOneBlock<W> ? task.columns : kInfo.columns, stride = task.input.columns;
  const size_t blocks = task.columns / columns, groups = stride / kInfo.group_in(stride);
  const uint8_t* weights = task.weights + stripe * (task.columns / kInfo.columns) * kInfo.bytes;
  const int8_t* quants = task.input.quants + token * stride;
  const float* scales = task.input.scales + token * groups;
  const int32_t* quant_sums = task.input.sums + token * groups;
  __m256 sums[kTokens];
  for (size_t t = 0; t < kTokens; t++) sums[t] = _mm256_setzero_ps();
  for (size_t b = 0; b < blocks; b++, weights += kInfo.bytes) {
    __m256i dots[kTokens];
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) dots[t] = _mm256_set1_epi32(-W::kOffset * quant_sums[t * groups + b]);
    const uint8_t* rows = weights + half * 32;
    for (size_t c = 0; c < columns; c += kStep, rows += kStep / 32 * W::kBytes, quants += kStep)
      add_products<W, kStep, kTokens>(rows, quants, stride, dots);
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) {
      if constexpr (kOneBlock<W>)
        sums[t] = _mm256_mul_ps(_mm256_cvtepi32_ps(dots[t]),
                                _mm256_mul_ps(_mm256_set1_ps(task.scale), _mm256_set1_ps(scales[t])));
      else
        sums[t] = accumulate(sums[t], dots[t], load_scales<W::kPacking>(weights, half), scales[t * groups + b]);
    }
  }
  for (size_t t = 0; t < kTokens; t++)
    _mm256_storeu_ps(task.out + (token + t) * task.out_stride + stripe * kLanes + half * 8, sums[t]);
}

// Blocks whose groups of columns have integer scales: dots of a group first, then their sum weighted by the scales.
struct SixBits {  // 63 x 127 x 2 x 2 = 32004
  static constexpr Packing kPacking = Packing::q6_k;
  static constexpr size_t kGroup = 16, kGroups = 16, kBytes = kQ6KGroupBytes, kPairs = 2;
  static constexpr bool kMinima = false;
  static constexpr int32_t kOffset = 32;
  ARIA_LANES __m256i four(const uint8_t* group, size_t k) {
    const __m256i low = mask_bits(_mm256_srli_epi32(load_256(group + k / 2 * 64), int(k % 2 * 4)), 15);
    const __m256i crumbs = load_256(group + 128);
    const __m256i high = k < 2 ? _mm256_slli_epi32(crumbs, int(4 - 2 * k)) : _mm256_srli_epi32(crumbs, int(2 * k - 4));
    return _mm256_or_si256(low, mask_bits(high, 0x30));
  }
  ARIA_LANES __m256i scales(const uint8_t* block, size_t group, size_t half) {
    const uint8_t* from = block + kQ6KScalesAt + group * kLanes + half * 8;
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  }
  ARIA_LANES __m256i minima(const uint8_t*, size_t, size_t) { return _mm256_setzero_si256(); }
};

struct FourBits : Nibbles<Packing::q4_k> {
  static constexpr size_t kGroup = 32, kGroups = 8;
  static constexpr bool kMinima = true;
  static constexpr int32_t kOffset = 0;
  ARIA_LANES __m256i load_8(const uint8_t* from) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  }
  ARIA_LANES __m256i scales(const uint8_t* block, size_t group, size_t half) {
    return load_8(block + kQ4KScalesAt + group * kLanes + half * 8);
  }
  ARIA_LANES __m256i minima(const uint8_t* block, size_t group, size_t half) {
    return load_8(block + kQ4KMinimaAt + group * kLanes + half * 8);
  }
};

template <class W, size_t kTokens>
void tile_of_groups(const LinearTask& task, size_t stripe, size_t half, size_t token) {
  constexpr PackingInfo kInfo = info_of(W::kPacking);
  const size_t blocks = task.columns / kInfo.columns, stride = task.input.columns, sums_stride = stride / W::kGroup;
  const uint8_t* weights = task.weights + stripe * blocks * kInfo.bytes;
  __m256 sums[kTokens];
  for (size_t t = 0; t < kTokens; t++) sums[t] = _mm256_setzero_ps();
  for (size_t b = 0; b < blocks; b++, weights += kInfo.bytes) {
    __m256i dots[kTokens], minima[kTokens];
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) dots[t] = minima[t] = _mm256_setzero_si256();
    for (size_t g = 0; g < W::kGroups; g++) {
      const size_t column = token * stride + b * kInfo.columns + g * W::kGroup;
      const int32_t* quant_sums = task.input.sums + column / W::kGroup;
      __m256i inner[kTokens];
#pragma GCC unroll 4
      for (size_t t = 0; t < kTokens; t++) inner[t] = _mm256_set1_epi32(-W::kOffset * quant_sums[t * sums_stride]);
      add_products<W, W::kGroup, kTokens>(weights + g * W::kBytes + half * 32, task.input.quants + column, stride,
                                          inner);
      const __m256i scales = W::scales(weights, g, half), least = W::minima(weights, g, half);
#pragma GCC unroll 4
      for (size_t t = 0; t < kTokens; t++) {
        dots[t] = _mm256_add_epi32(dots[t], _mm256_mullo_epi32(inner[t], scales));
        if (!W::kMinima) continue;
        const __m256i sum = _mm256_set1_epi32(quant_sums[t * sums_stride]);
        minima[t] = _mm256_add_epi32(minima[t], _mm256_mullo_epi32(least, sum));
      }
    }
    const __m256 weight_scales = load_scales<W::kPacking>(weights, half);
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) {
      const float scale = task.input.scales[(token + t) * (stride / kInfo.group) + b];
      if (W::kMinima) {
        const __m256 both = _mm256_mul_ps(weight_scales, _mm256_set1_ps(scale));
        const __m256 least = _mm256_mul_ps(load_scales<W::kPacking>(weights, half, 1), _mm256_set1_ps(scale));
        sums[t] = _mm256_add_ps(sums[t], _mm256_sub_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(dots[t]), both),
                                                       _mm256_mul_ps(_mm256_cvtepi32_ps(minima[t]), least)));
      } else {
        sums[t] = accumulate(sums[t], dots[t], weight_scales, scale);
      }
    }
  }
  for (size_t t = 0; t < kTokens; t++)
    _mm256_storeu_ps(task.out + (token + t) * task.out_stride + stripe * kLanes + half * 8, sums[t]);
}

using Tile = void (*)(const LinearTask& task, size_t stripe, size_t half, size_t token);

template <Tile kFour, Tile kOne>
void linear(const LinearTask& task) {
  for (size_t stripe = task.stripe_begin; stripe < task.stripe_end; stripe++)
    for (size_t half = 0; half < 2; half++) {
      size_t token = 0;
      for (; token + 4 <= task.input.tokens; token += 4) kFour(task, stripe, half, token);
      for (; token < task.input.tokens; token++) kOne(task, stripe, half, token);
    }
}

template <class W>
constexpr LinearKernel kLinear = linear<tile<W, 4>, tile<W, 1>>;
template <class W>
constexpr LinearKernel kLinearOfGroups = linear<tile_of_groups<W, 4>, tile_of_groups<W, 1>>;

}  // namespace

extern const Kernels kAvx2;
const Kernels kAvx2 = {
    "avx2",
    ARIA_FLOAT_KERNELS,
    {
        linear_f32,
        linear_f16,
        linear_bf16,
        kLinear<Bytes>,
        kLinear<Nibbles<Packing::q4_0>>,
        kLinearOfGroups<FourBits>,
        kLinearOfGroups<SixBits>,
        kLinear<Bits>,
        kLinear<Crumbs<Packing::q2_0>>,
        kLinear<Crumbs<Packing::tq2_0>>,
        kLinear<Crumbs<Packing::i2_s>>,
    },
};

}  // namespace aria
