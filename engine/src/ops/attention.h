#pragma once
// Causal attention of one token's query heads that share one key head, over a paged cache.
#include "../kernels/kernels.h"
#include "cache.h"

namespace aria {

// Query heads that go through the cache together; bounds the memory for scores.
constexpr size_t kQueryTile = 8;

struct AttentionTask {
  const Cache& cache;
  size_t layer, kv_head;
  size_t positions;    // attended: the token's own position + 1
  size_t width;        // of a head
  size_t queries;      // heads in this group
  const float* query;  // [queries][width]
  float* out;          // [queries][width]
  float* scores;       // [kQueryTile, or queries if fewer][score_stride]
  size_t score_stride;  // at least `positions` rounded up to kPagePositions
  float scale;
};

void attend(const Kernels& kernels, const AttentionTask& task);

// Rounds a token's key and value heads to half precision into the cache.
void store_key_value(const Kernels& kernels, Cache& cache, size_t layer, size_t kv_head, size_t position, size_t width,
                     const float* key, const float* value);

}  // namespace aria
