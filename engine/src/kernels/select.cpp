// One table per process run, by CPUID or by force.
#include "select.h"

#include <string_view>

#include "../base/error.h"
#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace aria {
namespace {

// The answers of scalar.cpp, recorded when the specification was written (SPEC.md, "Known answers").
constexpr struct {
  std::string_view kernel, hash;
} kKnownAnswers[] = {
    {"linear f32", "9a8e9dd03511f36fe9c0b674b50f03489ca6f94f616a7f491d9a553aea6bc28b"},
    {"linear f16", "fd49020a03d86aa6134cf531608bd5117b82798ff33189770f306cb324c131e2"},
    {"linear bf16", "abcaabbf2fd2f47cc2101c86dcf44ed696e03e790019a52ffd48c45e26580ee4"},
    {"linear q8_0", "1c544393ca202d574a9e38807ebc5e10a80936d4b39000f4df56a98eb02bd8b5"},
    {"linear q4_0", "3d2b75836c4a1b2d95134f8aadf3fb9647d868aa3fe46b61f15d2be23aaebf46"},
    {"linear q4_k", "573168a202ca7829b6472af4c6c0cadada651f67d4a88c0687cb9c24f80f35c4"},
    {"linear q6_k", "1f18a62ece711b56a7b47dc2d1005039f58b665ca4eac83948fcec98d94192d5"},
    {"linear q1_0", "15b1229f3390b3cd831225c1eafc4ad5a80ec61ba5d4f3a583053f48217ce510"},
    {"linear q2_0", "4feca1ff8e6b07a88b660abc1d03cfe56e306b71b957f3f73e48d7663916ce52"},
    {"linear tq2_0", "48735cb64270915d955c680491799219922188ba9ab2d42ceab32fde0130a1c4"},
    {"linear i2_s", "8883ade75f113d10cb8543840ca059537c9dc7e4e554140646e73cbc6486debd"},
    {"linear q1_0 of many rows", "9ee9a3d9e654275e97db1b722e1f0e62b71ee34a82be3102594ed91e1aa7e4de"},
    {"elements", "2da1c2eb8d430dd3e8644d8b958e5d7588b60a9937387454700915d5651eb738"},
    {"gates", "12f69418a0578ffa67cc3172944d4664d6d492d42605c584dfd9b3346e511e0e"},
    {"rotary", "3bbaadac5167bd945a5db0d448f1a9ab918d5b6d82d3205b2a09903eda42a7c4"},
    {"scaled rotary", "ea2b241bfedd965af015c80444f6f8021fce47082ada0953cf361487fdcb3664"},
    {"attention", "93dcf6105e4a5d1123ad710c013a6e082f4ec95206f6683e0884ef97be41d1f6"},
    {"shared attention", "0cf284e2850fb891126cd6759214a51a66d46606639e822b9d1c33565cb1abd0"},
};

std::string_view expected_hash(const std::string& kernel) {
  for (const auto& known : kKnownAnswers)
    if (known.kernel == kernel) return known.hash;
  return "nothing";
}

Error no_such_cpu(const std::string& wanted, const std::string& cpu, const std::string& possible) {
  return Error("no_cpu_support", "Kernels " + wanted + " do not run on " + cpu + "; use " + possible + ".");
}

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
  if (wanted != "auto") throw no_such_cpu(wanted, "x86-64", "auto, scalar, avx2 or avx512");
  return has_avx512() ? kAvx512 : kAvx2;
}
#elif defined(__aarch64__)
#if defined(__APPLE__)
bool has_dot_product() {
  int has = 0;
  size_t size = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, nullptr, 0) == 0 && has != 0;
}
#elif defined(__linux__)
bool has_dot_product() { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }
#else
bool has_dot_product() { return false; }
#endif

const Kernels& choose(const std::string& wanted) {
  if (wanted == "scalar") return kScalar;
  if (wanted != "auto" && wanted != "neon") throw no_such_cpu(wanted, "ARM64", "auto, scalar or neon");
  if (has_dot_product()) return kNeon;
  if (wanted == "neon")
    throw Error("no_cpu_support",
                "Kernels neon were asked for, but this CPU has no dot product extension; use auto or scalar.");
  return kScalar;
}
#elif defined(__wasm_simd128__)
const Kernels& choose(const std::string& wanted) {
  if (wanted == "scalar") return kScalar;
  if (wanted != "auto" && wanted != "wasm") throw no_such_cpu(wanted, "WebAssembly", "auto, scalar or wasm");
  return kWasm;
}
#else
const Kernels& choose(const std::string& wanted) {
  if (wanted != "auto" && wanted != "scalar") throw no_such_cpu(wanted, "this kind of CPU", "auto or scalar");
  return kScalar;
}
#endif

}  // namespace

const Kernels& find_kernels(const std::string& wanted) {
  for (const char* name : {"auto", "scalar", "avx2", "avx512", "neon", "wasm"})
    if (wanted == name) return choose(wanted);
  throw Error("no_cpu_support", "Kernels '" + wanted + "' do not exist; use auto, scalar, avx2, avx512, neon or wasm.");
}

const Kernels& select_kernels(const std::string& wanted) {
  const Kernels& kernels = find_kernels(wanted);
  for (const KnownAnswer& answer : known_answers(kernels))
    if (answer.hash != expected_hash(answer.kernel))
      throw Error("kernel_mismatch", std::string("The ") + kernels.name + " kernel '" + answer.kernel + "' answers " +
                                         answer.hash + " where the specification says " +
                                         std::string(expected_hash(answer.kernel)) +
                                         "; this build or CPU would not agree with others. Rebuild the engine.");
  return kernels;
}

}  // namespace aria
