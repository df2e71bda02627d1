// Each packer handles four columns as the four bytes of a word: a lane of a vector. Layouts: scalar.cpp.
#include "formats.h"

#include <array>
#include <cstring>

#include "../base/buffer.h"
#include "../kernels/half.h"
#include "../kernels/layout.h"

namespace aria {
namespace {

uint32_t read_word(const char* from) {
  uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
uint16_t read_half(const char* from) {
  uint16_t half;
  std::memcpy(&half, from, sizeof half);
  return half;
}

// The words of one row in a block: every 64 bytes hold one of each lane.
void put_word(uint8_t* block, size_t index, size_t lane, uint32_t word) {
  std::memcpy(block + index * 64 + lane * 4, &word, sizeof word);
}

// Half-precision scales end a block: 16 of each kind.
template <Packing kPacking>
void put_scale(uint8_t* block, size_t lane, uint16_t half, RowScales& scales, size_t kind = 0) {
  constexpr PackingInfo kInfo = info_of(kPacking);
  std::memcpy(block + kInfo.bytes - (kInfo.scales - kind) * 2 * kLanes + 2 * lane, &half, 2);
  scales.finite = scales.finite && (half & 0x7c00) != 0x7c00;
  scales.non_zero = scales.non_zero || (half & 0x7fff) != 0;
}

// Bits 0, 2, 4 … to the low half, bits 1, 3, 5 … to the high half (Hacker's Delight, 7-2).
uint32_t unshuffle(uint32_t x) {
  const auto swap = [&](int distance, uint32_t mask) {
    const uint32_t difference = (x ^ (x >> distance)) & mask;
    x ^= difference ^ (difference << distance);
  };
  swap(1, 0x22222222);
  swap(2, 0x0c0c0c0c);
  swap(4, 0x00f000f0);
  swap(8, 0x0000ff00);
  return x;
}

// The file has column c of 32 in bit c; packed it is bit c / 4 of byte c % 4: the index c turned right by two bits.
RowScales pack_q1_0(const char* source, size_t columns, uint8_t* block, size_t lane) {
  constexpr Packing kPacking = Packing::q1_0;
  RowScales scales;
  for (size_t group = 0; group < columns / 128; group++, source += 18, block += info_of(kPacking).bytes) {
    put_scale<kPacking>(block, lane, read_half(source), scales);
    for (size_t w = 0; w < 4; w++) put_word(block, w, lane, unshuffle(unshuffle(read_word(source + 2 + 4 * w))));
  }
  return scales;
}

RowScales pack_q8_0(const char* source, size_t columns, uint8_t* block, size_t lane) {
  constexpr Packing kPacking = Packing::q8_0;
  RowScales scales;
  for (size_t b = 0; b < columns / 32; b++, source += 34, block += info_of(kPacking).bytes) {
    put_scale<kPacking>(block, lane, read_half(source), scales);
    for (size_t w = 0; w < 8; w++) put_word(block, w, lane, read_word(source + 2 + 4 * w) ^ 0x80808080);
  }
  return scales;
}

// 32 columns of 4 bits. fours[i] has columns 4i … 4i + 3 in the low half of its bytes.
void put_nibbles(uint8_t* block, size_t lane, const uint32_t* fours) {
  for (size_t w = 0; w < 4; w++) put_word(block, w, lane, fours[2 * w] | fours[2 * w + 1] << 4);
}

RowScales pack_q4_0(const char* source, size_t columns, uint8_t* block, size_t lane) {
  constexpr Packing kPacking = Packing::q4_0;
  RowScales scales;
  for (size_t b = 0; b < columns / 32; b++, source += 18, block += info_of(kPacking).bytes) {
    put_scale<kPacking>(block, lane, read_half(source), scales);
    uint32_t fours[8];
    for (size_t w = 0; w < 8; w++) fours[w] = read_word(source + 2 + w % 4 * 4) >> (w / 4 * 4) & 0x0f0f0f0f;
    put_nibbles(block, lane, fours);
  }
  return scales;
}

// 16 columns of 2 bits out of bytes that hold one column each at `shift`.
uint32_t gather_crumbs(const char* source, unsigned shift) {
  uint32_t word = 0;
  for (unsigned i = 0; i < 4; i++) word |= (read_word(source + 4 * i) >> shift & 0x03030303) << (2 * i);
  return word;
}

// The file has columns 4i + b in byte i at bit 2b; packed they are in byte b at bit 2i: a transposition.
RowScales pack_q2_0(const char* source, size_t columns, uint8_t* block, size_t lane) {
  constexpr Packing kPacking = Packing::q2_0;
  RowScales scales;
  for (size_t group = 0; group < columns / 64; group++, source += 18, block += info_of(kPacking).bytes) {
    put_scale<kPacking>(block, lane, read_half(source), scales);
    for (size_t w = 0; w < 4; w++) {
      uint32_t x = read_word(source + 2 + 4 * w);
      const uint32_t inner = (x ^ (x >> 6)) & 0x00cc00cc;
      x ^= inner ^ (inner << 6);
      const uint32_t outer = (x ^ (x >> 12)) & 0x0000f0f0;
      put_word(block, w, lane, x ^ outer ^ (outer << 12));
    }
  }
  return scales;
}

RowScales pack_tq2_0(const char* source, size_t columns, uint8_t* block, size_t lane) {
  constexpr Packing kPacking = Packing::tq2_0;
  RowScales scales;
  for (size_t b = 0; b < columns / 256; b++, source += 66, block += info_of(kPacking).bytes) {
    put_scale<kPacking>(block, lane, read_half(source + 64), scales);
    for (size_t w = 0; w < 16; w++)  // 128 columns lie in 32 bytes, columns m, m + 32, m + 64, m + 96 in byte m
      put_word(block, w, lane, gather_crumbs(source + w / 8 * 32 + w % 2 * 16, w % 8 / 2 * 2));
  }
  return scales;
}

// Five ternary digits of a byte, most significant first: byte = ceil(value * 256 / 243).
constexpr auto kTrits = [] {
  std::array<std::array<uint8_t, 5>, 256> digits{};
  for (size_t byte = 0; byte < 256; byte++) {
    uint8_t rest = uint8_t(byte);
    for (size_t n = 0; n < 5; n++, rest = uint8_t(rest * 3)) digits[byte][n] = uint8_t(rest * 3 >> 8);
  }
  return digits;
}();

// 160 columns in 32 bytes, column m + 32n the digit n of byte m; 80 in 16 bytes likewise; 16 in 4 bytes of 4 digits.
RowScales pack_tq1_0(const char* source, size_t columns, uint8_t* block, size_t lane) {
  constexpr Packing kPacking = Packing::tq2_0;
  RowScales scales;
  for (size_t b = 0; b < columns / 256; b++, source += 54, block += info_of(kPacking).bytes) {
    put_scale<kPacking>(block, lane, read_half(source + 52), scales);
    uint8_t codes[256];
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(source);
    for (size_t c = 0; c < 160; c++) codes[c] = kTrits[bytes[c % 32]][c / 32];
    for (size_t c = 0; c < 80; c++) codes[160 + c] = kTrits[bytes[32 + c % 16]][c / 16];
    for (size_t c = 0; c < 16; c++) codes[240 + c] = kTrits[bytes[48 + c % 4]][c / 4];
    for (size_t w = 0; w < 16; w++)
      put_word(block, w, lane, gather_crumbs(reinterpret_cast<const char*>(codes) + 16 * w, 0));
  }
  return scales;
}

// 128 columns in 32 bytes, columns m, m + 32, m + 64, m + 96 in byte m from the highest bits down.
RowScales pack_i2_s(const char* source, size_t columns, uint8_t* block, size_t lane) {
  for (size_t b = 0; b < columns / 128; b++, source += 32, block += info_of(Packing::i2_s).bytes)
    for (size_t w = 0; w < 8; w++) put_word(block, w, lane, gather_crumbs(source + w % 2 * 16, 6 - w / 2 * 2));
  return {true, true};  // its scale is the tensor's
}

// Eight 6-bit scales and eight 6-bit minima share 12 bytes.
RowScales pack_q4_k(const char* source, size_t columns, uint8_t* block, size_t lane) {
  constexpr Packing kPacking = Packing::q4_k;
  RowScales scales;
  for (size_t b = 0; b < columns / 256; b++, source += 144, block += info_of(kPacking).bytes) {
    put_scale<kPacking>(block, lane, read_half(source), scales, 0);
    put_scale<kPacking>(block, lane, read_half(source + 2), scales, 1);
    const uint8_t* packed = reinterpret_cast<const uint8_t*>(source) + 4;
    for (size_t s = 0; s < 8; s++) {
      uint8_t scale = packed[s] & 63, minimum = packed[s % 4 + 4] & 63;
      if (s >= 4) {
        scale = uint8_t((packed[s + 4] & 15) | packed[s - 4] >> 6 << 4);
        minimum = uint8_t(packed[s + 4] >> 4 | packed[s] >> 6 << 4);
      }
      block[kQ4KScalesAt + s * kLanes + lane] = scale;
      block[kQ4KMinimaAt + s * kLanes + lane] = minimum;
      uint32_t fours[8];
      for (size_t w = 0; w < 8; w++) fours[w] = read_word(source + 16 + s / 2 * 32 + 4 * w) >> (s % 2 * 4) & 0x0f0f0f0f;
      put_nibbles(block + s * 256, lane, fours);
    }
  }
  return scales;
}

RowScales pack_q6_k(const char* source, size_t columns, uint8_t* block, size_t lane) {
  constexpr Packing kPacking = Packing::q6_k;
  RowScales scales;
  for (size_t b = 0; b < columns / 256; b++, source += 210, block += info_of(kPacking).bytes) {
    put_scale<kPacking>(block, lane, read_half(source + 208), scales);
    for (size_t g = 0; g < 16; g++) {  // columns 16g … 16g + 15
      const size_t half = g / 8, quarter = g % 8 / 2, at = g % 2 * 16;
      const char* low = source + half * 64 + quarter % 2 * 32 + at;
      uint32_t fours[4];
      for (size_t w = 0; w < 4; w++) fours[w] = read_word(low + 4 * w) >> (quarter / 2 * 4) & 0x0f0f0f0f;
      uint8_t* group = block + g * kQ6KGroupBytes;
      put_word(group, 0, lane, fours[0] | fours[1] << 4);
      put_word(group, 1, lane, fours[2] | fours[3] << 4);
      put_word(group, 2, lane, gather_crumbs(source + 128 + half * 32 + at, unsigned(quarter * 2)));
      block[kQ6KScalesAt + g * kLanes + lane] = uint8_t(source[192 + g]);
    }
  }
  return scales;
}

// Float formats keep their rows, padded to whole blocks of 16 columns; `infinity` is the bits of the exponent.
template <class T, T kInfinity>
RowScales pack_float(const char* source, size_t columns, uint8_t* stripe, size_t lane) {
  RowScales scales{true, true};
  std::memcpy(stripe + lane * round_up(columns, kLanes) * sizeof(T), source, columns * sizeof(T));
  for (size_t c = 0; c < columns; c++) {
    T bits;
    std::memcpy(&bits, source + c * sizeof(T), sizeof bits);
    scales.finite = scales.finite && (bits & kInfinity) != kInfinity;
  }
  return scales;
}

constexpr Format kFormats[] = {
    {TensorType::f32, Packing::f32, pack_float<uint32_t, 0x7f800000>},
    {TensorType::f16, Packing::f16, pack_float<uint16_t, 0x7c00>},
    {TensorType::bf16, Packing::bf16, pack_float<uint16_t, 0x7f80>},
    {TensorType::q8_0, Packing::q8_0, pack_q8_0},
    {TensorType::q4_0, Packing::q4_0, pack_q4_0},
    {TensorType::q4_k, Packing::q4_k, pack_q4_k},
    {TensorType::q6_k, Packing::q6_k, pack_q6_k},
    {TensorType::q1_0, Packing::q1_0, pack_q1_0},
    {TensorType::q2_0, Packing::q2_0, pack_q2_0},
    {TensorType::tq1_0, Packing::tq2_0, pack_tq1_0},
    {TensorType::tq2_0, Packing::tq2_0, pack_tq2_0},
    {TensorType::i2_s, Packing::i2_s, pack_i2_s},
};

float scale_of(const PackingInfo& info, const uint8_t* block, size_t lane, size_t kind = 0) {
  const uint8_t* at = block + info.bytes - (info.scales - kind) * 2 * kLanes;
  return half_to_float(reinterpret_cast<const uint16_t*>(at)[lane]);
}

float value_of(Packing packing, const uint8_t* block, size_t lane, size_t c, float tensor_scale) {
  const PackingInfo& info = info_of(packing);
  switch (packing) {
    case Packing::q1_0:
      return weight_q1_0(block, lane, c) < 0 ? -scale_of(info, block, lane) : scale_of(info, block, lane);
    case Packing::q2_0:
    case Packing::tq2_0:
      return scale_of(info, block, lane) * float(weight_crumb(block, lane, c));
    case Packing::i2_s:
      return tensor_scale * float(weight_crumb(block, lane, c));
    case Packing::q8_0:
      return scale_of(info, block, lane) * float(weight_q8_0(block, lane, c));
    case Packing::q4_0:
      return scale_of(info, block, lane) * float(weight_nibble(block, lane, c) - 8);
    case Packing::q4_k: {
      const float scale = scale_of(info, block, lane, 0) * float(block[kQ4KScalesAt + c / 32 * kLanes + lane]);
      const float minimum = scale_of(info, block, lane, 1) * float(block[kQ4KMinimaAt + c / 32 * kLanes + lane]);
      return scale * float(weight_nibble(block, lane, c)) - minimum;
    }
    case Packing::q6_k: {
      const int8_t scale = int8_t(block[kQ6KScalesAt + c / 16 * kLanes + lane]);
      return (scale_of(info, block, lane) * float(scale)) * float(weight_q6_k(block, lane, c));
    }
    default:
      return 0;  // float formats: below
  }
}

template <class T>
void unpack_float(const uint8_t* stripe, size_t columns, size_t lane, float (*convert)(T), float* out) {
  const T* row = reinterpret_cast<const T*>(stripe) + lane * round_up(columns, kLanes);
  for (size_t c = 0; c < columns; c++) out[c] = convert(row[c]);
}

}  // namespace

const Format* find_format(TensorType type) {
  for (const Format& format : kFormats)
    if (format.type == type) return &format;
  return nullptr;
}

const char* format_names() { return "F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K, Q1_0, Q2_0, TQ1_0, TQ2_0 and I2_S"; }

void unpack_row(Packing packing, const uint8_t* stripe, size_t columns, size_t lane, float scale, float* out) {
  if (packing == Packing::f32)
    return unpack_float<float>(
        stripe, columns, lane, [](float value) { return value; }, out);
  if (packing == Packing::f16) return unpack_float<uint16_t>(stripe, columns, lane, half_to_float, out);
  if (packing == Packing::bf16) return unpack_float<uint16_t>(stripe, columns, lane, bfloat_to_float, out);
  const PackingInfo& info = info_of(packing);
  for (size_t c = 0; c < columns; c++)
    out[c] = value_of(packing, stripe + c / info.columns * info.bytes, lane, c % info.columns, scale);
}

}  // namespace aria
