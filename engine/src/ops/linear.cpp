#include "linear.h"

namespace aria {
namespace {

constexpr size_t kBlocksPerTile = 4;    // the widest tile of the kernels
constexpr size_t kChunksPerThread = 4;  // small enough chunks that a stalled core does not stall the rest

void (*kernel_of(const Kernels& kernels, TensorType type))(const LinearTask&) {
  switch (type) {
    case TensorType::q1_0:
      return kernels.linear_q1_0;
    case TensorType::q8_0:
      return kernels.linear_q8_0;
    case TensorType::f16:
      return kernels.linear_f16;
    case TensorType::f32:
      return kernels.linear_f32;
  }
  return nullptr;
}

size_t padded_columns(const Linear& weights) {
  const bool is_float = weights.type == TensorType::f16 || weights.type == TensorType::f32;
  return is_float ? weights.packed_columns : weights.columns;
}

// Quants under one scale: as many as weights under one; float weights take the activations as they are.
size_t group_of(TensorType type) {
  return type == TensorType::q1_0 ? kGroup : type == TensorType::q8_0 ? kSubgroup : 0;
}

}  // namespace

void apply_linear(const Context& context, const Linear& weights, Activation& input, size_t tokens, float* out,
                  size_t out_stride) {
  if (const size_t group = group_of(weights.type)) input.quantize(context, tokens, group);
  const auto kernel = kernel_of(context.kernels, weights.type);
  const size_t work = weights.blocks * kLanes * weights.columns * tokens;
  const size_t pieces = work < kInlineWork ? 1 : context.pool.threads() * kChunksPerThread;
  const size_t chunk = round_up((weights.blocks + pieces - 1) / pieces, kBlocksPerTile);
  context.run((weights.blocks + chunk - 1) / chunk, work, [&](size_t index, size_t) {
    const size_t begin = index * chunk, end = begin + chunk < weights.blocks ? begin + chunk : weights.blocks;
    kernel({weights.packed, padded_columns(weights), begin, end, input.view(tokens), out, out_stride});
  });
}

}  // namespace aria
