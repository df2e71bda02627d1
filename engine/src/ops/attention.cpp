#include "attention.h"

#include <algorithm>
#include <cstring>

namespace aria {
namespace {

constexpr size_t kWidthMax = 1024;  // model/config.cpp allows no wider head

// How many of a page's positions come before `positions`.
size_t positions_in(size_t page, size_t positions) {
  const size_t before = page * kPagePositions;
  return positions <= before ? 0 : std::min(positions - before, kPagePositions);
}

}  // namespace

// Page by page, in the order in which keys (later values) lie in memory, all queries of a key head together: memory is
// read once for all of them. Each query's sums keep their order, so no bit depends on it. Queries of earlier tokens get
// scores of later positions too, which nothing reads.
void attend(const Kernels& kernels, const AttentionTask& task, std::span<const Query> queries) {
  const size_t count = queries.size(), each = count / task.kv_heads;
  size_t least = SIZE_MAX, most = 0;
  for (const Query& query : queries) {
    least = std::min(least, query.positions);
    most = std::max(most, query.positions);
  }
  const float* values[kQueryTile];
  float *scores[kQueryTile], *out[kQueryTile], sums[kQueryTile];
  const auto scores_at = [&](size_t page) {
    for (size_t q = 0; q < count; q++) scores[q] = task.scores + q * task.score_stride + page * kPagePositions;
  };
  for (size_t q = 0; q < count; q++) {
    values[q] = queries[q].values;
    out[q] = queries[q].out;
    std::memset(out[q], 0, task.width * sizeof(float));
  }
  const size_t pages = pages_for(most);
  for (size_t page = 0; page < pages; page++) {
    scores_at(page);
    for (size_t head = 0; head < task.kv_heads; head++)
      kernels.attention_scores(values + head * each, each, task.cache.keys(page, task.layer, task.kv_head + head),
                               round_up(positions_in(page, most), kLanes) / kLanes, task.width, task.scale,
                               scores + head * each);
  }
  scores_at(0);
  for (size_t q = 0; q < count; q++) sums[q] = kernels.softmax_weights(scores[q], queries[q].positions);
  for (size_t page = 0; page < pages; page++) {
    scores_at(page);
    const size_t shared = positions_in(page, least);
    for (size_t head = 0; head < task.kv_heads; head++) {
      const uint16_t* rows = task.cache.values(page, task.layer, task.kv_head + head);
      kernels.weigh_values(scores + head * each, each, rows, shared, task.width, out + head * each);
      for (size_t q = head * each; q < (head + 1) * each; q++) {
        const size_t own = positions_in(page, queries[q].positions);
        if (own <= shared) continue;
        const float* rest = scores[q] + shared;
        kernels.weigh_values(&rest, 1, rows + shared * task.width, own - shared, task.width, &out[q]);
      }
    }
  }
  for (size_t q = 0; q < count; q++) kernels.divide(out[q], sums[q], task.width);
}

void store_key_value(const Kernels& kernels, Cache& cache, size_t layer, size_t kv_head, size_t position, size_t width,
                     const float* key, const float* value) {
  const size_t page = position / kPagePositions, slot = position % kPagePositions;
  uint16_t half[kWidthMax];
  kernels.to_half(key, width, half);
  uint16_t* block = cache.keys(page, layer, kv_head) + slot / kLanes * width * kLanes;
  for (size_t i = 0; i < width; i++) block[i * kLanes + slot % kLanes] = half[i];
  kernels.to_half(value, width, cache.values(page, layer, kv_head) + slot * width);
}

}  // namespace aria
