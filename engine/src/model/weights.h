#pragma once
// A model's tensors, packed. One table says which tensors an architecture has.
#include <atomic>
#include <functional>
#include <vector>

#include "../ops/linear.h"
#include "config.h"

namespace aria {

using Vector = Buffer;  // float elements padded with zeros to a multiple of kGroup

struct Layer {
  Vector attention_norm, query_norm, key_norm, ffn_norm;
  Linear query, key, value, attention_output, gate, up, down;
};

struct Weights {
  Buffer memory;  // all packed matrices, together: large pages need large allocations
  Linear embedding;
  Linear output;  // empty when the embedding serves as output too
  Vector output_norm;
  std::vector<Layer> layers;

  const Linear& head() const { return output.rows ? output : embedding; }
};

// Reports the share loaded, 0 to 1; throws to stop.
using Progress = std::function<void(double share)>;

Weights load_weights(const Context& context, const Gguf& gguf, const ModelConfig& config, const Progress& progress);

}  // namespace aria
