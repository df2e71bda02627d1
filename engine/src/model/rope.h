#pragma once
#include "../gguf/reader.h"
#include "../kernels/rotary.h"

namespace aria {

// How positions turn heads, from `<prefix>rope.*`, with llama.cpp's meaning of each key.
// Throws `unsupported` for another scaling than linear and YaRN, and `bad_gguf` for impossible values.
RotarySettings read_rope(const Gguf& gguf, const std::string& prefix, size_t head_width, size_t context);

}  // namespace aria
