#pragma once
// Decoding binary weights by lookup, for AVX-512 with VBMI (included by avx512.cpp). A byte of a packed word holds eight
// weights of a row, four in each half; what four of them add to the row's dot product is one of 16 numbers, made once
// per token and shared by all rows. VPERMB looks up 16 rows times four bytes: byte b of each word in the b-th quarter of
// a table of 64. Numbers lie between 4 and 1020 (the sum plus 512): their low five bits are one table, the rest another,
// so that eight lookups fit a byte. Half the instructions of multiplying, where a core has one such unit for both.
#include <immintrin.h>

#include "kernels.h"
#include "lanes.h"

namespace aria {
namespace {

constexpr size_t kLookupTable = 64;
static_assert(kLookupBytes == 2 * kLookupTable / 16);  // 16 columns have a table of low bits and one of high bits
constexpr int16_t kLookupOffset = 512;

// Entry 16b + n of a table: columns 4i + b, added where bit i of n is set, else subtracted.
ARIA_LANES void store_table(__m512i columns, size_t half, uint8_t* table) {
  __m512i sum = _mm512_set1_epi16(kLookupOffset);
  // Words 4i + b of the columns, b the lane's quarter: 16 lanes of each.
  const __m512i quarter = _mm512_mask_blend_epi16(0xffff0000, _mm512_set1_epi16(int16_t(2 * half)),
                                                  _mm512_set1_epi16(int16_t(2 * half + 1)));
  constexpr __mmask32 kBits[] = {0xaaaaaaaa, 0xcccccccc, 0xf0f0f0f0, 0xff00ff00};
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const __m512i at = _mm512_add_epi16(quarter, _mm512_set1_epi16(int16_t(4 * i)));
    const __m512i column = _mm512_permutexvar_epi16(at, columns);
    sum = _mm512_mask_add_epi16(sum, kBits[i], sum, column);
    sum = _mm512_mask_sub_epi16(sum, ~kBits[i], sum, column);
  }
  const __m512i low = _mm512_and_si512(sum, _mm512_set1_epi16(31)), high = _mm512_srli_epi16(sum, 5);
  _mm256_store_si256(reinterpret_cast<__m256i*>(table + half * 32), _mm512_cvtepi16_epi8(low));
  _mm256_store_si256(reinterpret_cast<__m256i*>(table + kLookupTable + half * 32), _mm512_cvtepi16_epi8(high));
}

bool tabulate_one(const int8_t* quants, size_t count, uint8_t* tables) {
  if (!__builtin_cpu_supports("avx512vbmi")) return false;
  for (size_t c = 0; c < count; c += 16, tables += 2 * kLookupTable) {
    const __m128i columns = _mm_loadu_si128(reinterpret_cast<const __m128i*>(quants + c));
    const __m512i words = _mm512_castsi256_si512(_mm256_cvtepi8_epi16(columns));
    store_table(words, 0, tables);
    store_table(words, 1, tables);
  }
  return true;
}

// Stripes that share a few blocks' tables. A core's second cache holds them, those that come next, and all tables.
constexpr size_t kLookupStripes = 16;
constexpr size_t kLookupBlocks = 16;  // their tables are 16 KB: half of the first cache

// sum += the products of `blocks` blocks of a stripe, in order. Memory is asked meanwhile for as many at `ahead`.
__attribute__((target("avx512vbmi"))) ARIA_LANES __m512 lookup_blocks(__m512 sum, const uint8_t* block, size_t blocks,
                                                                      const __m512i* tables, const float* scales,
                                                                      const uint8_t* ahead) {
  constexpr PackingInfo kInfo = info_of(Packing::q1_0);
  const __m512i quarters = _mm512_set1_epi32(0x30201000), nibble = _mm512_set1_epi8(15);
  const __m512i start = _mm512_set1_epi32(-int32_t(kInfo.columns / 4) * kLookupOffset);
  for (size_t b = 0; b < blocks; b++, block += kInfo.bytes, ahead += kInfo.bytes) {
    __m512i low = _mm512_setzero_si512(), high = low;
#pragma GCC unroll 4
    for (size_t word = 0; word < 4; word++) {
      _mm_prefetch(ahead + word * 64, _MM_HINT_T1);
      __m512i bits = _mm512_loadu_si512(block + word * 64);
#pragma GCC unroll 2
      for (size_t half = 0; half < 2; half++, tables += 2) {
        const __m512i at = _mm512_ternarylogic_epi32(bits, nibble, quarters, 0xea);  // (bits & nibble) | quarters
        low = _mm512_add_epi8(low, _mm512_permutexvar_epi8(at, tables[0]));
        high = _mm512_add_epi8(high, _mm512_permutexvar_epi8(at, tables[1]));
        bits = _mm512_srli_epi32(bits, 4);
      }
    }
    _mm_prefetch(ahead + 256, _MM_HINT_T1);
    __m512i dot = _mm512_dpbusd_epi32(start, low, _mm512_set1_epi8(1));
    dot = _mm512_dpbusd_epi32(dot, high, _mm512_set1_epi8(32));
    const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + kInfo.bytes - 2 * kLanes));
    const __m512 both = _mm512_mul_ps(_mm512_cvtph_ps(halves), _mm512_set1_ps(scales[b]));
    sum = _mm512_add_ps(sum, _mm512_mul_ps(_mm512_cvtepi32_ps(dot), both));
  }
  return sum;
}

// One token. Several stripes go through a few blocks' tables while these are in the nearest cache; meanwhile the next
// stripes' weights are fetched, in the order in which they lie.
__attribute__((target("avx512vbmi"), noinline)) void lookup_one(const LinearTask& task) {
  constexpr PackingInfo kInfo = info_of(Packing::q1_0);
  const size_t blocks = task.columns / kInfo.columns, stripe_bytes = blocks * kInfo.bytes;
  __m512 sums[kLookupStripes];
  for (size_t stripe = task.stripe_begin; stripe < task.stripe_end; stripe += kLookupStripes) {
    const size_t rest = task.stripe_end - stripe, count = rest < kLookupStripes ? rest : kLookupStripes;
    const uint8_t* weights = task.weights + stripe * stripe_bytes;
    const uint8_t* ahead = weights + count * stripe_bytes;
    for (size_t b = 0; b < blocks; b += kLookupBlocks) {
      const size_t some = blocks - b < kLookupBlocks ? blocks - b : kLookupBlocks;
      const __m512i* tables = reinterpret_cast<const __m512i*>(task.input.lookups) + b * (kGroup * kLookupBytes / 64);
      for (size_t s = 0; s < count; s++, ahead += some * kInfo.bytes)
        sums[s] = lookup_blocks(b == 0 ? _mm512_setzero_ps() : sums[s], weights + s * stripe_bytes + b * kInfo.bytes,
                                some, tables, task.input.scales + b, ahead);
    }
    for (size_t s = 0; s < count; s++) _mm512_storeu_ps(task.out + (stripe + s) * kLanes, sums[s]);
  }
}

}  // namespace
}  // namespace aria
