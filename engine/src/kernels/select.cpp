// One table per process run, by CPUID or by force.
#include "select.h"

#include "../base/error.h"

namespace aria {
namespace {

// The answer of scalar.cpp, recorded when the specification was written (SPEC.md, "Known answer").
constexpr char kKnownAnswer[] = "d60f88adcc828213c361cd9a0027b51324d58871f3ec26ced5334a2561948d32";

#if defined(__x86_64__)
bool has_avx2() { return __builtin_cpu_supports("avx2"); }
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}

const Kernels& choose(const std::string& wanted) {
  if (!has_avx2())
    throw Error("no_cpu_support", "This x86-64 CPU has no AVX2, which the engine needs; use a CPU made after 2015.");
  if (wanted == "scalar") return kScalar;
  if (wanted == "avx2") return kAvx2;
  if (wanted == "avx512" && !has_avx512())
    throw Error("no_cpu_support", "Kernels avx512 were asked for, but this CPU has no AVX-512 VNNI; use auto or avx2.");
  if (wanted == "avx512") return kAvx512;
  return has_avx512() ? kAvx512 : kAvx2;
}
#else
const Kernels& choose(const std::string& wanted) {
  if (wanted != "auto" && wanted != "scalar")
    throw Error("no_cpu_support", "Kernels " + wanted + " exist for x86-64 only; use auto or scalar.");
  return kScalar;
}
#endif

}  // namespace

const Kernels& find_kernels(const std::string& wanted) {
  if (wanted != "auto" && wanted != "scalar" && wanted != "avx2" && wanted != "avx512")
    throw Error("no_cpu_support", "Kernels '" + wanted + "' do not exist; use auto, scalar, avx2 or avx512.");
  return choose(wanted);
}

const Kernels& select_kernels(const std::string& wanted) {
  const Kernels& kernels = find_kernels(wanted);
  const std::string answer = known_answer(kernels);
  if (answer != kKnownAnswer)
    throw Error("kernel_mismatch", std::string("The ") + kernels.name + " kernels answer " + answer +
                                       " where the specification says " + kKnownAnswer +
                                       "; this build or CPU would not agree with others. Rebuild the engine.");
  return kernels;
}

}  // namespace aria
