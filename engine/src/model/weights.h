#pragma once
// A model's tensors, packed. One table says which tensors an architecture has.
#include <atomic>
#include <functional>
#include <vector>

#include "../ops/linear.h"
#include "config.h"

namespace aria {

using Vector = Buffer;  // float elements padded with zeros to a multiple of kGroup

// A matrix whose results are multiplied by one factor; most files have none, which is 1.
struct Matrix {
  Linear weights;
  float factor = 1;
};

struct Layer {
  Vector attention_norm, query_norm, key_norm, attention_sub_norm, ffn_norm, ffn_sub_norm;
  Matrix query, key, value, attention_output, gate, up, down;
};

struct Weights {
  Buffer memory;  // all packed matrices, together: large pages need large allocations
  Linear embedding;
  Linear output;  // empty when the embedding serves as output too
  Vector output_norm;
  std::vector<double> rope_divisors;  // one per rotated pair, or none
  std::vector<Layer> layers;

  const Linear& head() const { return output.rows ? output : embedding; }
};

// Reports the share loaded, 0 to 1; throws to stop.
using Progress = std::function<void(double share)>;

// Told of the file's bytes as soon as they are packed, so that a model never needs twice its memory.
using Release = std::function<void(std::string_view bytes)>;

Weights load_weights(const Context& context, const Gguf& gguf, const ModelConfig& config, const Progress& progress,
                     const Release& release);

}  // namespace aria
