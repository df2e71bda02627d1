#pragma once
// Hyper-parameters from a GGUF file's metadata, checked.
#include <string>

#include "../gguf/reader.h"

namespace aria {

enum class Rope { adjacent, halves };  // which two elements form a rotated pair

// What sets one architecture apart in the common forward pass.
struct Architecture {
  const char* name;
  Rope rope;
  bool query_key_norm;
};

struct ModelConfig {
  const Architecture* architecture = nullptr;
  std::string name;
  size_t layers = 0, width = 0, ffn_width = 0, heads = 0, kv_heads = 0, head_width = 0, rotated = 0;
  size_t context = 0, vocabulary = 0;
  float norm_epsilon = 0;
  double rope_base = 0;
};

// Throws `unsupported` for an architecture or option that the engine does not compute exactly, and
// `bad_gguf` for missing or impossible values.
ModelConfig read_config(const Gguf& gguf);

}  // namespace aria
