#pragma once
// The table of kernels that an instruction set implements. scalar.cpp is the specification (SPEC.md
// in code); every other table must give the same bits. Chosen once, by select.cpp.
//
// Every float row is padded with +0 to a multiple of kGroup, so no kernel has a tail. (A sum that
// starts at +0 is never -0, so padding never changes a bit.)
#include <cstddef>
#include <cstdint>

namespace aria {

constexpr size_t kLanes = 16;    // lanes of a float reduction; rows of a packed weight block; positions of a key block
constexpr size_t kGroup = 128;   // the padding of float rows
constexpr size_t kSumsMin = 16;  // the smallest group of quants that a kernel wants the sum of

// Every sum of a layer's integers stays below 2^31, and every one that is converted without rounding below 2^24.
constexpr size_t kColumnsMax = size_t{1} << 16;

// How weights lie packed (layout.h), 16 rows to a stripe. Every table has a kernel for each, or none: then scalar's
// runs.
enum class Packing : uint8_t { f32, f16, bf16, q8_0, q4_0, q4_k, q6_k, q1_0, q2_0, tq2_0, i2_s };
constexpr size_t kPackings = 11;
constexpr size_t kWholeRow = ~size_t{0};

// A stripe is a row of blocks, each holding 16 rows of `columns` columns in `bytes` bytes, which end with `scales`
// times 16 half-precision scales. (Float formats keep whole rows instead; only their size is counted in blocks.)
// `group` activations share a scale: 0 when the kernel takes the activations as they are. `sums` of them share a sum.
struct PackingInfo {
  const char* name;
  size_t columns, bytes, scales;
  size_t group, sums;

  size_t group_in(size_t width) const { return group == kWholeRow ? width : group; }
  size_t sums_in(size_t width) const { return sums == kWholeRow ? width : sums; }
};
constexpr PackingInfo kPackingInfos[kPackings] = {
    {"f32", kLanes, kLanes* kLanes * 4, 0, 0, 0},
    {"f16", kLanes, kLanes* kLanes * 2, 0, 0, 0},
    {"bf16", kLanes, kLanes* kLanes * 2, 0, 0, 0},
    {"q8_0", 32, kLanes*(32 + 2), 1, 32, 32},
    {"q4_0", 32, kLanes*(32 / 2 + 2), 1, 32, 32},
    {"q4_k", 256, kLanes*(256 / 2 + 8 + 8 + 4), 2, 256, 32},
    {"q6_k", 256, kLanes*(256 * 6 / 8 + 16 + 2), 1, 256, 16},
    {"q1_0", 128, kLanes*(128 / 8 + 2), 1, 128, 128},
    {"q2_0", 64, kLanes*(64 / 4 + 2), 1, 64, 64},
    {"tq2_0", 256, kLanes*(256 / 4 + 2), 1, 256, 256},
    {"i2_s", 128, kLanes*(128 / 4), 0, kWholeRow, kWholeRow},
};
constexpr const PackingInfo& info_of(Packing packing) { return kPackingInfos[size_t(packing)]; }

// Inside a block of Q4_K: 8 x 16 scales and 8 x 16 minima. Of Q6_K: 16 groups of 16 columns, then 16 x 16 scales.
constexpr size_t kQ4KScalesAt = kLanes * 256 / 2, kQ4KMinimaAt = kQ4KScalesAt + 8 * kLanes;
constexpr size_t kQ6KGroupBytes = kLanes * 16 * 6 / 8, kQ6KScalesAt = 16 * kQ6KGroupBytes;

// Tables of a group of 128 quants, for kernels that look binary weights up five at a time (tables.h). Below so many
// tokens, finding what to look up costs more than it brings.
constexpr size_t kTableLookups = 26, kTableEntries = kTableLookups * 32;
constexpr size_t kTableTokensMin = 4;

// Bytes of tables for each quant of a single token, for kernels that look binary weights up four at a time (lookup.h).
// Longer rows have tables beyond the nearest cache, and are multiplied as fast.
constexpr size_t kLookupBytes = 8, kLookupColumnsMax = 4096;

// Activations of several tokens. `columns` is the padded width, a multiple of kGroup.
struct Activations {
  const float* values;   // [tokens][columns]
  const int8_t* quants;  // [tokens][columns], in [-127, 127]
  const float* scales;   // [tokens][columns / group], group and sums as the packing says
  const int32_t* sums;   // [tokens][columns / sums]: the sum of each group of quants
  size_t columns;
  size_t tokens;
  const int16_t* tables = nullptr;  // [tokens][columns / 128][kTableEntries] for Q1_0, where there are any
  const uint8_t* lookups = nullptr;  // [columns][kLookupBytes] for Q1_0 and one token, where there are any
};

// Rows [16 * stripe_begin, 16 * stripe_end) of weights times every token.
struct LinearTask {
  const uint8_t* weights;  // whole packed matrix
  size_t columns;          // of the weights, whole blocks; at most activations.columns
  size_t stripe_begin, stripe_end;
  Activations input;
  float* out;  // [tokens][out_stride]
  size_t out_stride;
  float scale = 1;  // of the whole tensor; only I2_S has one
};

using LinearKernel = void (*)(const LinearTask&);

struct Kernels {
  const char* name;
  // One scale per `group` values and one sum per `sum_group` quants; both are multiples of 16 that divide `count`.
  void (*quantize)(const float* values, size_t count, size_t group, size_t sum_group, int8_t* quants, float* scales,
                   int32_t* sums);
  // The tables of groups of 128 quants. Null where they bring nothing.
  void (*tabulate)(const int8_t* quants, size_t count, int16_t* tables);
  float (*sum_squares)(const float* values, size_t count);
  void (*scale_rows)(const float* values, const float* weights, float scale, size_t count, float* out);
  void (*add)(float* values, const float* other, size_t count);
  void (*silu_multiply)(const float* gate, const float* up, size_t count, float* out);
  void (*relu_squared_multiply)(const float* gate, const float* up, size_t count, float* out);
  // Rotates `pairs` pairs: (2i, 2i+1) for adjacent, (i, i + pairs) for halves.
  void (*rotate_adjacent)(float* values, const float* cosines, const float* sines, size_t pairs);
  void (*rotate_halves)(float* values, const float* cosines, const float* sines, size_t pairs);
  void (*to_half)(const float* values, size_t count, uint16_t* out);

  // Keys lie as [block of 16 positions][width][16], values as [position][width], both half precision. Several queries
  // go through them together; each has pointers of its own and sums of its own.
  void (*attention_scores)(const float* const* queries, size_t count, const uint16_t* keys, size_t blocks,
                           size_t width, float scale, float* const* scores);
  // scores -> exp(score - max) in place; entries past `count` up to a multiple of 16 become 0. Returns the sum.
  float (*softmax_weights)(float* scores, size_t count);
  void (*weigh_values)(const float* const* weights, size_t count, const uint16_t* values, size_t positions,
                       size_t width, float* const* out);
  void (*divide)(float* values, float divisor, size_t count);
  // The tables for one token's quants; false where this CPU cannot use them. Null where no CPU of the kind can.
  bool (*tabulate_one)(const int8_t* quants, size_t count, uint8_t* tables);

  LinearKernel linear[kPackings];  // in the order of Packing
};

// The float kernels in the struct's order, by the names that every table's file gives them.
#define ARIA_FLOAT_KERNELS                                                                                       \
  quantize, tabulate, sum_squares, scale_rows, add, silu_multiply, relu_squared_multiply, rotate_adjacent, rotate_halves, \
      to_half, attention_scores, softmax_weights, weigh_values, divide, tabulate_one

extern const Kernels kScalar;
#if defined(__x86_64__)
extern const Kernels kAvx2, kAvx512;
#elif defined(__aarch64__)
extern const Kernels kNeon;
#elif defined(__wasm_simd128__)
extern const Kernels kWasm;
#endif

inline LinearKernel linear_kernel(const Kernels& kernels, Packing packing) {
  const LinearKernel own = kernels.linear[size_t(packing)];
  return own ? own : kScalar.linear[size_t(packing)];
}

}  // namespace aria
