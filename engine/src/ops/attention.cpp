#include "attention.h"

#include <cstring>

namespace aria {
namespace {

constexpr size_t kWidthMax = 1024;  // model/config.cpp allows no wider head

void attend_one(const Kernels& kernels, const AttentionTask& task, const float* query, float* out) {
  const size_t pages = (task.positions + kPagePositions - 1) / kPagePositions;
  const auto positions_in = [&](size_t page) {
    const size_t left = task.positions - page * kPagePositions;
    return left < kPagePositions ? left : kPagePositions;
  };
  for (size_t page = 0; page < pages; page++)
    kernels.attention_scores(query, task.cache.keys(page, task.layer, task.kv_head),
                             round_up(positions_in(page), kLanes) / kLanes, task.width, task.scale,
                             task.scores + page * kPagePositions);
  const float sum = kernels.softmax_weights(task.scores, task.positions);
  std::memset(out, 0, task.width * sizeof(float));
  for (size_t page = 0; page < pages; page++)
    kernels.weigh_values(task.scores + page * kPagePositions, task.cache.values(page, task.layer, task.kv_head),
                         positions_in(page), task.width, out);
  kernels.divide(out, sum, task.width);
}

}  // namespace

void attend(const Kernels& kernels, const AttentionTask& task) {
  for (size_t i = 0; i < task.queries; i++)
    attend_one(kernels, task, task.query + i * task.width, task.out + i * task.width);
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
