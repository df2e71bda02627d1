#pragma once
// Hyper-parameters from a GGUF file's metadata, checked; and the table of architectures.
#include <string>

#include "../gguf/reader.h"
#include "../kernels/rotary.h"

namespace aria {

enum class Rope { adjacent, halves };     // which two elements form a rotated pair
enum class Gate { silu, relu_squared };   // what the feed-forward gate goes through

// What sets one architecture apart in the common forward pass. SPEC.md section 4 is this table in words.
struct Architecture {
  const char* name;
  Rope rope;
  Gate gate;
  bool gate_from_metadata;  // `hidden_activation` may choose the gate's function
  bool query_key_norm;      // per head, before the rotation
  bool sub_norms;           // before attn_output and before ffn_down
  bool always_tied;         // the embedding is the output; a tensor of its own is refused
  bool matrix_scales;       // a layer's matrix may have a `.scale` tensor that multiplies its results
  bool rope_divisors;       // `rope_freqs.weight` may divide the frequencies
};

struct ModelConfig {
  const Architecture* architecture = nullptr;
  std::string name;
  size_t layers = 0, width = 0, ffn_width = 0, heads = 0, kv_heads = 0, head_width = 0;
  size_t context = 0, vocabulary = 0;
  float norm_epsilon = 0;
  Gate gate = Gate::silu;
  RotarySettings rotary{};  // without divisors, which are a tensor
};

// Throws `unsupported` for an architecture or option that the engine does not compute exactly, and
// `bad_gguf` for missing or impossible values.
ModelConfig read_config(const Gguf& gguf);

}  // namespace aria
