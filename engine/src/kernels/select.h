#pragma once
#include <string>

#include "kernels.h"

namespace aria {

// `wanted` is auto, scalar, avx2 or avx512. Throws no_cpu_support when this CPU lacks it, and
// kernel_mismatch when the table's answers differ from the specification's.
const Kernels& select_kernels(const std::string& wanted);

// The same, without checking the answers.
const Kernels& find_kernels(const std::string& wanted);

// A hash over every kernel's answers on pseudo-random inputs. Seed 0 is the known answer that SPEC.md records; tests
// compare tables under other seeds, which vary the shapes too.
std::string known_answer(const Kernels& kernels, uint32_t seed = 0);

}  // namespace aria
