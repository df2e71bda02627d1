// Runs every kernel on fixed inputs and hashes all answers. Sizes cross the tiles' edges: one and several
// row blocks, 1 to 13 tokens, odd position counts.
#include <cstring>
#include <vector>

#include "../base/buffer.h"
#include "../base/keccak.h"
#include "half.h"
#include "rotary.h"
#include "select.h"

namespace aria {
namespace {

class Answers {
 public:
  explicit Answers(uint32_t seed) : state_(0x9e3779b9 ^ (seed * 0x85ebca6b)) {}

  uint32_t random() {  // xorshift32
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    return state_ ^= state_ << 5;
  }
  float random_float() { return float(int32_t(random() >> 8) - (1 << 23)) * 0x1p-22f; }
  float* floats(size_t count) {
    float* values = allocate<float>(count);
    for (size_t i = 0; i < count; i++) values[i] = random_float();
    return values;
  }
  uint16_t* halves(size_t count) {
    uint16_t* values = allocate<uint16_t>(count);
    for (size_t i = 0; i < count; i++) values[i] = float_to_half(random_float());
    return values;
  }
  uint16_t* bfloats(size_t count) {
    uint16_t* values = allocate<uint16_t>(count);
    for (size_t i = 0; i < count; i++) values[i] = uint16_t(std::bit_cast<uint32_t>(random_float()) >> 16);
    return values;
  }
  template <class T>
  T* allocate(size_t count) {
    buffers_.emplace_back(count * sizeof(T));
    return buffers_.back().as<T>();
  }
  template <class T>
  void record(const T* values, size_t count) {
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(values);
    recorded_.insert(recorded_.end(), bytes, bytes + count * sizeof(T));
  }
  Hash hash() const { return keccak256(recorded_.data(), recorded_.size()); }

 private:
  uint32_t state_;
  std::vector<Buffer> buffers_;
  std::vector<uint8_t> recorded_;
};

struct Shape {
  size_t columns, stripes, head_width;
  std::vector<size_t> tokens, positions;
};

// Seed 0 is quick enough for every load. Others go through all token counts to 70, with one token beside them.
Shape shape_of(uint32_t seed) {
  if (seed == 0) return {384, 5, 80, {1, 2, 3, 4, 5, 13}, {1, 17, 91}};
  return {kGroup * (1 + seed % 5), 1 + seed % 9, kLanes * (1 + seed % 12), {1, 1 + (seed - 1) % 70}, {1, 17, 91}};
}

// Random bytes, but finite numbers in float formats and half-precision scales.
const uint8_t* packed_weights(Answers& answers, Packing packing, size_t blocks) {
  const PackingInfo& info = info_of(packing);
  if (packing == Packing::f32) return reinterpret_cast<uint8_t*>(answers.floats(blocks * info.bytes / 4));
  if (packing == Packing::f16) return reinterpret_cast<uint8_t*>(answers.halves(blocks * info.bytes / 2));
  if (packing == Packing::bf16) return reinterpret_cast<uint8_t*>(answers.bfloats(blocks * info.bytes / 2));
  const size_t scales = info.scales * kLanes;
  uint8_t* weights = answers.allocate<uint8_t>(blocks * info.bytes);
  for (size_t block = 0; block < blocks; block++) {
    uint8_t* at = weights + block * info.bytes;
    for (size_t i = 0; i < info.bytes - 2 * scales; i++) at[i] = uint8_t(answers.random() >> 24);
    if (scales > 0) std::memcpy(at + info.bytes - 2 * scales, answers.halves(scales), 2 * scales);
  }
  return weights;
}

void linear_answers(Answers& answers, const Kernels& kernels, Packing packing, const Shape& shape, size_t tokens) {
  const PackingInfo& info = info_of(packing);
  const size_t columns = round_up(shape.columns, info.columns), stripes = shape.stripes;
  const float* values = answers.floats(tokens * columns);
  int8_t* quants = answers.allocate<int8_t>(tokens * columns);
  float* scales = answers.allocate<float>(tokens * columns / kSumsMin);
  int32_t* sums = answers.allocate<int32_t>(tokens * columns / kSumsMin);
  float* out = answers.allocate<float>(tokens * stripes * kLanes);
  if (const size_t group = info.group_in(columns)) {
    const size_t sum_group = info.sums_in(columns);
    kernels.quantize(values, tokens * columns, group, sum_group, quants, scales, sums);
    answers.record(quants, tokens * columns);
    answers.record(scales, tokens * columns / group);
    answers.record(sums, tokens * columns / sum_group);
  }
  const uint8_t* weights = packed_weights(answers, packing, stripes * columns / info.columns);
  Activations input{values, quants, scales, sums, columns, tokens};
  if (packing == Packing::q1_0 && kernels.tabulate) {
    int16_t* tables = answers.allocate<int16_t>(tokens * columns / kGroup * kTableEntries);
    kernels.tabulate(quants, tokens * columns, tables);
    input.tables = tables;
  }
  linear_kernel(kernels, packing)({weights, columns, 0, stripes, input, out, stripes * kLanes, 0.3125f});
  answers.record(out, tokens * stripes * kLanes);
  // The same by lookup: a difference is an answer more, which no other table gives.
  uint8_t* lookups = answers.allocate<uint8_t>(columns * kLookupBytes);
  if (packing != Packing::q1_0 || tokens != 1 || !kernels.tabulate_one) return;
  if (!kernels.tabulate_one(quants, columns, lookups)) return;
  input.lookups = lookups;
  float* looked_up = answers.allocate<float>(stripes * kLanes);
  linear_kernel(kernels, packing)({weights, columns, 0, stripes, input, looked_up, stripes * kLanes, 0.3125f});
  if (std::memcmp(out, looked_up, stripes * kLanes * sizeof(float)) != 0) answers.record(looked_up, stripes * kLanes);
}

void element_answers(Answers& answers, const Kernels& kernels, const Shape& shape) {
  const size_t columns = shape.columns;
  float* a = answers.floats(columns);
  float* b = answers.floats(columns);
  for (size_t i = 0; i < columns; i++) b[i] = b[i] * 60.0f;  // reaches both ends of exp
  const float squares = kernels.sum_squares(a, columns);
  answers.record(&squares, 1);
  float* out = answers.allocate<float>(columns);
  kernels.scale_rows(a, b, squares, columns, out);
  answers.record(out, columns);
  kernels.silu_multiply(b, a, columns, out);
  kernels.add(out, a, columns);
  kernels.rotate_adjacent(out, a, b, columns / 2);
  answers.record(out, columns);
  kernels.rotate_halves(out, a, b, columns / 2);
  kernels.divide(out, squares, columns);
  answers.record(out, columns);
  uint16_t* half = answers.allocate<uint16_t>(columns);
  kernels.to_half(b, columns, half);
  answers.record(half, columns);
}

void gate_answers(Answers& answers, const Kernels& kernels, const Shape& shape) {
  const float* gate = answers.floats(shape.columns);
  const float* up = answers.floats(shape.columns);
  float* out = answers.allocate<float>(shape.columns);
  kernels.relu_squared_multiply(gate, up, shape.columns, out);
  answers.record(out, shape.columns);
}

void attention_answers(Answers& answers, const Kernels& kernels, size_t positions, size_t width) {
  const size_t blocks = (positions + kLanes - 1) / kLanes;
  float* scores = answers.allocate<float>(blocks * kLanes);
  // One by one: compilers evaluate arguments in different orders, and each draws random numbers.
  const float* query = answers.floats(width);
  const uint16_t* keys = answers.halves(blocks * kLanes * width);
  kernels.attention_scores(&query, 1, keys, blocks, width, 0.125f, &scores);
  answers.record(scores, positions);
  const float sum = kernels.softmax_weights(scores, positions);
  answers.record(&sum, 1);
  answers.record(scores, blocks * kLanes);
  float* out = answers.floats(width);
  const uint16_t* values = answers.halves(positions * width);
  kernels.weigh_values(&scores, 1, values, positions, width, &out);
  answers.record(out, width);
}

// Several queries that share each load of keys and values.
void shared_attention_answers(Answers& answers, const Kernels& kernels, size_t positions, size_t width) {
  constexpr size_t kQueries = 7;
  const size_t blocks = (positions + kLanes - 1) / kLanes;
  const uint16_t* keys = answers.halves(blocks * kLanes * width);
  const uint16_t* values = answers.halves(blocks * kLanes * width);
  std::vector<const float*> queries;
  std::vector<float*> scores, out;
  for (size_t q = 0; q < kQueries; q++) {
    queries.push_back(answers.floats(width));
    out.push_back(answers.floats(width));
    scores.push_back(answers.allocate<float>(blocks * kLanes));
  }
  kernels.attention_scores(queries.data(), kQueries, keys, blocks, width, 0.125f, scores.data());
  kernels.weigh_values(scores.data(), kQueries, values, positions, width, out.data());
  for (size_t q = 0; q < kQueries; q++) {
    answers.record(scores[q], blocks * kLanes);
    answers.record(out[q], width);
  }
}

void table_answers(Answers& answers, const RotaryTable& table) {
  float* cosines = answers.allocate<float>(table.pairs());
  float* sines = answers.allocate<float>(table.pairs());
  for (size_t position : {0, 1, 100, 4095, 131071}) {
    table.fill(position, cosines, sines);
    answers.record(cosines, table.pairs());
    answers.record(sines, table.pairs());
  }
}

void rotary_answers(Answers& answers) {
  for (const double base : {10000.0, 1000000.0}) table_answers(answers, RotaryTable(128, base));
}

void scaled_rotary_answers(Answers& answers) {
  RotarySettings settings{.rotated = 128, .base = 1000000.0};
  settings.factor = 4;
  settings.scaling = RopeScaling::linear;
  table_answers(answers, RotaryTable(settings));
  settings.scaling = RopeScaling::yarn;
  settings.original_context = 16384;
  settings.magnitude = 1 + 0.1 * log_f64(settings.factor);
  table_answers(answers, RotaryTable(settings));
  settings.scaling = RopeScaling::none;
  for (size_t i = 0; i < settings.rotated / 2; i++) settings.divisors.push_back(1 + double(i) / 8);
  table_answers(answers, RotaryTable(settings));
}

}  // namespace

std::vector<KnownAnswer> known_answers(const Kernels& kernels, uint32_t seed) {
  const Shape shape = shape_of(seed);
  std::vector<KnownAnswer> all;
  // Each kernel draws its own random numbers, so that a new one changes no other's answer.
  const auto answer = [&](const std::string& name, const auto& run) {
    Answers answers(seed);
    run(answers);
    all.push_back({name, hex(answers.hash())});
  };
  for (size_t i = 0; i < kPackings; i++)
    answer("linear " + std::string(kPackingInfos[i].name), [&](Answers& answers) {
      for (size_t tokens : shape.tokens) linear_answers(answers, kernels, Packing(i), shape, tokens);
    });
  // Enough rows for the kernels that look weights up.
  answer("linear q1_0 of many rows", [&](Answers& answers) {
    Shape many = shape;
    many.stripes += 16;
    for (size_t tokens : shape.tokens) linear_answers(answers, kernels, Packing::q1_0, many, tokens);
  });
  answer("elements", [&](Answers& answers) { element_answers(answers, kernels, shape); });
  answer("gates", [&](Answers& answers) { gate_answers(answers, kernels, shape); });
  answer("rotary", rotary_answers);
  answer("scaled rotary", scaled_rotary_answers);
  answer("attention", [&](Answers& answers) {
    for (size_t positions : shape.positions) attention_answers(answers, kernels, positions, shape.head_width);
  });
  answer("shared attention", [&](Answers& answers) {
    for (size_t positions : shape.positions) shared_attention_answers(answers, kernels, positions, shape.head_width);
  });
  return all;
}

}  // namespace aria
