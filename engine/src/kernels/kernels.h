#pragma once
// The table of kernels that an instruction set implements. scalar.cpp is the specification (SPEC.md
// in code); every other table must give the same bits. Chosen once, by select.cpp.
//
// Every float row is padded with +0 to a multiple of kGroup, so no kernel has a tail. (A sum that
// starts at +0 is never -0, so padding never changes a bit.)
#include <cstddef>
#include <cstdint>

namespace aria {

constexpr size_t kLanes = 16;   // lanes of a float reduction; rows of a packed weight block; positions of a key block
constexpr size_t kGroup = 128;  // weights under one scale in Q1_0, and activations that meet them; also the row padding
constexpr size_t kSubgroup = 32;  // weights under one scale in Q8_0, and activations that meet them

// Bytes of one packed block of 16 rows: bits (or bytes) of one weight group, then 16 half-precision scales.
constexpr size_t kBlockBytesQ1 = kLanes * (kGroup / 8 + 2);
constexpr size_t kBlockBytesQ8 = kLanes * (kSubgroup + 2);

// Activations of several tokens. `columns` is the padded width, a multiple of kGroup.
struct Activations {
  const float* values;   // [tokens][columns]
  const int8_t* quants;  // [tokens][columns], in [-127, 127]
  const float* scales;   // [tokens][columns / group], group = kGroup for Q1_0 and kSubgroup for Q8_0
  const int32_t* sums;   // [tokens][columns / kSubgroup]: the sum of each 32 quants
  size_t columns;
  size_t tokens;
};

// Rows [16 * block_begin, 16 * block_end) of weights times every token.
struct LinearTask {
  const uint8_t* weights;  // whole packed matrix
  size_t columns;          // of the weights; at most activations.columns
  size_t block_begin, block_end;
  Activations input;
  float* out;  // [tokens][out_stride]
  size_t out_stride;
};

struct Kernels {
  const char* name;
  void (*quantize)(const float* values, size_t count, size_t group, int8_t* quants, float* scales, int32_t* sums);
  void (*linear_q1_0)(const LinearTask&);
  void (*linear_q8_0)(const LinearTask&);
  void (*linear_f16)(const LinearTask&);
  void (*linear_f32)(const LinearTask&);

  float (*sum_squares)(const float* values, size_t count);
  void (*scale_rows)(const float* values, const float* weights, float scale, size_t count, float* out);
  void (*add)(float* values, const float* other, size_t count);
  void (*silu_multiply)(const float* gate, const float* up, size_t count, float* out);
  // Rotates `pairs` pairs: (2i, 2i+1) for adjacent, (i, i + pairs) for halves.
  void (*rotate_adjacent)(float* values, const float* cosines, const float* sines, size_t pairs);
  void (*rotate_halves)(float* values, const float* cosines, const float* sines, size_t pairs);
  void (*to_half)(const float* values, size_t count, uint16_t* out);

  // Keys lie as [block of 16 positions][width][16], values as [position][width], both half precision.
  void (*attention_scores)(const float* query, const uint16_t* keys, size_t blocks, size_t width, float scale,
                           float* scores);
  // scores -> exp(score - max) in place; entries past `count` up to a multiple of 16 become 0. Returns the sum.
  float (*softmax_weights)(float* scores, size_t count);
  void (*weigh_values)(const float* weights, const uint16_t* values, size_t count, size_t width, float* out);
  void (*divide)(float* values, float divisor, size_t count);
};

extern const Kernels kScalar;
#if defined(__x86_64__)
extern const Kernels kAvx2, kAvx512;
#endif

}  // namespace aria
