// Repacking into blocks of 16 rows: one vector lane per row, activations broadcast. Layouts: SPEC.md, "Packed weights".
#include <atomic>
#include <cstring>

#include "../kernels/half.h"
#include "linear.h"

namespace aria {
namespace {

bool finite_half(uint16_t half) { return (half & 0x7c00) != 0x7c00; }
bool finite_float(const char* from) {
  uint32_t bits;
  std::memcpy(&bits, from, sizeof bits);
  return (bits & 0x7f800000) != 0x7f800000;
}

uint16_t read_half(const char* from) {
  uint16_t half;
  std::memcpy(&half, from, sizeof half);
  return half;
}

// Each packer copies one row and says whether all of its scales (or weights) are finite.
bool pack_row_q1_0(const char* source, size_t columns, uint8_t* block, size_t lane) {
  bool finite = true;
  for (size_t group = 0; group < columns / kGroup; group++, source += 18, block += kBlockBytesQ1) {
    const uint16_t scale = read_half(source);
    finite = finite && finite_half(scale);
    std::memcpy(block + 256 + 2 * lane, &scale, 2);
    for (size_t word = 0; word < 4; word++) {  // 32 columns: byte c % 4 gets column c as bit c / 4
      uint8_t bytes[4] = {};
      for (size_t c = 0; c < 32; c++) bytes[c % 4] |= uint8_t((source[2 + word * 4 + c / 8] >> (c % 8) & 1) << (c / 4));
      std::memcpy(block + word * 64 + lane * 4, bytes, 4);
    }
  }
  return finite;
}

bool pack_row_q8_0(const char* source, size_t columns, uint8_t* block, size_t lane) {
  bool finite = true;
  for (size_t b = 0; b < columns / kSubgroup; b++, source += 34, block += kBlockBytesQ8) {
    const uint16_t scale = read_half(source);
    finite = finite && finite_half(scale);
    std::memcpy(block + 512 + 2 * lane, &scale, 2);
    for (size_t c = 0; c < kSubgroup; c++) block[c / 4 * 64 + lane * 4 + c % 4] = uint8_t(source[2 + c]) ^ 0x80;
  }
  return finite;
}

bool pack_row_f16(const char* source, size_t columns, uint8_t* row) {
  std::memcpy(row, source, columns * 2);
  for (size_t c = 0; c < columns; c++)
    if (!finite_half(read_half(source + 2 * c))) return false;
  return true;
}

bool pack_row_f32(const char* source, size_t columns, uint8_t* row) {
  std::memcpy(row, source, columns * 4);
  for (size_t c = 0; c < columns; c++)
    if (!finite_float(source + 4 * c)) return false;
  return true;
}

bool pack_row(const Tensor& tensor, const Linear& linear, size_t row) {
  const char* source = tensor.bytes.data() + row * tensor.row_bytes;
  uint8_t* block = linear.packed + row / kLanes * linear.block_bytes;
  const size_t lane = row % kLanes;
  switch (linear.type) {
    case TensorType::q1_0:
      return pack_row_q1_0(source, linear.columns, block, lane);
    case TensorType::q8_0:
      return pack_row_q8_0(source, linear.columns, block, lane);
    case TensorType::f16:
      return pack_row_f16(source, linear.columns, block + lane * linear.packed_columns * 2);
    case TensorType::f32:
      return pack_row_f32(source, linear.columns, block + lane * linear.packed_columns * 4);
  }
  return false;
}

size_t block_bytes_of(const Linear& linear) {
  switch (linear.type) {
    case TensorType::q1_0:
      return linear.columns / kGroup * kBlockBytesQ1;
    case TensorType::q8_0:
      return linear.columns / kSubgroup * kBlockBytesQ8;
    case TensorType::f16:
      return linear.packed_columns * kLanes * 2;
    case TensorType::f32:
      return linear.packed_columns * kLanes * 4;
  }
  return 0;
}

TensorType supported_type(const Tensor& tensor) {
  const TensorType type{tensor.type->id};
  switch (type) {
    case TensorType::q1_0:
    case TensorType::q8_0:
    case TensorType::f16:
    case TensorType::f32:
      return type;
  }
  throw Error("unsupported", "Tensor '" + tensor.name + "' at offset " + std::to_string(tensor.offset) + " has type " +
                                 tensor.type->name + "; this version computes with Q1_0, Q8_0, F16 and F32.");
}

}  // namespace

Linear plan_linear(const Tensor& tensor) {
  Linear linear;
  linear.type = supported_type(tensor);
  linear.rows = tensor.rows;
  linear.columns = tensor.shape[0];
  linear.blocks = round_up(linear.rows, kLanes) / kLanes;
  linear.packed_columns = round_up(linear.columns, kLanes);
  linear.block_bytes = block_bytes_of(linear);
  return linear;
}

void pack_linear(const Context& context, const Tensor& tensor, const Linear& linear) {
  std::atomic<size_t> bad_row{linear.rows};
  context.pool.run(linear.blocks, [&](size_t block, size_t) {
    for (size_t row = block * kLanes; row < linear.rows && row < (block + 1) * kLanes; row++)
      if (!pack_row(tensor, linear, row)) bad_row = row;
  });
  if (bad_row != linear.rows)
    throw Error("bad_gguf", "Tensor '" + tensor.name + "' at offset " +
                                std::to_string(tensor.offset + bad_row * tensor.row_bytes) + ", row " +
                                std::to_string(bad_row) +
                                ": a scale or weight is infinite or NaN; finite numbers are expected.");
}

void unpack_row(const Linear& weights, size_t row, float* out) {
  const uint8_t* block = weights.packed + row / kLanes * weights.block_bytes;
  const size_t lane = row % kLanes;
  for (size_t c = 0; c < weights.columns; c++) switch (weights.type) {
      case TensorType::q1_0: {
        const uint8_t* at = block + c / kGroup * kBlockBytesQ1;
        const float scale = half_to_float(reinterpret_cast<const uint16_t*>(at + 256)[lane]);
        out[c] = at[c % kGroup / 32 * 64 + lane * 4 + c % 4] >> (c % 32 / 4) & 1 ? scale : -scale;
        break;
      }
      case TensorType::q8_0: {
        const uint8_t* at = block + c / kSubgroup * kBlockBytesQ8;
        const float scale = half_to_float(reinterpret_cast<const uint16_t*>(at + 512)[lane]);
        out[c] = scale * float(int(at[c % kSubgroup / 4 * 64 + lane * 4 + c % 4]) - 128);
        break;
      }
      case TensorType::f16:
        out[c] = half_to_float(reinterpret_cast<const uint16_t*>(block)[lane * weights.packed_columns + c]);
        break;
      case TensorType::f32:
        out[c] = reinterpret_cast<const float*>(block)[lane * weights.packed_columns + c];
        break;
    }
}

}  // namespace aria
