#include "forward.h"

#include <cstring>

namespace aria {

namespace {

constexpr size_t kTasksPerThread = 2;  // of attention, so that a stalled core does not stall the rest

RotarySettings with_divisors(RotarySettings rotary, const std::vector<double>& divisors) {
  rotary.divisors = divisors;
  return rotary;
}

}  // namespace

Forward::Forward(const Context& context, const ModelConfig& config, const Weights& weights)
    : context_(context),
      config_(config),
      weights_(weights),
      rotary_(with_divisors(config.rotary, weights.rope_divisors)),
      logit_stride_(round_up(config.vocabulary, kLanes)),
      stream_(config.width, kStepRows),
      normed_(config.width, kStepRows),
      attended_(config.heads * config.head_width, kStepRows),
      gated_(config.ffn_width, kStepRows),
      head_input_(config.width, kLogitRows),
      query_stride_(config.heads * config.head_width),
      key_stride_(config.kv_heads * config.head_width) {
  const auto floats = [](size_t count) { return Buffer(count * sizeof(float)); };
  query_ = floats(kStepRows * query_stride_);
  key_ = floats(kStepRows * key_stride_);
  value_ = floats(kStepRows * key_stride_);
  gate_ = floats(kStepRows * gated_.stride());
  up_ = floats(kStepRows * gated_.stride());
  projected_ = floats(kStepRows * stream_.stride());
  cosines_ = floats(kStepRows * rotary_.pairs());
  sines_ = floats(kStepRows * rotary_.pairs());
  logits_ = floats(kLogitRows * logit_stride_);
  tiles_.reserve(kStepRows);
}

void Forward::reserve(size_t positions) {
  const size_t padded = round_up(positions, 16 * kPagePositions);
  if (padded <= score_positions_) return;
  scores_ = Buffer(context_.pool.threads() * kQueryTile * padded * sizeof(float));
  score_positions_ = padded;
}

// out = (x * 1 / sqrt(mean of squares + epsilon)) * weight
void Forward::normalize(const float* values, const Vector& weights, size_t count, float* out) const {
  const size_t padded = round_up(count, kLanes);
  const float mean = context_.kernels.sum_squares(values, padded) / float(count);
  const float scale = 1.0f / __builtin_sqrtf(mean + config_.norm_epsilon);
  context_.kernels.scale_rows(values, weights.as<float>(), scale, padded, out);
}

void Forward::normalize_rows(Activation& in, const Vector& weights, size_t count, size_t rows, Activation& out) {
  const Span span(Part::norm);
  context_.run(rows, 4 * rows * count, [&](size_t r, size_t) { normalize(in.row(r), weights, count, out.row(r)); });
  out.changed();
}

void Forward::project(Part part, const Matrix& matrix, Activation& in, size_t rows, float* out, size_t stride) {
  const Span span(part);
  apply_linear(context_, matrix.weights, in, rows, out, stride);
  if (matrix.factor == 1) return;
  const size_t count = matrix.weights.stripes * kLanes;
  context_.run(rows, rows * count, [&](size_t r, size_t) {
    for (size_t i = 0; i < count; i++) out[r * stride + i] = out[r * stride + i] * matrix.factor;
  });
}

void Forward::add_to_stream(size_t rows) {
  const Span span(Part::residual);
  for (size_t r = 0; r < rows; r++)
    context_.kernels.add(stream_.row(r), projected_.as<float>() + r * stream_.stride(),
                         round_up(config_.width, kLanes));
}

void Forward::embed(std::span<const Row> rows) {
  const Span span(Part::embedding);
  for (size_t r = 0; r < rows.size(); r++) {
    unpack_row(weights_.embedding, rows[r].token, stream_.row(r));
    rotary_.fill(rows[r].position, cosines_.as<float>() + r * rotary_.pairs(),
                 sines_.as<float>() + r * rotary_.pairs());
  }
}

void Forward::step(std::span<const Row> rows) {
  embed(rows);
  plan_attention(rows);
  for (size_t index = 0; index < weights_.layers.size(); index++) {
    attention(weights_.layers[index], index, rows);
    feed_forward(weights_.layers[index], rows.size());
    if (after_layer) after_layer(index);
  }
}

// Norms and rotates a row's query and key heads, and stores key and value.
void Forward::prepare_row(const Layer& layer, size_t index, const Row& row, size_t r) {
  const Kernels& kernels = context_.kernels;
  const auto rotate = config_.architecture->rope == Rope::halves ? kernels.rotate_halves : kernels.rotate_adjacent;
  const float* cosines = cosines_.as<float>() + r * rotary_.pairs();
  const float* sines = sines_.as<float>() + r * rotary_.pairs();
  const size_t width = config_.head_width;
  for (size_t h = 0; h < config_.heads; h++) {
    float* query = query_.as<float>() + r * query_stride_ + h * width;
    if (config_.architecture->query_key_norm) normalize(query, layer.query_norm, width, query);
    rotate(query, cosines, sines, rotary_.pairs());
  }
  for (size_t h = 0; h < config_.kv_heads; h++) {
    float* key = key_.as<float>() + r * key_stride_ + h * width;
    if (config_.architecture->query_key_norm) normalize(key, layer.key_norm, width, key);
    rotate(key, cosines, sines, rotary_.pairs());
    store_key_value(kernels, *row.cache, index, h, row.position, width, key,
                    value_.as<float>() + r * key_stride_ + h * width);
  }
}

void Forward::prepare_heads(const Layer& layer, size_t index, std::span<const Row> rows) {
  const Span span(Part::heads);
  context_.run(rows.size(), 16 * rows.size() * query_stride_,
               [&](size_t r, size_t) { prepare_row(layer, index, rows[r], r); });
}

// Rows that follow each other in one sequence read its cache together: as many as make a tile of queries.
void Forward::plan_attention(std::span<const Row> rows) {
  const size_t group = config_.heads / config_.kv_heads, most = std::max(kQueryTile / group, size_t{1});
  tiles_.clear();
  for (size_t r = 0; r < rows.size(); r++) {
    if (!tiles_.empty() && tiles_.back().count < most && rows[r].cache == rows[r - 1].cache)
      tiles_.back().count++;
    else
      tiles_.push_back({r, 1});
  }
}

// As many key heads as make a tile of queries, which leaves every thread something to do.
size_t Forward::heads_per_task() const {
  size_t rows = 0;
  for (const Tile& tile : tiles_) rows = std::max(rows, tile.count);
  const size_t most = std::max(kQueryTile / (rows * (config_.heads / config_.kv_heads)), size_t{1});
  const size_t threads = context_.pool.threads();
  const size_t shared = threads == 1 ? config_.kv_heads : tiles_.size() * config_.kv_heads / (kTasksPerThread * threads);
  return std::clamp(shared, size_t{1}, std::min(most, config_.kv_heads));
}

void Forward::attend_all(size_t index, std::span<const Row> rows) {
  const Span span(Part::attention);
  const size_t width = config_.head_width, group = config_.heads / config_.kv_heads;
  const size_t heads_each = heads_per_task(), tasks = (config_.kv_heads + heads_each - 1) / heads_each;
  const float scale = 1.0f / __builtin_sqrtf(float(width));
  size_t attended_work = 0;
  for (const Row& row : rows) attended_work += 2 * (row.position + size_t{1}) * query_stride_;
  // A tile after the other of the same heads: their keys and values stay near.
  context_.run(tiles_.size() * tasks, attended_work, [&](size_t item, size_t thread) {
    const Tile& tile = tiles_[item % tiles_.size()];
    const size_t begin = item / tiles_.size() * heads_each, end = std::min(begin + heads_each, config_.kv_heads);
    AttentionTask task{*rows[tile.first].cache, index, begin, end - begin, width,
                       scores_.as<float>() + thread * kQueryTile * score_positions_, score_positions_, scale};
    Query queries[kQueryTile];
    size_t count = 0;
    for (size_t head = begin; head < end; head++)
      for (size_t r = tile.first; r < tile.first + tile.count; r++)
        for (size_t g = 0; g < group; g++) {
          const size_t at = (head * group + g) * width;
          queries[count++] = {query_.as<float>() + r * query_stride_ + at, rows[r].position + size_t{1},
                              attended_.row(r) + at};
          const bool last = head + 1 == end && r + 1 == tile.first + tile.count && g + 1 == group;
          if (count < kQueryTile && !last) continue;
          attend(context_.kernels, task, {queries, count});
          count = 0;
        }
  });
  attended_.changed();
}

void Forward::attention(const Layer& layer, size_t index, std::span<const Row> rows) {
  normalize_rows(stream_, layer.attention_norm, config_.width, rows.size(), normed_);
  project(Part::query_key_value, layer.query, normed_, rows.size(), query_.as<float>(), query_stride_);
  project(Part::query_key_value, layer.key, normed_, rows.size(), key_.as<float>(), key_stride_);
  project(Part::query_key_value, layer.value, normed_, rows.size(), value_.as<float>(), key_stride_);
  prepare_heads(layer, index, rows);
  attend_all(index, rows);
  if (config_.architecture->sub_norms)
    normalize_rows(attended_, layer.attention_sub_norm, query_stride_, rows.size(), attended_);
  project(Part::attention_output, layer.attention_output, attended_, rows.size(), projected_.as<float>(),
          stream_.stride());
  add_to_stream(rows.size());
}

void Forward::feed_forward(const Layer& layer, size_t rows) {
  normalize_rows(stream_, layer.ffn_norm, config_.width, rows, normed_);
  const size_t stride = gated_.stride(), count = round_up(config_.ffn_width, kLanes);
  project(Part::gate_up, layer.gate, normed_, rows, gate_.as<float>(), stride);
  project(Part::gate_up, layer.up, normed_, rows, up_.as<float>(), stride);
  const auto multiply = config_.gate == Gate::silu ? context_.kernels.silu_multiply
                                                   : context_.kernels.relu_squared_multiply;
  {
    const Span span(Part::activation);
    context_.run(rows, 16 * rows * stride, [&](size_t r, size_t) {
      multiply(gate_.as<float>() + r * stride, up_.as<float>() + r * stride, count, gated_.row(r));
    });
  }
  gated_.changed();
  if (config_.architecture->sub_norms)
    normalize_rows(gated_, layer.ffn_sub_norm, config_.ffn_width, rows, gated_);
  project(Part::down, layer.down, gated_, rows, projected_.as<float>(), stream_.stride());
  add_to_stream(rows);
}

const float* Forward::logits(std::span<const size_t> rows) {
  const Span span(Part::head);
  for (size_t r = 0; r < rows.size(); r++)
    normalize(stream_.row(rows[r]), weights_.output_norm, config_.width, head_input_.row(r));
  head_input_.changed();
  apply_linear(context_, weights_.head(), head_input_, rows.size(), logits_.as<float>(), logit_stride_);
  return logits_.as<float>();
}

}  // namespace aria
