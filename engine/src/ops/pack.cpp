// Repacking into stripes of 16 rows: one vector lane per row, activations broadcast. One entry of kFormats for each
// type of the file; the layouts are described in scalar.cpp.
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

// The half-precision scales of a block's 16 rows end it.
template <Packing kPacking>
uint16_t* scales_of(uint8_t* block) {
  return reinterpret_cast<uint16_t*>(block + info_of(kPacking).bytes) - kLanes;
}
template <Packing kPacking>
float scale_of(const uint8_t* block, size_t lane) {
  return half_to_float((reinterpret_cast<const uint16_t*>(block + info_of(kPacking).bytes) - kLanes)[lane]);
}

// Each packer copies one row of `columns` into its lane of a stripe and says whether all of its scales (or weights)
// are finite; each unpacker gives a row's values.
bool pack_q1_0(const char* source, size_t columns, uint8_t* block, size_t lane) {
  bool finite = true;
  for (size_t group = 0; group < columns / 128; group++, source += 18, block += info_of(Packing::q1_0).bytes) {
    const uint16_t scale = read_half(source);
    finite = finite && finite_half(scale);
    scales_of<Packing::q1_0>(block)[lane] = scale;
    for (size_t word = 0; word < 4; word++) {  // 32 columns: byte c % 4 gets column c as bit c / 4
      uint8_t bytes[4] = {};
      for (size_t c = 0; c < 32; c++) bytes[c % 4] |= uint8_t((source[2 + word * 4 + c / 8] >> (c % 8) & 1) << (c / 4));
      std::memcpy(block + word * 64 + lane * 4, bytes, 4);
    }
  }
  return finite;
}

void unpack_q1_0(const uint8_t* block, size_t columns, size_t lane, float* out) {
  for (size_t c = 0; c < columns; c++) {
    const uint8_t* at = block + c / 128 * info_of(Packing::q1_0).bytes;
    const float scale = scale_of<Packing::q1_0>(at, lane);
    out[c] = at[c % 128 / 32 * 64 + lane * 4 + c % 4] >> (c % 32 / 4) & 1 ? scale : -scale;
  }
}

bool pack_q8_0(const char* source, size_t columns, uint8_t* block, size_t lane) {
  bool finite = true;
  for (size_t b = 0; b < columns / 32; b++, source += 34, block += info_of(Packing::q8_0).bytes) {
    const uint16_t scale = read_half(source);
    finite = finite && finite_half(scale);
    scales_of<Packing::q8_0>(block)[lane] = scale;
    for (size_t c = 0; c < 32; c++) block[c / 4 * 64 + lane * 4 + c % 4] = uint8_t(source[2 + c]) ^ 0x80;
  }
  return finite;
}

void unpack_q8_0(const uint8_t* block, size_t columns, size_t lane, float* out) {
  for (size_t c = 0; c < columns; c++) {
    const uint8_t* at = block + c / 32 * info_of(Packing::q8_0).bytes;
    out[c] = scale_of<Packing::q8_0>(at, lane) * float(int(at[c % 32 / 4 * 64 + lane * 4 + c % 4]) - 128);
  }
}

// Float formats keep their rows, padded to whole blocks of 16 columns.
bool pack_f16(const char* source, size_t columns, uint8_t* stripe, size_t lane) {
  std::memcpy(stripe + lane * round_up(columns, kLanes) * 2, source, columns * 2);
  for (size_t c = 0; c < columns; c++)
    if (!finite_half(read_half(source + 2 * c))) return false;
  return true;
}

void unpack_f16(const uint8_t* stripe, size_t columns, size_t lane, float* out) {
  const uint16_t* row = reinterpret_cast<const uint16_t*>(stripe) + lane * round_up(columns, kLanes);
  for (size_t c = 0; c < columns; c++) out[c] = half_to_float(row[c]);
}

bool pack_f32(const char* source, size_t columns, uint8_t* stripe, size_t lane) {
  std::memcpy(stripe + lane * round_up(columns, kLanes) * 4, source, columns * 4);
  for (size_t c = 0; c < columns; c++)
    if (!finite_float(source + 4 * c)) return false;
  return true;
}

void unpack_f32(const uint8_t* stripe, size_t columns, size_t lane, float* out) {
  std::memcpy(out, stripe + lane * round_up(columns, kLanes) * 4, columns * 4);
}

struct Format {
  TensorType type;
  Packing packing;
  bool (*pack)(const char* source, size_t columns, uint8_t* stripe, size_t lane);
  void (*unpack)(const uint8_t* stripe, size_t columns, size_t lane, float* out);
};

constexpr Format kFormats[] = {
    {TensorType::f32, Packing::f32, pack_f32, unpack_f32},
    {TensorType::f16, Packing::f16, pack_f16, unpack_f16},
    {TensorType::q8_0, Packing::q8_0, pack_q8_0, unpack_q8_0},
    {TensorType::q1_0, Packing::q1_0, pack_q1_0, unpack_q1_0},
};

const Format* find_format(TensorType type) {
  for (const Format& format : kFormats)
    if (format.type == type) return &format;
  return nullptr;
}

const Format& format_of(const Tensor& tensor) {
  if (const Format* format = find_format(TensorType{tensor.type->id})) return *format;
  std::string known;
  for (const Format& format : kFormats)
    known += (known.empty() ? "" : ", ") + std::string(find_type(uint32_t(format.type))->name);
  throw Error("unsupported", "Tensor '" + tensor.name + "' at offset " + std::to_string(tensor.offset) + " has type " +
                                 tensor.type->name + "; this version computes with " + known + ".");
}

}  // namespace

Linear plan_linear(const Tensor& tensor) {
  const Format& format = format_of(tensor);
  const PackingInfo& packing = info_of(format.packing);
  Linear linear;
  linear.type = format.type;
  linear.packing = format.packing;
  linear.rows = tensor.rows;
  linear.columns = tensor.shape[0];
  linear.packed_columns = round_up(linear.columns, packing.columns);
  linear.stripes = round_up(linear.rows, kLanes) / kLanes;
  linear.stripe_bytes = linear.packed_columns / packing.columns * packing.bytes;
  return linear;
}

void pack_linear(const Context& context, const Tensor& tensor, const Linear& linear, size_t begin, size_t end) {
  const Format& format = *find_format(linear.type);
  std::atomic<size_t> bad_row{linear.rows};
  context.pool.run(end - begin, [&](size_t index, size_t) {
    const size_t stripe = begin + index;
    for (size_t row = stripe * kLanes; row < linear.rows && row < (stripe + 1) * kLanes; row++)
      if (!format.pack(tensor.bytes.data() + row * tensor.row_bytes, linear.columns,
                       linear.packed + stripe * linear.stripe_bytes, row % kLanes))
        bad_row = row;
  });
  if (bad_row != linear.rows)
    throw Error("bad_gguf", "Tensor '" + tensor.name + "' at offset " +
                                std::to_string(tensor.offset + bad_row * tensor.row_bytes) + ", row " +
                                std::to_string(bad_row) +
                                ": a scale or weight is infinite or NaN; finite numbers are expected.");
}

void unpack_row(const Linear& weights, size_t row, float* out) {
  find_format(weights.type)
      ->unpack(weights.packed + row / kLanes * weights.stripe_bytes, weights.columns, row % kLanes, out);
}

}  // namespace aria
