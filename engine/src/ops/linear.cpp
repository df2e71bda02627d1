#include "linear.h"

namespace aria {
namespace {

constexpr size_t kStripesPerTile = 8;   // the widest tile of the kernels
constexpr size_t kChunksPerThread = 4;  // small enough chunks that a stalled core does not stall the rest

}  // namespace

void apply_linear(const Context& context, const Linear& weights, Activation& input, size_t tokens, float* out,
                  size_t out_stride) {
  input.quantize(context, tokens, weights.packing);
  const LinearKernel kernel = linear_kernel(context.kernels, weights.packing);
  const size_t work = weights.stripes * kLanes * weights.columns * tokens;
  const size_t pieces = work < kInlineWork ? 1 : context.pool.threads() * kChunksPerThread;
  const size_t chunk = round_up((weights.stripes + pieces - 1) / pieces, kStripesPerTile);
  context.run((weights.stripes + chunk - 1) / chunk, work, [&](size_t index, size_t) {
    const size_t begin = index * chunk, end = begin + chunk < weights.stripes ? begin + chunk : weights.stripes;
    kernel({weights.packed, weights.packed_columns, begin, end, input.view(tokens), out, out_stride, weights.scale});
  });
}

}  // namespace aria
