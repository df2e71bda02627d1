#pragma once
// Where a packed block keeps its weights, one at a time: the plain reading of every layout. Vector kernels read the
// same bytes sixteen rows at once; each 32-bit word belongs to one row and its byte b to a column with c % 4 = b.
#include "kernels.h"

namespace aria {

// Q1_0: for each 32 columns, 16 words whose byte c % 4 holds column c in bit c / 4. Set is +1, clear is -1.
static inline int32_t weight_q1_0(const uint8_t* block, size_t lane, size_t c) {
  return block[c / 32 * 64 + lane * 4 + c % 4] >> (c % 32 / 4) & 1 ? 1 : -1;
}

// Q8_0: for each 4 columns, 16 words; each byte is the weight + 128.
static inline int32_t weight_q8_0(const uint8_t* block, size_t lane, size_t c) {
  return int32_t(block[c / 4 * 64 + lane * 4 + c % 4]) - 128;
}

// Q4_0 and Q4_K: for each 8 columns, 16 words; four columns in the low halves of the bytes, four in the high.
static inline int32_t weight_nibble(const uint8_t* block, size_t lane, size_t c) {
  return block[c / 8 * 64 + lane * 4 + c % 4] >> (c % 8 / 4 * 4) & 15;
}

// Q2_0, TQ2_0, I2_S: for each 16 columns, 16 words whose byte c % 4 holds column c in bits 2(c / 4), as weight + 1.
static inline int32_t weight_crumb(const uint8_t* block, size_t lane, size_t c) {
  return (block[c / 16 * 64 + lane * 4 + c % 4] >> (c % 16 / 4 * 2) & 3) - 1;
}

// Q6_K: for each 16 columns, 32 words of the low four bits, then 16 words of the high two; weight + 32.
static inline int32_t weight_q6_k(const uint8_t* block, size_t lane, size_t c) {
  const uint8_t* group = block + c / 16 * kQ6KGroupBytes;
  const int32_t high = group[128 + lane * 4 + c % 4] >> (c % 16 / 4 * 2) & 3;
  return (weight_nibble(group, lane, c % 16) | high << 4) - 32;
}

}  // namespace aria
