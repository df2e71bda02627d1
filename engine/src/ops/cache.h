#pragma once
// Keys and values of sequences, in pages of 64 positions. A page holds all layers; per layer the keys of all key heads,
// each 4 blocks [width][16 positions], then the values of all, each [64][width]: a decoded token reads them in that order,
// and memory gives long runs twice as fast as short ones.
#include <cstdint>
#include <vector>

#include "../base/buffer.h"

namespace aria {

constexpr size_t kPagePositions = 64;

constexpr size_t pages_for(size_t positions) { return (positions + kPagePositions - 1) / kPagePositions; }

struct PageShape {
  size_t layers, kv_heads, head_width;

  size_t head_halves() const { return kPagePositions * head_width; }  // of keys; as many of values
  size_t keys_at(size_t layer, size_t head) const { return (layer * 2 * kv_heads + head) * head_halves(); }
  size_t values_at(size_t layer, size_t head) const { return keys_at(layer, head) + kv_heads * head_halves(); }
  size_t page_bytes() const { return layers * kv_heads * 2 * head_halves() * sizeof(uint16_t); }
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
  explicit Cache(const PageShape& shape) : shape_(shape) {}

  uint16_t* keys(size_t page, size_t layer, size_t head) const {
    return pages[page]->memory.as<uint16_t>() + shape_.keys_at(layer, head);
  }
  uint16_t* values(size_t page, size_t layer, size_t head) const {
    return pages[page]->memory.as<uint16_t>() + shape_.values_at(layer, head);
  }
  // How many positions the pages hold.
  size_t room() const { return pages.size() * kPagePositions; }

  std::vector<Page*> pages;

 private:
  PageShape shape_;
};

// Copies a page's first `count` positions to another page.
void copy_positions(const PageShape& shape, const Page& from, size_t count, Page& to);

// A page's first `count` positions as [layer][head][keys [width][count], values [count][width]], and back.
void read_positions(const PageShape& shape, const Page& page, size_t count, uint8_t* out);
void write_positions(const PageShape& shape, const uint8_t* bytes, size_t count, Page& page);

}  // namespace aria
