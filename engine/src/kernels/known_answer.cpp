// Runs every kernel on fixed inputs and hashes all answers. Sizes cross the tiles' edges: one and several
// row blocks, 1 to 13 tokens, odd position counts.
#include <cstring>
#include <vector>

#include "../base/buffer.h"
#include "../base/keccak.h"
#include "half.h"
#include "select.h"

namespace aria {
namespace {

class Answers {
 public:
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
  uint32_t state_ = 0x9e3779b9;
  std::vector<Buffer> buffers_;
  std::vector<uint8_t> recorded_;
};

constexpr size_t kColumns = 384, kRowBlocks = 5;

uint8_t* packed_blocks(Answers& answers, size_t blocks, size_t bytes) {
  uint8_t* weights = answers.allocate<uint8_t>(blocks * bytes);
  for (size_t block = 0; block < blocks; block++) {
    uint8_t* at = weights + block * bytes;
    for (size_t i = 0; i < bytes - 2 * kLanes; i++) at[i] = uint8_t(answers.random() >> 24);
    std::memcpy(at + bytes - 2 * kLanes, answers.halves(kLanes), 2 * kLanes);
  }
  return weights;
}

void linear_answers(Answers& answers, const Kernels& kernels, size_t tokens) {
  const float* values = answers.floats(tokens * kColumns);
  int8_t* quants = answers.allocate<int8_t>(tokens * kColumns);
  float* scales = answers.allocate<float>(tokens * kColumns / kGroup);
  int32_t* sums = answers.allocate<int32_t>(tokens * kColumns / kSubgroup);
  kernels.quantize(values, tokens * kColumns, quants, scales, sums);
  answers.record(quants, tokens * kColumns);
  answers.record(scales, tokens * kColumns / kGroup);
  answers.record(sums, tokens * kColumns / kSubgroup);

  float* out = answers.allocate<float>(tokens * kRowBlocks * kLanes);
  const auto run = [&](void (*linear)(const LinearTask&), const void* weights) {
    linear({static_cast<const uint8_t*>(weights), kColumns, 0, kRowBlocks,
            {values, quants, scales, sums, kColumns, tokens}, out, kRowBlocks * kLanes});
    answers.record(out, tokens * kRowBlocks * kLanes);
  };
  run(kernels.linear_q1_0, packed_blocks(answers, kRowBlocks * kColumns / kGroup, kBlockBytesQ1));
  run(kernels.linear_q8_0, packed_blocks(answers, kRowBlocks * kColumns / kSubgroup, kBlockBytesQ8));
  run(kernels.linear_f16, answers.halves(kRowBlocks * kLanes * kColumns));
  run(kernels.linear_f32, answers.floats(kRowBlocks * kLanes * kColumns));
}

void element_answers(Answers& answers, const Kernels& kernels) {
  float* a = answers.floats(kColumns);
  float* b = answers.floats(kColumns);
  for (size_t i = 0; i < kColumns; i++) b[i] = b[i] * 40.0f;  // reaches both ends of exp
  const float squares = kernels.sum_squares(a, kColumns);
  answers.record(&squares, 1);
  float* out = answers.allocate<float>(kColumns);
  kernels.scale_rows(a, b, squares, kColumns, out);
  answers.record(out, kColumns);
  kernels.silu_multiply(b, a, kColumns, out);
  kernels.add(out, a, kColumns);
  kernels.rotate_adjacent(out, a, b, kColumns / 2);
  answers.record(out, kColumns);
  kernels.rotate_halves(out, a, b, kColumns / 2);
  kernels.divide(out, squares, kColumns);
  answers.record(out, kColumns);
  uint16_t* half = answers.allocate<uint16_t>(kColumns);
  kernels.to_half(b, kColumns, half);
  answers.record(half, kColumns);
}

void attention_answers(Answers& answers, const Kernels& kernels, size_t positions, size_t width) {
  const size_t blocks = (positions + kLanes - 1) / kLanes;
  float* scores = answers.allocate<float>(blocks * kLanes);
  kernels.attention_scores(answers.floats(width), answers.halves(blocks * kLanes * width), blocks, width, 0.125f, scores);
  answers.record(scores, positions);
  const float sum = kernels.softmax_weights(scores, positions);
  answers.record(&sum, 1);
  answers.record(scores, blocks * kLanes);
  float* out = answers.floats(width);
  kernels.weigh_values(scores, answers.halves(positions * width), positions, width, out);
  answers.record(out, width);
}

}  // namespace

std::string known_answer(const Kernels& kernels) {
  Answers answers;
  for (size_t tokens : {1, 2, 3, 4, 5, 13}) linear_answers(answers, kernels, tokens);
  element_answers(answers, kernels);
  for (size_t positions : {1, 17, 91}) attention_answers(answers, kernels, positions, 80);
  std::string text;
  for (uint8_t byte : answers.hash()) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace aria
