#pragma once
// Keys and values of sequences, in pages of 64 positions. A page holds all layers; per layer and key head: 4 key
// blocks [width][16 positions], then values [64][width].
#include <cstdint>
#include <vector>

#include "../base/buffer.h"

namespace aria {

constexpr size_t kPagePositions = 64;

constexpr size_t pages_for(size_t positions) { return (positions + kPagePositions - 1) / kPagePositions; }

struct PageShape {
  size_t layers, kv_heads, head_width;

  size_t head_halves() const { return 2 * kPagePositions * head_width; }
  size_t page_halves() const { return layers * kv_heads * head_halves(); }
  size_t page_bytes() const { return page_halves() * sizeof(uint16_t); }
  // Bytes of one position in read_positions' form.
  size_t position_bytes() const { return layers * kv_heads * 2 * head_width * sizeof(uint16_t); }
};

struct PrefixNode;

// Written only by the one sequence that it belongs to; read by all that share it once it is full.
struct Page {
  explicit Page(const PageShape& shape) : memory(shape.page_bytes()) {}
  Buffer memory;
  size_t users = 0;            // sequences whose table names it
  PrefixNode* node = nullptr;  // where the prefix index holds it
};

// The page table of one sequence. It does not own the pages.
class Cache {
 public:
  explicit Cache(const PageShape& shape) : head_halves_(shape.head_halves()), heads_(shape.kv_heads) {}

  uint16_t* keys(size_t page, size_t layer, size_t head) const {
    return pages[page]->memory.as<uint16_t>() + (layer * heads_ + head) * head_halves_;
  }
  uint16_t* values(size_t page, size_t layer, size_t head) const { return keys(page, layer, head) + head_halves_ / 2; }
  // How many positions the pages hold.
  size_t room() const { return pages.size() * kPagePositions; }

  std::vector<Page*> pages;

 private:
  size_t head_halves_, heads_;
};

// Copies a page's first `count` positions to another page.
void copy_positions(const PageShape& shape, const Page& from, size_t count, Page& to);

// A page's first `count` positions as [layer][head][keys [width][count], values [count][width]], and back.
void read_positions(const PageShape& shape, const Page& page, size_t count, uint8_t* out);
void write_positions(const PageShape& shape, const uint8_t* bytes, size_t count, Page& page);

}  // namespace aria
