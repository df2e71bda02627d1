#pragma once
// Causal attention of one token's query heads that share one key head, over a paged cache.
#include "../kernels/kernels.h"
#include "cache.h"

namespace aria {

struct AttentionTask {
  const Cache& cache;
  size_t layer, kv_head;
  size_t positions;    // attended: the token's own position + 1
  size_t width;        // of a head
  size_t queries;      // heads in this group
  const float* query;  // [queries][width]
  float* out;          // [queries][width]
  float* scores;       // room for `positions` rounded up to kPagePositions
  float scale;
};

void attend(const Kernels& kernels, const AttentionTask& task);

// Rounds a token's key and value heads to half precision into the cache.
void store_key_value(const Kernels& kernels, Cache& cache, size_t layer, size_t kv_head, size_t position, size_t width,
                     const float* key, const float* value);

}  // namespace aria
