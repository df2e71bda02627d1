// Repacking into stripes of 16 rows: one vector lane per row, activations broadcast.
#include <atomic>
#include <cstring>

#include "formats.h"
#include "linear.h"

namespace aria {
namespace {

std::string describe(const Tensor& tensor) {
  return "Tensor '" + tensor.name + "' at offset " + std::to_string(tensor.offset);
}

// I2_S keeps one scale behind the weights, whose codes go up to +2: twice the scale has to be finite, too.
float tensor_scale(const Tensor& tensor) {
  if (TensorType{tensor.type->id} != TensorType::i2_s) return 1;
  float scale;
  std::memcpy(&scale, tensor.bytes.data() + tensor.rows * tensor.row_bytes, sizeof scale);
  if (2 * scale - 2 * scale != 0 || scale == 0)
    throw Error("bad_gguf", describe(tensor) + " has the scale " + std::to_string(scale) +
                                " behind its weights; a number other than zero whose double is finite is expected.");
  return scale;
}

}  // namespace

Linear plan_linear(const Tensor& tensor) {
  const Format* format = find_format(TensorType{tensor.type->id});
  if (!format)
    throw Error("unsupported", describe(tensor) + " has type " + tensor.type->name + "; this version computes with " +
                                   format_names() + ".");
  const PackingInfo& packing = info_of(format->packing);
  Linear linear;
  linear.type = format->type;
  linear.packing = format->packing;
  linear.rows = tensor.rows;
  linear.columns = tensor.shape[0];
  if (linear.columns > kColumnsMax)
    throw Error("unsupported", describe(tensor) + " has rows of " + std::to_string(linear.columns) +
                                   " elements; at most " + std::to_string(kColumnsMax) + " are computed exactly.");
  linear.packed_columns = round_up(linear.columns, packing.columns);
  linear.stripes = round_up(linear.rows, kLanes) / kLanes;
  linear.stripe_bytes = linear.packed_columns / packing.columns * packing.bytes;
  linear.scale = tensor_scale(tensor);
  return linear;
}

bool pack_linear(const Context& context, const Tensor& tensor, const Linear& linear, size_t begin, size_t end) {
  const Format& format = *find_format(linear.type);
  std::atomic<size_t> bad_row{linear.rows};
  std::atomic<bool> some_scale{false};
  context.pool.run(end - begin, [&](size_t index, size_t) {
    const size_t stripe = begin + index;
    for (size_t row = stripe * kLanes; row < linear.rows && row < (stripe + 1) * kLanes; row++) {
      const RowScales scales = format.pack(tensor.bytes.data() + row * tensor.row_bytes, linear.columns,
                                           linear.packed + stripe * linear.stripe_bytes, row % kLanes);
      if (!scales.finite) bad_row = row;
      if (scales.non_zero) some_scale.store(true, std::memory_order_relaxed);
    }
  });
  if (bad_row != linear.rows)
    throw Error("bad_gguf", "Tensor '" + tensor.name + "' at offset " +
                                std::to_string(tensor.offset + bad_row * tensor.row_bytes) + ", row " +
                                std::to_string(bad_row) +
                                ": a scale or weight is infinite or NaN; finite numbers are expected.");
  return some_scale;
}

void check_scaled(const Tensor& tensor, bool some_scale) {
  if (!some_scale) throw Error("bad_gguf", describe(tensor) + " has zero scales only; at least one other is expected.");
}

void unpack_row(const Linear& weights, size_t row, float* out) {
  unpack_row(weights.packing, weights.packed + row / kLanes * weights.stripe_bytes, weights.columns, row % kLanes,
             weights.scale, out);
}

}  // namespace aria
