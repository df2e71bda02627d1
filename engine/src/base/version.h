#pragma once
#include <cstdint>

namespace aria {

constexpr uint32_t kEngineMajor = 1;  // ENGINE_MAJOR in api/version.ts; a test compares

}  // namespace aria
