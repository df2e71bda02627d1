#pragma once
// The forward pass: one path for every architecture, any mix of sequences and positions in a step. A row's
// result depends on its own sequence only, so batching and chunking never change a bit.
#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "../base/profile.h"
#include "../kernels/rotary.h"
#include "../ops/attention.h"
#include "weights.h"

namespace aria {

constexpr size_t kStepRows = 64;   // tokens per step: enough to reuse each weight from registers
constexpr size_t kLogitRows = 16;  // rows of logits at once: bounds memory with large vocabularies

struct Row {
  uint32_t token;
  uint32_t position;
  Cache* cache;  // has room for `position`, and all earlier positions of the sequence
};

class Forward {
 public:
  Forward(const Context& context, const ModelConfig& config, const Weights& weights);

  // Room for attention scores up to this many positions; called before a step, as steps do not allocate.
  void reserve(size_t positions);

  // Runs at most kStepRows rows through all layers and stores their keys and values. Rows of one sequence are in order.
  void step(std::span<const Row> rows);

  // Logits of at most kLogitRows of the last step's rows: [row][logit_stride()], valid until the next call.
  const float* logits(std::span<const size_t> rows);

  // What a row of the last step leaves the layers so far with, before the output norm: config.width floats.
  const float* hidden(size_t row) { return stream_.row(row); }

  size_t logit_stride() const { return logit_stride_; }

  // For traces: called after each layer of a step with the layer's index.
  std::function<void(size_t layer)> after_layer;

 private:
  void normalize(const float* values, const Vector& weights, size_t count, float* out) const;
  void normalize_rows(Activation& in, const Vector& weights, size_t count, size_t rows, Activation& out);
  void project(Part part, const Matrix& matrix, Activation& in, size_t rows, float* out, size_t stride);
  void add_to_stream(size_t rows);
  void attention(const Layer& layer, size_t index, std::span<const Row> rows);
  void feed_forward(const Layer& layer, size_t rows);
  void embed(std::span<const Row> rows);
  void prepare_heads(const Layer& layer, size_t index, std::span<const Row> rows);
  void prepare_row(const Layer& layer, size_t index, const Row& row, size_t r);
  void plan_attention(std::span<const Row> rows);
  size_t heads_per_task() const;
  void attend_all(size_t index, std::span<const Row> rows);

  struct Tile {
    size_t first, count;  // rows
  };

  const Context& context_;
  const ModelConfig& config_;
  const Weights& weights_;
  RotaryTable rotary_;
  size_t logit_stride_, score_positions_ = 0;
  Activation stream_, normed_, attended_, gated_, head_input_;
  Buffer query_, key_, value_, gate_, up_, projected_, cosines_, sines_, logits_, scores_;
  size_t query_stride_, key_stride_;
  std::vector<Tile> tiles_;
};

}  // namespace aria
