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

#include "lookup.h"
#include "tables.h"
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
ARIA_LANES __m512i mask_bits(__m512i bits, int mask) { return _mm512_and_si512(bits, _mm512_set1_epi8(char(mask))); }

// sum += float(dot) * (weight scale * activation scale), multiply then add.
ARIA_LANES __m512 accumulate(__m512 sum, __m512i dot, __m512 scales, float scale) {
  const __m512 both = _mm512_mul_ps(scales, _mm512_set1_ps(scale));
  return _mm512_add_ps(sum, _mm512_mul_ps(_mm512_cvtepi32_ps(dot), both));
}

// The half-precision scales at a block's end; of two kinds, the first come first.
template <Packing kPacking>
ARIA_LANES __m512 load_scales(const uint8_t* block, size_t kind = 0) {
  constexpr PackingInfo kInfo = info_of(kPacking);
  const uint8_t* from = block + kInfo.bytes - (kInfo.scales - kind) * 2 * kLanes;
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}

// How far ahead of a stream of weights to ask for memory: about a memory latency at full bandwidth.
constexpr size_t kAhead = 2304;
template <size_t kBytes>
ARIA_LANES void prefetch(const uint8_t* weights) {
#pragma GCC unroll 64
  for (size_t line = 0; line < (kBytes + 63) / 64; line++) _mm_prefetch(weights + kAhead + line * 64, _MM_HINT_T0);
}

// Weights as unsigned bytes, 32 columns (a chunk) of a stripe at a time: `four` gives columns 4k … 4k + 3 as the bytes
// of each lane, the true weight times kScale plus kOffset; so dot = (sum of products - kOffset * sum of quants) /
// kScale. `whole` adds a chunk's products to four sums without shifting: sum i is worth 2^kShifts[i] too much.
struct Bits {
  static constexpr Packing kPacking = Packing::q1_0;
  static constexpr size_t kBytes = 64;
  static constexpr int32_t kOffset = 1;  // a set bit is 2, so that 2 * bit - 1 is the weight
  static constexpr int kShifts[] = {-1, 0, 3, 4};
  ARIA_LANES __m512i four(const uint8_t* chunk, size_t k) {
    const __m512i bits = load_bits(chunk);
    return mask_bits(k == 0 ? _mm512_add_epi32(bits, bits) : _mm512_srli_epi32(bits, unsigned(k - 1)), 2);
  }
  ARIA_LANES void whole(const uint8_t* chunk, const int8_t* quants, __m512i* sums) {
    const __m512i bits = load_bits(chunk), shifted = _mm512_srli_epi32(bits, 2);
    dot_step(sums[0], mask_bits(bits, 0x01), quants);
    dot_step(sums[1], mask_bits(bits, 0x02), quants + 4);
    dot_step(sums[2], mask_bits(bits, 0x10), quants + 16);
    dot_step(sums[3], mask_bits(bits, 0x20), quants + 20);
    dot_step(sums[0], mask_bits(shifted, 0x01), quants + 8);
    dot_step(sums[1], mask_bits(shifted, 0x02), quants + 12);
    dot_step(sums[2], mask_bits(shifted, 0x10), quants + 24);
    dot_step(sums[3], mask_bits(shifted, 0x20), quants + 28);
  }
};

template <Packing kCrumbs>
struct Crumbs {
  static constexpr Packing kPacking = kCrumbs;
  static constexpr size_t kBytes = 128;
  static constexpr int32_t kOffset = 1;
  static constexpr int kShifts[] = {0, 2, 4, 6};
  ARIA_LANES __m512i four(const uint8_t* chunk, size_t k) {
    return mask_bits(_mm512_srli_epi32(load_bits(chunk + k / 4 * 64), unsigned(k % 4 * 2)), 3);
  }
  ARIA_LANES void whole(const uint8_t* chunk, const int8_t* quants, __m512i* sums) {
#pragma GCC unroll 2
    for (size_t half = 0; half < 2; half++) {
      const __m512i bits = load_bits(chunk + half * 64);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) dot_step(sums[i], mask_bits(bits, 3 << 2 * i), quants + half * 16 + i * 4);
    }
  }
};

struct Nibbles {
  static constexpr Packing kPacking = Packing::q4_0;
  static constexpr size_t kBytes = 256;
  static constexpr int32_t kOffset = 8;
  static constexpr int kShifts[] = {0, 4, 0, 4};
  ARIA_LANES __m512i four(const uint8_t* chunk, size_t k) {
    return mask_bits(_mm512_srli_epi32(load_bits(chunk + k / 2 * 64), unsigned(k % 2 * 4)), 15);
  }
  ARIA_LANES void whole(const uint8_t* chunk, const int8_t* quants, __m512i* sums) {
#pragma GCC unroll 4
    for (size_t w = 0; w < 4; w++) {
      const __m512i bits = load_bits(chunk + w * 64);
      dot_step(sums[w % 2 * 2], mask_bits(bits, 0x0f), quants + w * 8);
      dot_step(sums[w % 2 * 2 + 1], mask_bits(bits, 0xf0), quants + w * 8 + 4);
    }
  }
};

struct Bytes {
  static constexpr Packing kPacking = Packing::q8_0;
  static constexpr size_t kBytes = 512;
  static constexpr int32_t kOffset = 128;
  static constexpr int kShifts[] = {0, 0, 0, 0};
  ARIA_LANES __m512i four(const uint8_t* chunk, size_t k) { return load_bits(chunk + k * 64); }
  ARIA_LANES void whole(const uint8_t* chunk, const int8_t* quants, __m512i* sums) {
#pragma GCC unroll 8
    for (size_t k = 0; k < 8; k++) dot_step(sums[k % 4], four(chunk, k), quants + k * 4);
  }
};

// The four sums of `whole`, each brought to its worth.
template <class W>
ARIA_LANES __m512i total(const __m512i* sums) {
  __m512i worth[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    worth[i] = sums[i];
    if (W::kShifts[i] < 0) worth[i] = _mm512_add_epi32(sums[i], sums[i]);
    if (W::kShifts[i] > 0) worth[i] = _mm512_srai_epi32(sums[i], unsigned(W::kShifts[i]));
  }
  return _mm512_add_epi32(_mm512_add_epi32(worth[0], worth[1]), _mm512_add_epi32(worth[2], worth[3]));
}

// I2_S has one scale for the tensor and one for the row of activations: its only "block" is the whole row.
template <class W>
constexpr bool kOneBlock = info_of(W::kPacking).group == kWholeRow;

// Inlined into a loop over tiles, GCC keeps more values than there are registers and spills: half the speed.
#define ARIA_ALONE __attribute__((noinline))

// One token: a stripe after the other, as fast as memory gives them.
template <class W>
ARIA_ALONE void linear_one(const LinearTask& task) {
  constexpr PackingInfo kInfo = info_of(W::kPacking);
  const size_t columns = kOneBlock<W> ? task.columns : kInfo.columns;
  const size_t blocks = task.columns / columns, stripe_bytes = task.columns / kInfo.columns * kInfo.bytes;
  for (size_t stripe = task.stripe_begin; stripe < task.stripe_end; stripe++) {
    const uint8_t* weights = task.weights + stripe * stripe_bytes;
    const int8_t* quants = task.input.quants;
    __m512 sum = _mm512_setzero_ps();
    for (size_t b = 0; b < blocks; b++) {
      __m512i sums[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                         _mm512_setzero_si512()};
      // A sum that is worth what it says starts at what the offset adds too much.
      sums[W::kShifts[0] == 0 ? 0 : 1] = _mm512_set1_epi32(-W::kOffset * task.input.sums[b]);
      const uint8_t* chunk = weights;
      if constexpr (kOneBlock<W>) {
        for (size_t c = 0; c < columns; c += 32, chunk += W::kBytes, quants += 32) {
          prefetch<W::kBytes>(chunk);
          W::whole(chunk, quants, sums);
        }
        const __m512 both = _mm512_mul_ps(_mm512_set1_ps(task.scale), _mm512_set1_ps(task.input.scales[0]));
        sum = _mm512_mul_ps(_mm512_cvtepi32_ps(total<W>(sums)), both);
      } else {
        prefetch<kInfo.bytes>(weights);
#pragma GCC unroll 8
        for (size_t c = 0; c < kInfo.columns; c += 32, chunk += W::kBytes, quants += 32) W::whole(chunk, quants, sums);
        sum = accumulate(sum, total<W>(sums), load_scales<W::kPacking>(weights), task.input.scales[b]);
        weights += kInfo.bytes;
      }
    }
    _mm512_storeu_ps(task.out + stripe * kLanes, sum);
  }
}

// kStripes x 16 rows times kTokens tokens: each unpacked weight vector serves all tokens from a register.
template <class W, size_t kStripes, size_t kTokens>
ARIA_ALONE void tile(const LinearTask& task, size_t stripe, size_t token) {
  constexpr PackingInfo kInfo = info_of(W::kPacking);
  const size_t columns = kOneBlock<W> ? task.columns : kInfo.columns, stride = task.input.columns;
  const size_t blocks = task.columns / columns, stripe_bytes = task.columns / kInfo.columns * kInfo.bytes;
  const size_t groups = stride / kInfo.group_in(stride);
  const uint8_t* weights = task.weights + stripe * stripe_bytes;
  const int8_t* quants = task.input.quants + token * stride;
  const float* scales = task.input.scales + token * groups;
  const int32_t* quant_sums = task.input.sums + token * groups;
  __m512 sums[kStripes][kTokens];
#pragma GCC unroll 4
  for (size_t s = 0; s < kStripes; s++)
#pragma GCC unroll 8
    for (size_t t = 0; t < kTokens; t++) sums[s][t] = _mm512_setzero_ps();

  for (size_t b = 0; b < blocks; b++, weights += kInfo.bytes) {
    __m512i dots[kStripes][kTokens];
#pragma GCC unroll 8
    for (size_t t = 0; t < kTokens; t++) {
      const __m512i start = _mm512_set1_epi32(-W::kOffset * quant_sums[t * groups + b]);
#pragma GCC unroll 4
      for (size_t s = 0; s < kStripes; s++) dots[s][t] = start;
    }
    const uint8_t* chunk = weights;
    for (size_t c = 0; c < columns; c += 32, chunk += W::kBytes, quants += 32)
#pragma GCC unroll 8
      for (size_t k = 0; k < 8; k++)
#pragma GCC unroll 4
        for (size_t s = 0; s < kStripes; s++) {
          const __m512i four = W::four(chunk + s * stripe_bytes, k);
#pragma GCC unroll 8
          for (size_t t = 0; t < kTokens; t++) dot_step(dots[s][t], four, quants + t * stride + k * 4);
        }
#pragma GCC unroll 4
    for (size_t s = 0; s < kStripes; s++) {
      __m512 weight_scales;
      if constexpr (!kOneBlock<W>) weight_scales = load_scales<W::kPacking>(weights + s * stripe_bytes);
#pragma GCC unroll 8
      for (size_t t = 0; t < kTokens; t++) {
        if constexpr (kOneBlock<W>) {
          const __m512 both = _mm512_mul_ps(_mm512_set1_ps(task.scale), _mm512_set1_ps(scales[t]));
          sums[s][t] = _mm512_mul_ps(_mm512_cvtepi32_ps(dots[s][t]), both);
        } else {
          sums[s][t] = accumulate(sums[s][t], dots[s][t], weight_scales, scales[t * groups + b]);
        }
      }
    }
  }
#pragma GCC unroll 4
  for (size_t s = 0; s < kStripes; s++)
#pragma GCC unroll 8
    for (size_t t = 0; t < kTokens; t++)
      _mm512_storeu_ps(task.out + (token + t) * task.out_stride + (stripe + s) * kLanes, sums[s][t]);
}

// Blocks whose groups of columns have integer scales: dots of a group first, then their sum weighted by the scales.
// kGroup columns of a block, `four(group, k)` as above.
struct SixBits {
  static constexpr Packing kPacking = Packing::q6_k;
  static constexpr size_t kGroup = 16, kGroups = 16, kBytes = kQ6KGroupBytes;
  static constexpr bool kMinima = false;
  static constexpr int32_t kOffset = 32;
  ARIA_LANES __m512i four(const uint8_t* group, size_t k) {
    const __m512i low = mask_bits(_mm512_srli_epi32(load_bits(group + k / 2 * 64), unsigned(k % 2 * 4)), 15);
    const __m512i crumbs = load_bits(group + 128);
    const __m512i high = k < 2    ? _mm512_slli_epi32(crumbs, unsigned(4 - 2 * k))
                         : k == 2 ? crumbs
                                  : _mm512_srli_epi32(crumbs, 2);
    return _mm512_ternarylogic_epi32(low, high, _mm512_set1_epi8(0x30), 0xf8);  // low | (high & 0x30)
  }
  ARIA_LANES __m512i scales(const uint8_t* block, size_t group) {
    const uint8_t* from = block + kQ6KScalesAt + group * kLanes;
    return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  ARIA_LANES __m512i minima(const uint8_t*, size_t) { return _mm512_setzero_si512(); }
};

struct FourBits {
  static constexpr Packing kPacking = Packing::q4_k;
  static constexpr size_t kGroup = 32, kGroups = 8, kBytes = 256;
  static constexpr bool kMinima = true;
  static constexpr int32_t kOffset = 0;
  ARIA_LANES __m512i four(const uint8_t* group, size_t k) { return Nibbles::four(group, k); }
  ARIA_LANES __m512i load_16(const uint8_t* from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  ARIA_LANES __m512i scales(const uint8_t* block, size_t group) {
    return load_16(block + kQ4KScalesAt + group * kLanes);
  }
  ARIA_LANES __m512i minima(const uint8_t* block, size_t group) {
    return load_16(block + kQ4KMinimaAt + group * kLanes);
  }
};

template <class W, size_t kTokens>
ARIA_ALONE void tile_of_groups(const LinearTask& task, size_t stripe, size_t token) {
  constexpr PackingInfo kInfo = info_of(W::kPacking);
  const size_t blocks = task.columns / kInfo.columns, stride = task.input.columns;
  const uint8_t* weights = task.weights + stripe * blocks * kInfo.bytes;
  __m512 sums[kTokens];
#pragma GCC unroll 8
  for (size_t t = 0; t < kTokens; t++) sums[t] = _mm512_setzero_ps();
  for (size_t b = 0; b < blocks; b++, weights += kInfo.bytes) {
    __m512i dots[kTokens], minima[kTokens];
#pragma GCC unroll 8
    for (size_t t = 0; t < kTokens; t++) dots[t] = minima[t] = _mm512_setzero_si512();
    for (size_t g = 0; g < W::kGroups; g++) {
      const size_t column = token * stride + b * kInfo.columns + g * W::kGroup;
      const int8_t* quants = task.input.quants + column;
      const int32_t* quant_sums = task.input.sums + column / W::kGroup;
      const size_t sums_stride = stride / W::kGroup;
      // One block ahead; the scales end a block, but its first group needs them.
      if (kTokens == 1) {
        prefetch<W::kBytes>(weights + g * W::kBytes + kInfo.bytes - kAhead);
        if (g % 4 == 0) prefetch<64>(weights + W::kGroups * W::kBytes + g * kLanes + kInfo.bytes - kAhead);
      }
      __m512i inner[kTokens];
#pragma GCC unroll 8
      for (size_t t = 0; t < kTokens; t++)
        inner[t] = W::kOffset ? _mm512_set1_epi32(-W::kOffset * quant_sums[t * sums_stride]) : _mm512_setzero_si512();
#pragma GCC unroll 8
      for (size_t k = 0; k < W::kGroup / 4; k++) {
        const __m512i four = W::four(weights + g * W::kBytes, k);
#pragma GCC unroll 8
        for (size_t t = 0; t < kTokens; t++) dot_step(inner[t], four, quants + t * stride + k * 4);
      }
      const __m512i scales = W::scales(weights, g), least = W::minima(weights, g);
#pragma GCC unroll 8
      for (size_t t = 0; t < kTokens; t++) {
        dots[t] = _mm512_add_epi32(dots[t], _mm512_mullo_epi32(inner[t], scales));
        if (!W::kMinima) continue;
        const __m512i sum = _mm512_set1_epi32(quant_sums[t * sums_stride]);
        minima[t] = _mm512_add_epi32(minima[t], _mm512_mullo_epi32(least, sum));
      }
    }
    const __m512 weight_scales = load_scales<W::kPacking>(weights);
#pragma GCC unroll 8
    for (size_t t = 0; t < kTokens; t++) {
      const float scale = task.input.scales[(token + t) * (stride / kInfo.group) + b];
      if (W::kMinima) {
        const __m512 first = accumulate(_mm512_setzero_ps(), dots[t], weight_scales, scale);
        const __m512 both = _mm512_mul_ps(load_scales<W::kPacking>(weights, 1), _mm512_set1_ps(scale));
        sums[t] = _mm512_add_ps(sums[t], _mm512_sub_ps(first, _mm512_mul_ps(_mm512_cvtepi32_ps(minima[t]), both)));
      } else {
        sums[t] = accumulate(sums[t], dots[t], weight_scales, scale);
      }
    }
  }
#pragma GCC unroll 8
  for (size_t t = 0; t < kTokens; t++)
    _mm512_storeu_ps(task.out + (token + t) * task.out_stride + stripe * kLanes, sums[t]);
}

template <size_t kCount>
struct Count {
  static constexpr size_t value = kCount;
};

// All tokens, in tiles of 6, 4, 2 and 1: run(Count of the tile's tokens, first token).
template <class Run>
ARIA_LANES void each_tile(size_t tokens, const Run& run) {
  size_t token = 0;
  for (; token + 6 <= tokens; token += 6) run(Count<6>{}, token);
  for (; token + 4 <= tokens; token += 4) run(Count<4>{}, token);
  for (; token + 2 <= tokens; token += 2) run(Count<2>{}, token);
  for (; token < tokens; token++) run(Count<1>{}, token);
}

template <class W>
void linear(const LinearTask& task) {
  if (task.input.tokens == 1) return linear_one<W>(task);
  // Where scales come every 32 columns, float sums stay in registers beside the integer ones: half as many of each.
  constexpr size_t kWide = info_of(W::kPacking).columns == 32 ? 2 : 4;
  size_t stripe = task.stripe_begin;
  for (; stripe + kWide <= task.stripe_end; stripe += kWide)
    each_tile(task.input.tokens, [&](auto count, size_t token) { tile<W, kWide, count.value>(task, stripe, token); });
  for (; stripe < task.stripe_end; stripe++)
    each_tile(task.input.tokens, [&](auto count, size_t token) { tile<W, 1, count.value>(task, stripe, token); });
}

// Binary weights with the tables of their activations, where there are any; of several tokens as far as whole tiles go.
void linear_bits(const LinearTask& task) {
  if (task.input.tokens == 1 && task.input.lookups) return lookup_one(task);
  const size_t stripes = task.input.tables ? (task.stripe_end - task.stripe_begin) / 8 * 8 : 0;
  const size_t middle = task.stripe_begin + stripes;
  if (stripes > 0) linear_by_tables(task, task.stripe_begin, middle);
  LinearTask rest = task;
  rest.stripe_begin = middle;
  if (middle < task.stripe_end) linear<Bits>(rest);
}

template <class W>
void linear_of_groups(const LinearTask& task) {
  for (size_t stripe = task.stripe_begin; stripe < task.stripe_end; stripe++)
    each_tile(task.input.tokens,
              [&](auto count, size_t token) { tile_of_groups<W, count.value>(task, stripe, token); });
}

}  // namespace

extern const Kernels kAvx512;
const Kernels kAvx512 = {
    "avx512",
    ARIA_FLOAT_KERNELS,
    {
        linear_f32,
        linear_f16,
        linear_bf16,
        linear<Bytes>,
        linear<Nibbles>,
        linear_of_groups<FourBits>,
        linear_of_groups<SixBits>,
        linear_bits,
        linear<Crumbs<Packing::q2_0>>,
        linear<Crumbs<Packing::tq2_0>>,
        linear<Crumbs<Packing::i2_s>>,
    },
};

}  // namespace aria
