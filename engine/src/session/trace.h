#pragma once
// What a model computes on the way, as hashes: the same on every machine, with every kernel table and chunking.
#include <span>
#include <string>

#include "../base/keccak.h"
#include "../model/model.h"

namespace aria {

// Each hash is a chain over the sequence's positions in order: hash = keccak256(hash before | the position's fp32 values,
// little endian), starting at 32 zero bytes.
struct Trace {
  std::vector<Hash> layers;  // of each layer's output, `width` values per position
  Hash logits{};             // `vocabulary` values per position
};

// Runs the tokens as one sequence, `chunk` of them per step (1 to kStepRows). For tests: nothing else may use the model
// meanwhile.
Trace trace(Model& model, std::span<const uint32_t> tokens, size_t chunk);

// {"kernels": name, "layers": [hex ...], "logits": hex}
std::string trace_json(const Model& model, const Trace& trace);

}  // namespace aria
