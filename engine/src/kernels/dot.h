#pragma once
// Integer linear layers for instruction sets of 128 bits: a stripe's sixteen rows are four vectors of four rows each,
// every row with four columns. Each file that includes this defines first, with lanes.h:
//   I8x16             sixteen bytes: four columns of four rows
//   DotSum            sums of four rows, zero when made, and its rows(): I32x4
//   Quants            sixteen quants of one token, and its load(const int8_t*)
//   dot<k>(sum, weights, quants): sum += four columns of weights times quants 4k ... 4k + 3
#include "kernels.h"
#include "lanes.h"

namespace aria {
namespace {

typedef uint8_t U8x16 __attribute__((vector_size(16)));

ARIA_LANES U8x16 load_bytes(const uint8_t* from) {
  U8x16 bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

// How a format's weights come out of a chunk, 32 columns of a stripe (layout.h): `step<k>` gives columns 4k ... 4k + 3 of
// a quarter of the rows, and `finish` what the weights' dot product is, given that of the steps and the sum of the quants.
struct BitWeights {  // a clear bit is 0 and a set one -1: dot of +-1 = -2 * (that sum) - (sum of all quants)
  static constexpr size_t kChunkBytes = 64;
  template <size_t kStep>
  ARIA_LANES I8x16 step(const uint8_t* chunk, size_t quarter) {
    const U8x16 bit = U8x16{} + uint8_t(1 << kStep);
    return reinterpret_cast<I8x16>((load_bytes(chunk + quarter * 16) & bit) != 0);
  }
  ARIA_LANES I32x4 finish(I32x4 dot, int32_t sum) { return dot * -2 - sum; }
};

template <int32_t kOffset>
struct CrumbWeights {  // two bits, stored as weight + kOffset
  static constexpr size_t kChunkBytes = 128;
  template <size_t kStep>
  ARIA_LANES I8x16 step(const uint8_t* chunk, size_t quarter) {
    const U8x16 crumbs = load_bytes(chunk + kStep / 4 * 64 + quarter * 16) >> uint8_t(kStep % 4 * 2);
    return reinterpret_cast<I8x16>(crumbs & uint8_t(3));
  }
  ARIA_LANES I32x4 finish(I32x4 dot, int32_t sum) { return dot - kOffset * sum; }
};

template <int32_t kOffset>
struct NibbleWeights {  // four bits, stored as weight + kOffset
  static constexpr size_t kChunkBytes = 256;
  template <size_t kStep>
  ARIA_LANES I8x16 step(const uint8_t* chunk, size_t quarter) {
    const U8x16 nibbles = load_bytes(chunk + kStep / 2 * 64 + quarter * 16);
    return reinterpret_cast<I8x16>(kStep % 2 == 0 ? nibbles & uint8_t(15) : nibbles >> uint8_t(4));
  }
  ARIA_LANES I32x4 finish(I32x4 dot, int32_t sum) { return dot - kOffset * sum; }
};

struct SixBitWeights {  // the low four bits, then the high two, of each 16 columns; stored as weight + 32
  static constexpr size_t kChunkBytes = 2 * kQ6KGroupBytes;
  template <size_t kStep>
  ARIA_LANES I8x16 step(const uint8_t* chunk, size_t quarter) {
    const uint8_t* group = chunk + kStep / 4 * kQ6KGroupBytes;
    const I8x16 low = NibbleWeights<0>::step<kStep % 4>(group, quarter);
    const I8x16 high = CrumbWeights<0>::step<kStep % 4>(group + 128, quarter);
    return low | high << int8_t(4);
  }
  ARIA_LANES I32x4 finish(I32x4 dot, int32_t sum) { return dot - 32 * sum; }
};

struct ByteWeights {  // stored as weight + 128
  static constexpr size_t kChunkBytes = 512;
  template <size_t kStep>
  ARIA_LANES I8x16 step(const uint8_t* chunk, size_t quarter) {
    return reinterpret_cast<I8x16>(load_bytes(chunk + kStep * 64 + quarter * 16) ^ uint8_t(0x80));
  }
  ARIA_LANES I32x4 finish(I32x4 dot, int32_t) { return dot; }
};

template <size_t kTokens>
struct Dots {
  DotSum sums[kTokens][4];

  template <class W>
  I32x16 finish(size_t token, int32_t sum) const {
    return parts<I32x16>([&](size_t quarter) { return W::finish(sums[token][quarter].rows(), sum); });
  }
};

// Four columns of sixteen rows, times every token's quants: each unpacked weight vector serves all tokens.
template <class W, size_t kStep, size_t kTokens>
ARIA_LANES void columns_4(const uint8_t* chunk, const Quants* quants, Dots<kTokens>& dots) {
#pragma GCC unroll 4
  for (size_t quarter = 0; quarter < 4; quarter++) {
    const I8x16 weights = W::template step<kStep>(chunk, quarter);
#pragma GCC unroll 4
    for (size_t t = 0; t < kTokens; t++) dot<kStep % 4>(dots.sums[t][quarter], weights, quants[t]);
  }
}

// One half of a chunk; `at` are the chunk's quants.
template <class W, size_t kHalf, size_t kTokens>
ARIA_LANES void columns_16(const uint8_t* chunk, const int8_t* at, size_t stride, Dots<kTokens>& dots) {
  Quants quants[kTokens];
#pragma GCC unroll 4
  for (size_t t = 0; t < kTokens; t++) quants[t] = Quants::load(at + t * stride + kHalf * 16);
  columns_4<W, kHalf * 4 + 0, kTokens>(chunk, quants, dots);
  columns_4<W, kHalf * 4 + 1, kTokens>(chunk, quants, dots);
  columns_4<W, kHalf * 4 + 2, kTokens>(chunk, quants, dots);
  columns_4<W, kHalf * 4 + 3, kTokens>(chunk, quants, dots);
}

template <class W, size_t kTokens>
ARIA_LANES void columns_of(size_t count, const uint8_t* chunk, const int8_t* at, size_t stride, Dots<kTokens>& dots) {
  for (size_t c = 0; c < count; c += 32, chunk += W::kChunkBytes) {
    columns_16<W, 0, kTokens>(chunk, at + c, stride, dots);
    columns_16<W, 1, kTokens>(chunk, at + c, stride, dots);
  }
}

ARIA_LANES F32x16 to_float(I32x16 whole) {
  return parts<F32x16>([&](size_t i) { return __builtin_convertvector(whole.part[i], F32x4); });
}
ARIA_LANES F32x16 load_scales(const uint8_t* from) { return load_half(reinterpret_cast<const uint16_t*>(from)); }
ARIA_LANES void store_rows(const LinearTask& task, size_t stripe, size_t token, F32x16 rows) {
  store(rows, task.out + token * task.out_stride + stripe * kLanes);
}

// float(dot) * (weight scale * activation scale), block after block.
template <Packing kPacking, class W>
struct Scaled {
  template <size_t kTokens>
  static void tile(const LinearTask& task, size_t stripe, size_t token) {
    constexpr PackingInfo kInfo = info_of(kPacking);
    const size_t blocks = task.columns / kInfo.columns, stride = task.input.columns;
    const uint8_t* block = task.weights + stripe * blocks * kInfo.bytes;
    F32x16 totals[kTokens];
    for (size_t t = 0; t < kTokens; t++) totals[t] = splat(0.0f);
    for (size_t b = 0; b < blocks; b++, block += kInfo.bytes) {
      Dots<kTokens> dots;
      columns_of<W, kTokens>(kInfo.columns, block, task.input.quants + token * stride + b * kInfo.columns, stride, dots);
      const F32x16 scales = load_scales(block + kInfo.bytes - 2 * kLanes);
#pragma GCC unroll 4
      for (size_t t = 0; t < kTokens; t++) {
        const size_t group = (token + t) * (stride / kInfo.group) + b;  // as many sums as scales
        const F32x16 dot = to_float(dots.template finish<W>(t, task.input.sums[group]));
        totals[t] = totals[t] + dot * (scales * task.input.scales[group]);
      }
    }
    for (size_t t = 0; t < kTokens; t++) store_rows(task, stripe, token + t, totals[t]);
  }
};

// One dot product over all columns, one scale for the tensor and one for the row of activations.
template <Packing kPacking, class W>
struct Whole {
  template <size_t kTokens>
  static void tile(const LinearTask& task, size_t stripe, size_t token) {
    constexpr PackingInfo kInfo = info_of(kPacking);
    const size_t stride = task.input.columns;
    Dots<kTokens> dots;
    columns_of<W, kTokens>(task.columns, task.weights + stripe * (task.columns / kInfo.columns) * kInfo.bytes,
                           task.input.quants + token * stride, stride, dots);
    for (size_t t = 0; t < kTokens; t++) {
      const F32x16 dot = to_float(dots.template finish<W>(t, task.input.sums[token + t]));
      store_rows(task, stripe, token + t, dot * (task.scale * task.input.scales[token + t]));
    }
  }
};

ARIA_LANES void add_product(I32x16& sum, I32x16 a, I32x16 b) {
  sum = parts<I32x16>([&](size_t i) { return sum.part[i] + a.part[i] * b.part[i]; });
}
ARIA_LANES void add_product(I32x16& sum, I32x16 a, int32_t b) {
  sum = parts<I32x16>([&](size_t i) { return sum.part[i] + a.part[i] * b; });
}

// Groups of 32 columns have an integer scale and an integer minimum, which is subtracted from each weight.
struct Q4K {
  template <size_t kTokens>
  static void tile(const LinearTask& task, size_t stripe, size_t token) {
    typedef NibbleWeights<0> W;
    constexpr PackingInfo kInfo = info_of(Packing::q4_k);
    const size_t blocks = task.columns / kInfo.columns, stride = task.input.columns;
    const uint8_t* block = task.weights + stripe * blocks * kInfo.bytes;
    F32x16 totals[kTokens];
    for (size_t t = 0; t < kTokens; t++) totals[t] = splat(0.0f);
    for (size_t b = 0; b < blocks; b++, block += kInfo.bytes) {
      I32x16 scaled[kTokens] = {}, minimum[kTokens] = {};
      for (size_t g = 0; g < kInfo.columns / 32; g++) {
        Dots<kTokens> dots;
        columns_of<W, kTokens>(32, block + g * W::kChunkBytes,
                               task.input.quants + token * stride + b * kInfo.columns + g * 32, stride, dots);
        const I32x16 scales = load_integers(block + kQ4KScalesAt + g * kLanes);
        const I32x16 minima = load_integers(block + kQ4KMinimaAt + g * kLanes);
        for (size_t t = 0; t < kTokens; t++) {
          add_product(scaled[t], scales, dots.template finish<W>(t, 0));
          add_product(minimum[t], minima, task.input.sums[(token + t) * (stride / 32) + b * (kInfo.columns / 32) + g]);
        }
      }
      const F32x16 scales = load_scales(block + kInfo.bytes - 4 * kLanes);
      const F32x16 minima_scales = load_scales(block + kInfo.bytes - 2 * kLanes);
      for (size_t t = 0; t < kTokens; t++) {
        const float scale = task.input.scales[(token + t) * (stride / kInfo.group) + b];
        totals[t] =
            totals[t] + (to_float(scaled[t]) * (scales * scale) - to_float(minimum[t]) * (minima_scales * scale));
      }
    }
    for (size_t t = 0; t < kTokens; t++) store_rows(task, stripe, token + t, totals[t]);
  }
};

// Groups of 16 columns have an integer scale of their own.
struct Q6K {
  template <size_t kHalf, size_t kTokens>
  ARIA_LANES void group(const LinearTask& task, const uint8_t* block, size_t chunk, size_t token, size_t column,
                        I32x16* scaled) {
    typedef SixBitWeights W;
    const size_t stride = task.input.columns, g = chunk * 2 + kHalf;
    Dots<kTokens> dots;
    columns_16<W, kHalf, kTokens>(block + chunk * W::kChunkBytes,
                                  task.input.quants + token * stride + column + chunk * 32, stride, dots);
    const I32x16 scales = load_integers(reinterpret_cast<const int8_t*>(block + kQ6KScalesAt + g * kLanes));
    for (size_t t = 0; t < kTokens; t++)
      add_product(scaled[t], scales,
                  dots.template finish<W>(t, task.input.sums[(token + t) * (stride / 16) + column / 16 + g]));
  }
  template <size_t kTokens>
  static void tile(const LinearTask& task, size_t stripe, size_t token) {
    constexpr PackingInfo kInfo = info_of(Packing::q6_k);
    const size_t blocks = task.columns / kInfo.columns;
    const uint8_t* block = task.weights + stripe * blocks * kInfo.bytes;
    F32x16 totals[kTokens];
    for (size_t t = 0; t < kTokens; t++) totals[t] = splat(0.0f);
    for (size_t b = 0; b < blocks; b++, block += kInfo.bytes) {
      I32x16 scaled[kTokens] = {};
      for (size_t chunk = 0; chunk < kInfo.columns / 32; chunk++) {
        group<0, kTokens>(task, block, chunk, token, b * kInfo.columns, scaled);
        group<1, kTokens>(task, block, chunk, token, b * kInfo.columns, scaled);
      }
      const F32x16 scales = load_scales(block + kInfo.bytes - 2 * kLanes);
      for (size_t t = 0; t < kTokens; t++) {
        const float scale = task.input.scales[(token + t) * (task.input.columns / kInfo.group) + b];
        totals[t] = totals[t] + to_float(scaled[t]) * (scales * scale);
      }
    }
    for (size_t t = 0; t < kTokens; t++) store_rows(task, stripe, token + t, totals[t]);
  }
};

template <class Format>
void linear(const LinearTask& task) {
  for (size_t stripe = task.stripe_begin; stripe < task.stripe_end; stripe++) {
    size_t token = 0;
    for (; token + 4 <= task.input.tokens; token += 4) Format::template tile<4>(task, stripe, token);
    for (; token < task.input.tokens; token++) Format::template tile<1>(task, stripe, token);
  }
}

// In the order of Packing, with vector.h's kernels for plain weights.
#define ARIA_LINEAR_KERNELS                                                                                          \
  {                                                                                                                  \
    linear_f32, linear_f16, linear_bf16, linear<Scaled<Packing::q8_0, ByteWeights>>,                                 \
        linear<Scaled<Packing::q4_0, NibbleWeights<8>>>, linear<Q4K>, linear<Q6K>,                                   \
        linear<Scaled<Packing::q1_0, BitWeights>>, linear<Scaled<Packing::q2_0, CrumbWeights<1>>>,                   \
        linear<Scaled<Packing::tq2_0, CrumbWeights<1>>>, linear<Whole<Packing::i2_s, CrumbWeights<1>>>,              \
  }

}  // namespace
}  // namespace aria
