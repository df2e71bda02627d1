#pragma once
// Causal attention over a paged cache.
#include <span>

#include "../kernels/kernels.h"
#include "cache.h"

namespace aria {

// Query heads that go through the cache together, of one key head or of several; bounds the memory for scores.
constexpr size_t kQueryTile = 16;

// One query head of one token.
struct Query {
  const float* values;  // [width]
  size_t positions;     // attended: the token's own position + 1
  float* out;           // [width]
};

// Query heads of one sequence: those of one token, or of several that follow each other, as many to each key head.
struct AttentionTask {
  const Cache& cache;
  size_t layer;
  size_t kv_head, kv_heads;  // the first key head, and how many
  size_t width;  // of a head
  float* scores;        // [kQueryTile][score_stride]
  size_t score_stride;  // at least the most positions, rounded up to kPagePositions
  float scale;
};

// At most kQueryTile queries, key head after key head.
void attend(const Kernels& kernels, const AttentionTask& task, std::span<const Query> queries);

// Rounds a token's key and value heads to half precision into the cache.
void store_key_value(const Kernels& kernels, Cache& cache, size_t layer, size_t kv_head, size_t position, size_t width,
                     const float* key, const float* value);

}  // namespace aria
