#pragma once
#include <string>
#include <vector>

#include "kernels.h"

namespace aria {

// `wanted` is auto, scalar, avx2, avx512, neon or wasm. Throws no_cpu_support when this CPU lacks it, and
// kernel_mismatch when the table's answers differ from the specification's.
const Kernels& select_kernels(const std::string& wanted);

// The same, without checking the answers.
const Kernels& find_kernels(const std::string& wanted);

// A hash over a kernel's answers on pseudo-random inputs.
struct KnownAnswer {
  std::string kernel, hash;
};

// Every kernel's. Seed 0 gives the known answers that SPEC.md records; tests compare tables under other seeds, which
// vary the shapes too.
std::vector<KnownAnswer> known_answers(const Kernels& kernels, uint32_t seed = 0);

}  // namespace aria
