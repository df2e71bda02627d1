#pragma once
#include <string>

#include "kernels.h"

namespace aria {

// `wanted` is auto, scalar, avx2 or avx512. Throws no_cpu_support when this CPU lacks it, and
// kernel_mismatch when the table's answers differ from the specification's.
const Kernels& select_kernels(const std::string& wanted);

// A hash over every kernel's answers on fixed inputs; SPEC.md records it.
std::string known_answer(const Kernels& kernels);

}  // namespace aria
