#pragma once
// Keys and values of one sequence, in pages of 64 positions that are allocated as the sequence grows.
// A page holds all layers; per layer and key head: 4 key blocks [width][16 positions], then values [64][width].
#include <vector>

#include "../base/buffer.h"

namespace aria {

constexpr size_t kPagePositions = 64;

class Cache {
 public:
  Cache(size_t layers, size_t kv_heads, size_t head_width)
      : head_halves_(2 * kPagePositions * head_width),
        layer_halves_(kv_heads * head_halves_),
        page_halves_(layers * layer_halves_) {}

  void reserve(size_t positions) {
    while (pages_.size() * kPagePositions < positions) pages_.emplace_back(page_halves_ * sizeof(uint16_t));
  }

  uint16_t* keys(size_t page, size_t layer, size_t head) const {
    return pages_[page].as<uint16_t>() + layer * layer_halves_ + head * head_halves_;
  }
  uint16_t* values(size_t page, size_t layer, size_t head) const { return keys(page, layer, head) + head_halves_ / 2; }

 private:
  size_t head_halves_, layer_halves_, page_halves_;
  std::vector<Buffer> pages_;
};

}  // namespace aria
