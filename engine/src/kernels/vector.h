#pragma once
// The float kernels over sixteen lanes, in the order of scalar.cpp, for every vector instruction set. Each file that
// includes this defines first, with lanes.h:
//   F32x16 load_half(const uint16_t*);  void store_half(F32x16, uint16_t*);  void store_i8(I32x16, int8_t*);
#include <cstring>

#include "kernels.h"
#include "lanes.h"
#include "math.h"

namespace aria {
namespace {

ARIA_LANES F32x16 round_even(F32x16 value) { return (value + 0x1.8p23f) - 0x1.8p23f; }

ARIA_LANES F32x16 exp_f32(F32x16 x) {
  const F32x16 clamped = smaller(larger(x, splat(kExpMin)), splat(kExpMax));
  const F32x16 n = round_even(clamped * 0x1.715476p+0f);
  F32x16 r = clamped - n * 0x1.63p-1f;
  r = r - n * -0x1.bd0106p-13f;
  F32x16 p = splat(0x1.a0d2cep-13f);
  p = p * r + 0x1.6e879cp-10f;
  p = p * r + 0x1.11121p-7f;
  p = p * r + 0x1.555382p-5f;
  p = p * r + 0x1.555554p-3f;
  p = p * r + 0x1p-1f;
  const F32x16 series = (p * (r * r) + r) + 1.0f;
  return zero_below(x, kExpMin, series * power_of_two(n));
}

float sum_squares(const float* values, size_t count) {
  F32x16 lanes = splat(0.0f);
  for (size_t i = 0; i < count; i += kLanes) {
    const F32x16 x = load(values + i);
    lanes = lanes + x * x;
  }
  return fold(lanes);
}

void scale_rows(const float* values, const float* weights, float scale, size_t count, float* out) {
  for (size_t i = 0; i < count; i += kLanes) store((load(values + i) * scale) * load(weights + i), out + i);
}

void add(float* values, const float* other, size_t count) {
  for (size_t i = 0; i < count; i += kLanes) store(load(values + i) + load(other + i), values + i);
}

void silu_multiply(const float* gate, const float* up, size_t count, float* out) {
  for (size_t i = 0; i < count; i += kLanes) {
    const F32x16 x = load(gate + i);
    store((x / (1.0f + exp_f32(-x))) * load(up + i), out + i);
  }
}

void relu_squared_multiply(const float* gate, const float* up, size_t count, float* out) {
  for (size_t i = 0; i < count; i += kLanes) {
    const F32x16 kept = larger(load(gate + i), splat(0.0f));
    store((kept * kept) * load(up + i), out + i);
  }
}

void rotate_adjacent(float* values, const float* cosines, const float* sines, size_t pairs) {
  for (size_t i = 0; i < pairs; i++) {
    const float x = values[2 * i], y = values[2 * i + 1];
    values[2 * i] = x * cosines[i] - y * sines[i];
    values[2 * i + 1] = x * sines[i] + y * cosines[i];
  }
}

void rotate_halves(float* values, const float* cosines, const float* sines, size_t pairs) {
  for (size_t i = 0; i < pairs; i++) {
    const float x = values[i], y = values[i + pairs];
    values[i] = x * cosines[i] - y * sines[i];
    values[i + pairs] = x * sines[i] + y * cosines[i];
  }
}

void to_half(const float* values, size_t count, uint16_t* out) {
  for (size_t i = 0; i < count; i += kLanes) store_half(load(values + i), out + i);
}

// How many queries share each load of a key or value, and vectors of sums: as many as leave these in registers.
#if defined(__AVX512F__)
constexpr size_t kSharing = 4, kScoreBlocks = 4, kSumsMax = 16;
#else
constexpr size_t kSharing = 2, kScoreBlocks = 2, kSumsMax = 8;
#endif

// Asks memory for what comes 12 KB behind `kHalves` halves: keys and values of several heads follow each other, and that
// far ahead even a page that is missing in the processor's table is found in time. Behind the last head it asks in vain.
constexpr size_t kAheadHalves = 6144;
template <size_t kHalves>
ARIA_LANES void ask_ahead(const uint16_t* from) {
#pragma GCC unroll 4
  for (size_t i = 0; i < kHalves; i += 32) __builtin_prefetch(from + kAheadHalves + i);
}

// Lane = position. Several key blocks at once hide the latency of each lane's own chain of additions.
template <size_t kBlocks, size_t kQueries>
__attribute__((noinline)) void score_blocks(const float* const* queries, const uint16_t* keys, size_t width,
                                            float scale, float* const* scores, size_t block) {
  F32x16 sums[kQueries][kBlocks] = {};
  const float* query[kQueries];
#pragma GCC unroll 4
  for (size_t q = 0; q < kQueries; q++) query[q] = queries[q];
  keys += block * width * kLanes;
  for (size_t i = 0; i < width; i++) {
    ask_ahead<kBlocks * kLanes>(keys + i * kBlocks * kLanes);
#pragma GCC unroll 4
    for (size_t b = 0; b < kBlocks; b++) {
      const F32x16 key = load_half(keys + (b * width + i) * kLanes);
#pragma GCC unroll 4
      for (size_t q = 0; q < kQueries; q++) sums[q][b] = sums[q][b] + query[q][i] * key;
    }
  }
#pragma GCC unroll 4
  for (size_t q = 0; q < kQueries; q++)
#pragma GCC unroll 4
    for (size_t b = 0; b < kBlocks; b++) store(sums[q][b] * scale, scores[q] + (block + b) * kLanes);
}

template <size_t kQueries>
void score_queries(const float* const* queries, const uint16_t* keys, size_t blocks, size_t width, float scale,
                   float* const* scores) {
  constexpr size_t kBlocks = kQueries == 1 ? 4 : kScoreBlocks;
  size_t block = 0;
  for (; block + kBlocks <= blocks; block += kBlocks)
    score_blocks<kBlocks, kQueries>(queries, keys, width, scale, scores, block);
  for (; block < blocks; block++) score_blocks<1, kQueries>(queries, keys, width, scale, scores, block);
}

void attention_scores(const float* const* queries, size_t count, const uint16_t* keys, size_t blocks, size_t width,
                      float scale, float* const* scores) {
  size_t q = 0;
  for (; q + kSharing <= count; q += kSharing)
    score_queries<kSharing>(queries + q, keys, blocks, width, scale, scores + q);
  for (; q + 2 <= count; q += 2) score_queries<2>(queries + q, keys, blocks, width, scale, scores + q);
  for (; q < count; q++) score_queries<1>(queries + q, keys, blocks, width, scale, scores + q);
}

float softmax_weights(float* scores, size_t count) {
  const size_t padded = (count + kLanes - 1) / kLanes * kLanes;
  for (size_t i = count; i < padded; i++) scores[i] = -__builtin_inff();
  F32x16 most_lanes = splat(-__builtin_inff());
  for (size_t i = 0; i < count; i += kLanes) most_lanes = larger(load(scores + i), most_lanes);
  const float most = largest(most_lanes);
  for (size_t i = 0; i < count; i += kLanes) store(exp_f32(load(scores + i) - most), scores + i);
  for (size_t i = count; i < padded; i++) scores[i] = 0;
  F32x16 lanes = splat(0.0f);
  for (size_t i = 0; i < count; i += kLanes) lanes = lanes + load(scores + i);
  return fold(lanes);
}

template <size_t kVectors, size_t kQueries>
__attribute__((noinline)) void weigh_columns(const float* const* weights, const uint16_t* values, size_t positions,
                                             size_t width, float* const* out, size_t column) {
  F32x16 sums[kQueries][kVectors];
  const float* weight[kQueries];
#pragma GCC unroll 4
  for (size_t q = 0; q < kQueries; q++) {
    weight[q] = weights[q];
#pragma GCC unroll 8
    for (size_t v = 0; v < kVectors; v++) sums[q][v] = load(out[q] + column + v * kLanes);
  }
  for (size_t position = 0; position < positions; position++) {
    ask_ahead<kVectors * kLanes>(values + position * width + column);
#pragma GCC unroll 8
    for (size_t v = 0; v < kVectors; v++) {
      const F32x16 value = load_half(values + position * width + column + v * kLanes);
#pragma GCC unroll 4
      for (size_t q = 0; q < kQueries; q++) sums[q][v] = sums[q][v] + weight[q][position] * value;
    }
  }
#pragma GCC unroll 4
  for (size_t q = 0; q < kQueries; q++)
#pragma GCC unroll 8
    for (size_t v = 0; v < kVectors; v++) store(sums[q][v], out[q] + column + v * kLanes);
}

template <size_t kQueries>
void weigh_queries(const float* const* weights, const uint16_t* values, size_t positions, size_t width,
                   float* const* out) {
  constexpr size_t kWide = kQueries * 8 > kSumsMax ? kSumsMax / kQueries : 8;  // whole rows, where there is room
  size_t column = 0;
  for (; column + kWide * kLanes <= width; column += kWide * kLanes)
    weigh_columns<kWide, kQueries>(weights, values, positions, width, out, column);
  if constexpr (kWide > 6)
    for (; column + 6 * kLanes <= width; column += 6 * kLanes)
      weigh_columns<6, kQueries>(weights, values, positions, width, out, column);
  if constexpr (kWide > 4)
    for (; column + 4 * kLanes <= width; column += 4 * kLanes)
      weigh_columns<4, kQueries>(weights, values, positions, width, out, column);
  for (; column + 2 * kLanes <= width; column += 2 * kLanes)
    weigh_columns<2, kQueries>(weights, values, positions, width, out, column);
  for (; column < width; column += kLanes)
    weigh_columns<1, kQueries>(weights, values, positions, width, out, column);
}

void weigh_values(const float* const* weights, size_t count, const uint16_t* values, size_t positions, size_t width,
                  float* const* out) {
  size_t q = 0;
  for (; q + kSharing <= count; q += kSharing)
    weigh_queries<kSharing>(weights + q, values, positions, width, out + q);
  for (; q + 2 <= count; q += 2) weigh_queries<2>(weights + q, values, positions, width, out + q);
  for (; q < count; q++) weigh_queries<1>(weights + q, values, positions, width, out + q);
}

void divide(float* values, float divisor, size_t count) {
  for (size_t i = 0; i < count; i += kLanes) store(load(values + i) / divisor, values + i);
}

// F32, F16 and BF16 weights: four rows share each load of the activations.
template <class T, F32x16 (*kLoad)(const T*)>
void linear_float(const LinearTask& task) {
  constexpr size_t kRows = 4;
  const T* weights = reinterpret_cast<const T*>(task.weights);
  for (size_t row = task.stripe_begin * kLanes; row < task.stripe_end * kLanes; row += kRows)
    for (size_t token = 0; token < task.input.tokens; token++) {
      const float* x = task.input.values + token * task.input.columns;
      const T* w = weights + row * task.columns;
      F32x16 sums[kRows] = {};
      for (size_t c = 0; c < task.columns; c += kLanes)
#pragma GCC unroll 4
        for (size_t r = 0; r < kRows; r++) sums[r] = sums[r] + kLoad(w + r * task.columns + c) * load(x + c);
#pragma GCC unroll 4
      for (size_t r = 0; r < kRows; r++) task.out[token * task.out_stride + row + r] = fold(sums[r]);
    }
}

void linear_f16(const LinearTask& task) { linear_float<uint16_t, load_half>(task); }
void linear_bf16(const LinearTask& task) { linear_float<uint16_t, load_bfloat>(task); }
void linear_f32(const LinearTask& task) { linear_float<float, load>(task); }

#if !defined(__AVX512F__)
constexpr decltype(Kernels::tabulate) tabulate = nullptr;  // no lookup of 32 halfwords in one instruction
constexpr decltype(Kernels::tabulate_one) tabulate_one = nullptr;  // nor of 64 bytes
#endif

// Each group of values shares one scale, each sum_group of quants one sum.
void quantize(const float* values, size_t count, size_t group, size_t sum_group, int8_t* quants, float* scales,
              int32_t* sums) {
  I32x16 sum_lanes = I32x16{};
  size_t summed = 0;
  for (size_t g = 0; g < count / group; g++) {
    const float* x = values + g * group;
    F32x16 most_lanes = splat(0.0f);
    for (size_t i = 0; i < group; i += kLanes) most_lanes = larger(absolute(load(x + i)), most_lanes);
    const float most = largest(larger(most_lanes, splat(0.0f)));
    const bool zero = !(most >= 0x1p-100f);
    scales[g] = zero ? 0.0f : most / 127.0f;
    const float inverse = zero ? 0.0f : 127.0f / most;
    for (size_t i = 0; i < group; i += kLanes) {
      const F32x16 clamped = smaller(larger(load(x + i) * inverse, splat(-127.0f)), splat(127.0f));
      const I32x16 whole = to_int(round_even(clamped));
      store_i8(whole, quants + g * group + i);
      sum_lanes = sum_lanes + whole;
      summed += kLanes;
      if (summed % sum_group != 0) continue;
      *sums++ = fold(sum_lanes);
      sum_lanes = I32x16{};
    }
  }
}

}  // namespace
}  // namespace aria
