#pragma once
// Keccak-256 as Ethereum uses it (padding 0x01).
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace aria {

using Hash = std::array<uint8_t, 32>;
Hash keccak256(const uint8_t* data, size_t size);

// 64 lower-case digits.
std::string hex(const Hash& hash);

}  // namespace aria
