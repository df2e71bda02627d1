#pragma once
// A weight matrix in the layout that the kernels read, packed once at load.
#include "../base/buffer.h"
#include "../gguf/reader.h"
#include "activation.h"
#include "context.h"

namespace aria {

struct Linear {
  TensorType type;
  Packing packing;
  size_t rows = 0, columns = 0;  // as in the file
  size_t packed_columns = 0;     // whole blocks of the packing
  size_t stripes = 0;            // of 16 rows, the last one padded with zero rows
  size_t stripe_bytes = 0;
  float scale = 1;            // of the whole tensor, where its type has one
  uint8_t* packed = nullptr;  // stripes * stripe_bytes, in memory that outlives this

  size_t bytes() const { return stripes * stripe_bytes; }
};

// A tensor's packed shape, without its weights. Refuses types and widths that the engine does not compute with.
Linear plan_linear(const Tensor& tensor);

// Copies the tensor's rows of stripes [begin, end) into `linear.packed`. Refuses infinite and NaN scales or weights
// by name; returns whether some scale is not zero.
bool pack_linear(const Context& context, const Tensor& tensor, const Linear& linear, size_t begin, size_t end);

// Refuses, by name, a tensor of which no part had a scale other than zero.
void check_scaled(const Tensor& tensor, bool some_scale);

// One row as float, for the embedding. `out` has room for packed_columns.
void unpack_row(const Linear& weights, size_t row, float* out);

// out[token][row] = weights x input; writes whole stripes, so out_stride is a multiple of 16.
void apply_linear(const Context& context, const Linear& weights, Activation& input, size_t tokens, float* out,
                  size_t out_stride);

}  // namespace aria
