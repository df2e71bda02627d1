#pragma once
// The file's tensor types: which packing each gets, and how a row moves into it. Values never change on the way.
#include "../gguf/types.h"
#include "../kernels/kernels.h"

namespace aria {

struct RowScales {
  bool finite = true;     // all scales (or weights) are finite
  bool non_zero = false;  // some scale is not zero
};

struct Format {
  TensorType type;
  Packing packing;
  // Copies one row of the file into its lane of a stripe.
  RowScales (*pack)(const char* source, size_t columns, uint8_t* stripe, size_t lane);
};

// Null for a type that the engine does not compute with.
const Format* find_format(TensorType type);

// The names of all types that the engine computes with.
const char* format_names();

// One row as float. `scale` is the tensor's own, where the packing has one.
void unpack_row(Packing packing, const uint8_t* stripe, size_t columns, size_t lane, float scale, float* out);

}  // namespace aria
