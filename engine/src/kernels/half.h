#pragma once
// Half precision in portable integer code: exact to float, round-half-even from float.
#include <bit>
#include <cstdint>

namespace aria {

static inline float half_to_float(uint16_t half) {
  const uint32_t sign = uint32_t(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 0x1f, fraction = half & 0x3ff;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24, exact in float
    const float magnitude = float(fraction) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

static inline float bfloat_to_float(uint16_t half) { return std::bit_cast<float>(uint32_t(half) << 16); }

static inline uint16_t float_to_half(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = uint16_t((bits >> 16) & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00;   // NaN
  if (magnitude >= 0x477ff000u) return sign | 0x7c00;  // rounds to 65536 or more: infinity
  if (magnitude < 0x38800000u) {                       // below 2^-14: round in units of 2^-24
    const float scaled = std::bit_cast<float>(magnitude) * 0x1p24f;
    const float rounded = (scaled + 0x1.8p23f) - 0x1.8p23f;
    return sign | uint16_t(rounded);
  }
  const uint32_t odd = (magnitude >> 13) & 1;
  return sign | uint16_t((magnitude + 0xfffu + odd - (112u << 23)) >> 13);
}

}  // namespace aria
