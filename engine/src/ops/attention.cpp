#include "attention.h"

#include <cstring>

namespace aria {
namespace {

constexpr size_t kWidthMax = 1024;  // model/config.cpp allows no wider head

// Page by page, all queries while the page's keys (later its values) are in the nearest cache: memory is read once for
// all of them. Each query's sums keep their order, so no bit depends on it.
void attend_tile(const Kernels& kernels, const AttentionTask& task, size_t begin, size_t count) {
  const size_t pages = pages_for(task.positions);
  const float* queries = task.query + begin * task.width;
  float* out = task.out + begin * task.width;
  const auto positions_in = [&](size_t page) {
    const size_t left = task.positions - page * kPagePositions;
    return left < kPagePositions ? left : kPagePositions;
  };
  const auto scores_of = [&](size_t query, size_t page) {
    return task.scores + query * task.score_stride + page * kPagePositions;
  };
  for (size_t page = 0; page < pages; page++)
    for (size_t query = 0; query < count; query++)
      kernels.attention_scores(queries + query * task.width, task.cache.keys(page, task.layer, task.kv_head),
                               round_up(positions_in(page), kLanes) / kLanes, task.width, task.scale,
                               scores_of(query, page));
  float sums[kQueryTile];
  for (size_t query = 0; query < count; query++)
    sums[query] = kernels.softmax_weights(scores_of(query, 0), task.positions);
  std::memset(out, 0, count * task.width * sizeof(float));
  for (size_t page = 0; page < pages; page++)
    for (size_t query = 0; query < count; query++)
      kernels.weigh_values(scores_of(query, page), task.cache.values(page, task.layer, task.kv_head),
                           positions_in(page), task.width, out + query * task.width);
  for (size_t query = 0; query < count; query++)
    kernels.divide(out + query * task.width, sums[query], task.width);
}

}  // namespace

void attend(const Kernels& kernels, const AttentionTask& task) {
  for (size_t begin = 0; begin < task.queries; begin += kQueryTile)
    attend_tile(kernels, task, begin, task.queries - begin < kQueryTile ? task.queries - begin : kQueryTile);
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
