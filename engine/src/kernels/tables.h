#pragma once
// Binary weights by lookup, for AVX-512 (included by avx512.cpp). Five weights of a row are a number below 32; what they
// add to the row's dot product stands in a table of 32 halfwords, made once per token and shared by all rows:
//   dot of +-1 = -(sum of quants) + sum over lookups of table[five bits],  table[m] = sum of 2 * quant_i over bits i of m.
// One VPERMW looks up 32 rows. A group's dot product is below 2^14, and halfwords wrap, so every sum is exact.
#include <immintrin.h>

#include <cstring>

#include "kernels.h"
#include "lanes.h"

namespace aria {
namespace {

// The 128 bits of a row's group are eight halfwords: low and high halves of its words. Bits 0-4, 5-9 and 10-14 of each
// are a lookup; bits 15 of the first five are one, and those of the last three the last.
ARIA_LANES void store_lookups(__m512i low, __m512i high, size_t word, __m512i& rest, __m512i* to) {
  const __m512i halves[] = {low, high};
#pragma GCC unroll 2
  for (size_t h = 0; h < 2; h++) {
    const size_t at = word * 2 + h;
#pragma GCC unroll 3
    for (size_t s = 0; s < 3; s++) to[(at * 3 + s) * 4] = s ? _mm512_srli_epi16(halves[h], unsigned(5 * s)) : halves[h];
    rest = _mm512_or_si512(rest, _mm512_slli_epi16(_mm512_srli_epi16(halves[h], 15), unsigned(at)));
  }
}

// Two stripes' words to vectors of 32 rows: lane 2i is row i of the first, lane 2i + 1 of the second. VPERMW ignores the
// bits above the lowest five.
ARIA_LANES void find_lookups(const uint8_t* first, const uint8_t* second, __m512i* to) {
  constexpr __mmask32 kOdd = 0xaaaaaaaa;
  __m512i rest = _mm512_setzero_si512();
#pragma GCC unroll 4
  for (size_t word = 0; word < 4; word++) {
    const __m512i a = _mm512_loadu_si512(first + word * 64), b = _mm512_loadu_si512(second + word * 64);
    store_lookups(_mm512_mask_blend_epi16(kOdd, a, _mm512_slli_epi32(b, 16)),
                  _mm512_mask_blend_epi16(kOdd, _mm512_srli_epi32(a, 16), b), word, rest, to);
  }
  to[24 * 4] = rest;
  to[25 * 4] = _mm512_srli_epi16(rest, 5);
}

// out[16 rows] (+)= float(dot) * (weight scale * activation scale), multiply then add.
ARIA_LANES void add_scaled(float* out, bool first, __m512i dot, __m512 scales, __m512 scale) {
  const __m512 sum = first ? _mm512_setzero_ps() : _mm512_loadu_ps(out);
  _mm512_storeu_ps(out, _mm512_add_ps(sum, _mm512_mul_ps(_mm512_cvtepi32_ps(dot), _mm512_mul_ps(scales, scale))));
}

// One group of columns: 128 rows times kTokens tokens.
template <size_t kTokens>
__attribute__((noinline)) void table_tile(const LinearTask& task, const __m512i* lookups, const __m512* scales,
                                          size_t stripe, size_t token, size_t group) {
  const size_t groups = task.input.columns / kGroup;
  __m512i sums[kTokens][4];
  const int16_t* tables = task.input.tables + (token * groups + group) * kTableEntries;
#pragma GCC unroll 4
  for (size_t t = 0; t < kTokens; t++)
#pragma GCC unroll 4
    for (size_t v = 0; v < 4; v++)
      sums[t][v] = _mm512_set1_epi16(int16_t(-task.input.sums[(token + t) * groups + group]));
#pragma GCC unroll 2
  for (size_t i = 0; i < kTableLookups; i++) {
    __m512i table[kTokens];
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) table[t] = _mm512_load_si512(tables + t * groups * kTableEntries + i * 32);
#pragma GCC unroll 4
    for (size_t v = 0; v < 4; v++) {
      const __m512i lookup = lookups[i * 4 + v];
#pragma GCC unroll 4
      for (size_t t = 0; t < kTokens; t++)
        sums[t][v] = _mm512_add_epi16(sums[t][v], _mm512_permutexvar_epi16(lookup, table[t]));
    }
  }
#pragma GCC unroll 4
  for (size_t t = 0; t < kTokens; t++) {
    const __m512 scale = _mm512_set1_ps(task.input.scales[(token + t) * groups + group]);
    float* out = task.out + (token + t) * task.out_stride + stripe * kLanes;
#pragma GCC unroll 4
    for (size_t v = 0; v < 4; v++) {
      const __m512i even = _mm512_srai_epi32(_mm512_slli_epi32(sums[t][v], 16), 16);
      add_scaled(out + v * 32, group == 0, even, scales[2 * v], scale);
      add_scaled(out + v * 32 + kLanes, group == 0, _mm512_srai_epi32(sums[t][v], 16), scales[2 * v + 1], scale);
    }
  }
}

// Stripes [begin, end), whole tiles of eight, times all tokens. Group by group: their tables stay near meanwhile.
void linear_by_tables(const LinearTask& task, size_t stripe_begin, size_t stripe_end) {
  constexpr PackingInfo kInfo = info_of(Packing::q1_0);
  const size_t blocks = task.columns / kInfo.columns, stripe_bytes = blocks * kInfo.bytes;
  __m512i lookups[kTableLookups * 4];
  __m512 scales[8];
  for (size_t b = 0; b < blocks; b++)
    for (size_t stripe = stripe_begin; stripe < stripe_end; stripe += 8) {
      const uint8_t* block = task.weights + stripe * stripe_bytes + b * kInfo.bytes;
#pragma GCC unroll 4
      for (size_t v = 0; v < 4; v++)
        find_lookups(block + 2 * v * stripe_bytes, block + (2 * v + 1) * stripe_bytes, lookups + v);
#pragma GCC unroll 8
      for (size_t s = 0; s < 8; s++) {
        // The next eight: a few hundred bytes in each of eight places, which no hardware foresees.
        const uint8_t* next = block + (8 + s) * stripe_bytes;
        for (size_t line = 0; line < kInfo.bytes; line += 64) _mm_prefetch(next + line, _MM_HINT_T0);
        const uint8_t* from = block + s * stripe_bytes + kInfo.bytes - 2 * kLanes;
        scales[s] = _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
      }
      size_t token = 0;
      for (; token + 4 <= task.input.tokens; token += 4) table_tile<4>(task, lookups, scales, stripe, token, b);
      for (; token + 2 <= task.input.tokens; token += 2) table_tile<2>(task, lookups, scales, stripe, token, b);
      for (; token < task.input.tokens; token++) table_tile<1>(task, lookups, scales, stripe, token, b);
    }
}

// The tables of groups of 128 quants.
void tabulate(const int8_t* quants, size_t count, int16_t* tables) {
  // Byte 2m + i of each: twice bit i (then i + 2, then i + 4) of m, the entry's number.
  alignas(64) uint8_t bits[3][64];
  for (size_t entry = 0; entry < 32; entry++)
    for (size_t i = 0; i < 6; i++) bits[i / 2][entry * 2 + i % 2] = uint8_t(i < 5 ? (entry >> i & 1) * 2 : 0);
  const __m512i first = _mm512_load_si512(bits[0]), second = _mm512_load_si512(bits[1]);
  const __m512i third = _mm512_load_si512(bits[2]);
  // Columns of a word in the order of its bits: 32 columns c to places 8 (c mod 4) + c / 4.
  const __m512i in_lane = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const __m512i across = _mm512_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
  alignas(64) uint8_t ordered[kGroup + 16] = {};
  for (size_t g = 0; g < count / kGroup; g++, quants += kGroup) {
    for (size_t i = 0; i < 2; i++)
      _mm512_store_si512(ordered + i * 64,
                         _mm512_permutexvar_epi32(
                             across, _mm512_shuffle_epi8(_mm512_loadu_si512(quants + i * 64), in_lane)));
    for (size_t h = 0; h < 8; h++) ordered[kGroup + h] = ordered[h * 16 + 15];
    for (size_t i = 0; i < kTableLookups; i++, tables += 32) {
      const uint8_t* from = i < 24 ? ordered + i / 3 * 16 + i % 3 * 5 : ordered + kGroup + (i - 24) * 5;
      const auto pair = [&](size_t at) {
        int16_t two;
        std::memcpy(&two, from + at, sizeof two);
        return _mm512_set1_epi16(two);
      };
      const __m512i sum =
          _mm512_add_epi16(_mm512_maddubs_epi16(first, pair(0)), _mm512_maddubs_epi16(second, pair(2)));
      _mm512_store_si512(tables, _mm512_add_epi16(sum, _mm512_maddubs_epi16(third, pair(4))));
    }
  }
}

}  // namespace
}  // namespace aria
