// The numeric specification in code, as plain as it can be. Nothing here is fast and nothing may
// become clever: all other tables are tested for equality of bits with this one.
#include "half.h"
#include "kernels.h"
#include "layout.h"
#include "math.h"

namespace aria {
namespace {

// Sixteen lanes to one: halves added until one is left.
float fold(const float* lanes) {
  float sum[kLanes];
  for (size_t i = 0; i < kLanes; i++) sum[i] = lanes[i];
  for (size_t half = kLanes / 2; half > 0; half /= 2)
    for (size_t i = 0; i < half; i++) sum[i] = sum[i] + sum[i + half];
  return sum[0];
}

float larger(float a, float b) { return a > b ? a : b; }  // b when either is NaN, as MAXPS

// Each group of values shares the scale max|x| / 127; below 2^-100 the whole group is zero.
void quantize(const float* values, size_t count, size_t group, size_t sum_group, int8_t* quants, float* scales,
              int32_t* sums) {
  for (size_t g = 0; g < count / group; g++) {
    const float* x = values + g * group;
    float lanes[kLanes] = {};
    for (size_t i = 0; i < group; i++) lanes[i % kLanes] = larger(x[i] < 0 ? -x[i] : x[i], lanes[i % kLanes]);
    float most = 0;
    for (size_t i = 0; i < kLanes; i++) most = larger(lanes[i], most);
    const bool zero = !(most >= 0x1p-100f);
    scales[g] = zero ? 0.0f : most / 127.0f;
    const float inverse = zero ? 0.0f : 127.0f / most;
    for (size_t i = 0; i < group; i++) {
      float q = x[i] * inverse;
      q = q > -127.0f ? q : -127.0f;
      q = q < 127.0f ? q : 127.0f;
      quants[g * group + i] = int8_t(round_even(q));
    }
  }
  for (size_t s = 0; s < count / sum_group; s++) {
    sums[s] = 0;
    for (size_t i = 0; i < sum_group; i++) sums[s] += quants[s * sum_group + i];
  }
}

float scale_of(const PackingInfo& info, const uint8_t* block, size_t lane, size_t kind = 0) {
  const uint8_t* scales = block + info.bytes - (info.scales - kind) * 2 * kLanes;
  return half_to_float(reinterpret_cast<const uint16_t*>(scales)[lane]);
}

// term(block, lane, quants, token, index of the block) for every row, token and block of its row, summed in order.
template <Packing kPacking, class Term>
void sum_blocks(const LinearTask& task, const Term& term) {
  constexpr PackingInfo kInfo = info_of(kPacking);
  const size_t blocks = task.columns / kInfo.columns;
  for (size_t token = 0; token < task.input.tokens; token++)
    for (size_t row = task.stripe_begin * kLanes; row < task.stripe_end * kLanes; row++) {
      const uint8_t* block = task.weights + row / kLanes * blocks * kInfo.bytes;
      const int8_t* quants = task.input.quants + token * task.input.columns;
      float sum = 0;
      for (size_t b = 0; b < blocks; b++, block += kInfo.bytes, quants += kInfo.columns)
        sum = sum + term(block, row % kLanes, quants, token, b);
      task.out[token * task.out_stride + row] = sum;
    }
}

// float(dot) * (weight scale * activation scale), dot over the block's columns.
template <Packing kPacking, int32_t (*kWeight)(const uint8_t* block, size_t lane, size_t column)>
void linear_scaled(const LinearTask& task) {
  constexpr PackingInfo kInfo = info_of(kPacking);
  const size_t groups = task.input.columns / kInfo.group;
  sum_blocks<kPacking>(
      task, [&](const uint8_t* block, size_t lane, const int8_t* quants, size_t token, size_t index) -> float {
        int32_t dot = 0;
        for (size_t c = 0; c < kInfo.columns; c++) dot += kWeight(block, lane, c) * quants[c];
        return float(dot) * (scale_of(kInfo, block, lane) * task.input.scales[token * groups + index]);
      });
}

int32_t weight_q4_0(const uint8_t* block, size_t lane, size_t c) { return weight_nibble(block, lane, c) - 8; }

// Groups of 16 columns have an integer scale of their own: dot = sum of scale * (dot of the group).
void linear_q6_k(const LinearTask& task) {
  constexpr PackingInfo kInfo = info_of(Packing::q6_k);
  const size_t groups = task.input.columns / kInfo.group;
  sum_blocks<Packing::q6_k>(
      task, [&](const uint8_t* block, size_t lane, const int8_t* quants, size_t token, size_t index) -> float {
        int32_t dot = 0;
        for (size_t c = 0; c < kInfo.columns; c++)
          dot += int8_t(block[kQ6KScalesAt + c / 16 * kLanes + lane]) * weight_q6_k(block, lane, c) * quants[c];
        return float(dot) * (scale_of(kInfo, block, lane) * task.input.scales[token * groups + index]);
      });
}

// Groups of 32 columns have an integer scale and an integer minimum, which is subtracted from each weight.
void linear_q4_k(const LinearTask& task) {
  constexpr PackingInfo kInfo = info_of(Packing::q4_k);
  const size_t groups = task.input.columns / kInfo.group;
  sum_blocks<Packing::q4_k>(
      task, [&](const uint8_t* block, size_t lane, const int8_t* quants, size_t token, size_t index) -> float {
        int32_t dot = 0, minimum = 0;
        for (size_t c = 0; c < kInfo.columns; c++) {
          dot += block[kQ4KScalesAt + c / 32 * kLanes + lane] * weight_nibble(block, lane, c) * quants[c];
          minimum += block[kQ4KMinimaAt + c / 32 * kLanes + lane] * quants[c];
        }
        const float scale = task.input.scales[token * groups + index];
        return float(dot) * (scale_of(kInfo, block, lane, 0) * scale) -
               float(minimum) * (scale_of(kInfo, block, lane, 1) * scale);
      });
}

// One scale for the tensor and one for the row of activations: a single dot product over all columns.
void linear_i2_s(const LinearTask& task) {
  constexpr PackingInfo kInfo = info_of(Packing::i2_s);
  for (size_t token = 0; token < task.input.tokens; token++)
    for (size_t row = task.stripe_begin * kLanes; row < task.stripe_end * kLanes; row++) {
      const uint8_t* stripe = task.weights + row / kLanes * (task.columns / kInfo.columns) * kInfo.bytes;
      const int8_t* quants = task.input.quants + token * task.input.columns;
      int32_t dot = 0;
      for (size_t c = 0; c < task.columns; c++) dot += weight_crumb(stripe, row % kLanes, c) * quants[c];
      task.out[token * task.out_stride + row] = float(dot) * (task.scale * task.input.scales[token]);
    }
}

// F32, F16 and BF16: rows of `columns` (a multiple of 16) plain weights; column c is summed in lane c % 16.
template <class T>
void linear_float(const LinearTask& task, float (*convert)(T)) {
  const T* weights = reinterpret_cast<const T*>(task.weights);
  for (size_t token = 0; token < task.input.tokens; token++) {
    const float* x = task.input.values + token * task.input.columns;
    for (size_t row = task.stripe_begin * kLanes; row < task.stripe_end * kLanes; row++) {
      const T* w = weights + row * task.columns;
      float lanes[kLanes] = {};
      for (size_t c = 0; c < task.columns; c++) lanes[c % kLanes] = lanes[c % kLanes] + convert(w[c]) * x[c];
      task.out[token * task.out_stride + row] = fold(lanes);
    }
  }
}

void linear_f16(const LinearTask& task) { linear_float<uint16_t>(task, half_to_float); }
void linear_bf16(const LinearTask& task) { linear_float<uint16_t>(task, bfloat_to_float); }
void linear_f32(const LinearTask& task) {
  linear_float<float>(task, [](float weight) { return weight; });
}

float sum_squares(const float* values, size_t count) {
  float lanes[kLanes] = {};
  for (size_t i = 0; i < count; i++) lanes[i % kLanes] = lanes[i % kLanes] + values[i] * values[i];
  return fold(lanes);
}

void scale_rows(const float* values, const float* weights, float scale, size_t count, float* out) {
  for (size_t i = 0; i < count; i++) out[i] = (values[i] * scale) * weights[i];
}

void add(float* values, const float* other, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = values[i] + other[i];
}

void silu_multiply(const float* gate, const float* up, size_t count, float* out) {
  for (size_t i = 0; i < count; i++) out[i] = (gate[i] / (1.0f + exp_f32(-gate[i]))) * up[i];
}

void relu_squared_multiply(const float* gate, const float* up, size_t count, float* out) {
  for (size_t i = 0; i < count; i++) {
    const float kept = larger(gate[i], 0.0f);
    out[i] = (kept * kept) * up[i];
  }
}

void rotate(float& a, float& b, float cosine, float sine) {
  const float x = a, y = b;
  a = x * cosine - y * sine;
  b = x * sine + y * cosine;
}

void rotate_adjacent(float* values, const float* cosines, const float* sines, size_t pairs) {
  for (size_t i = 0; i < pairs; i++) rotate(values[2 * i], values[2 * i + 1], cosines[i], sines[i]);
}

void rotate_halves(float* values, const float* cosines, const float* sines, size_t pairs) {
  for (size_t i = 0; i < pairs; i++) rotate(values[i], values[i + pairs], cosines[i], sines[i]);
}

void to_half(const float* values, size_t count, uint16_t* out) {
  for (size_t i = 0; i < count; i++) out[i] = float_to_half(values[i]);
}

// One score per position, summed over the width in order; the scale last.
void attention_scores(const float* const* queries, size_t count, const uint16_t* keys, size_t blocks, size_t width,
                      float scale, float* const* scores) {
  for (size_t q = 0; q < count; q++)
    for (size_t position = 0; position < blocks * kLanes; position++) {
      const uint16_t* block = keys + position / kLanes * width * kLanes;
      float sum = 0;
      for (size_t i = 0; i < width; i++)
        sum = sum + queries[q][i] * half_to_float(block[i * kLanes + position % kLanes]);
      scores[q][position] = sum * scale;
    }
}

float softmax_weights(float* scores, size_t count) {
  float most = -__builtin_inff();
  for (size_t i = 0; i < count; i++) most = larger(scores[i], most);
  float lanes[kLanes] = {};
  for (size_t i = 0; i < count; i++) {
    scores[i] = exp_f32(scores[i] - most);
    lanes[i % kLanes] = lanes[i % kLanes] + scores[i];
  }
  for (size_t i = count; i % kLanes != 0; i++) scores[i] = 0;
  return fold(lanes);
}

// out += weight * value, position after position.
void weigh_values(const float* const* weights, size_t count, const uint16_t* values, size_t positions, size_t width,
                  float* const* out) {
  for (size_t q = 0; q < count; q++)
    for (size_t position = 0; position < positions; position++)
      for (size_t i = 0; i < width; i++)
        out[q][i] = out[q][i] + weights[q][position] * half_to_float(values[position * width + i]);
}

void divide(float* values, float divisor, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = values[i] / divisor;
}

constexpr decltype(Kernels::tabulate) tabulate = nullptr;
constexpr decltype(Kernels::tabulate_one) tabulate_one = nullptr;

}  // namespace

extern const Kernels kScalar;
const Kernels kScalar = {
    "scalar",
    ARIA_FLOAT_KERNELS,
    {
        linear_f32,
        linear_f16,
        linear_bf16,
        linear_scaled<Packing::q8_0, weight_q8_0>,
        linear_scaled<Packing::q4_0, weight_q4_0>,
        linear_q4_k,
        linear_q6_k,
        linear_scaled<Packing::q1_0, weight_q1_0>,
        linear_scaled<Packing::q2_0, weight_crumb>,
        linear_scaled<Packing::tq2_0, weight_crumb>,
        linear_i2_s,
    },
};

}  // namespace aria
