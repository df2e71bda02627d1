#include "cache.h"

#include "../kernels/kernels.h"

namespace aria {
namespace {

// body(keys, values) for each head of each layer: where they lie in a page, in halves.
template <class Body>
void each_head(const PageShape& shape, const Body& body) {
  for (size_t layer = 0; layer < shape.layers; layer++)
    for (size_t head = 0; head < shape.kv_heads; head++) body(shape.keys_at(layer, head), shape.values_at(layer, head));
}

}  // namespace

void copy_positions(const PageShape& shape, const Page& from, size_t count, Page& to) {
  const size_t blocks = (count + kLanes - 1) / kLanes;
  each_head(shape, [&](size_t keys, size_t values) {
    std::memcpy(to.memory.as<uint16_t>() + keys, from.memory.as<uint16_t>() + keys,
                blocks * kLanes * shape.head_width * sizeof(uint16_t));
    std::memcpy(to.memory.as<uint16_t>() + values, from.memory.as<uint16_t>() + values,
                count * shape.head_width * sizeof(uint16_t));
  });
}

// Keys are gathered lane by lane: the lanes past `count` may hold what another sequence left there.
void read_positions(const PageShape& shape, const Page& page, size_t count, uint8_t* out) {
  const size_t width = shape.head_width;
  each_head(shape, [&](size_t keys_at, size_t values_at) {
    const uint16_t *keys = page.memory.as<uint16_t>() + keys_at, *values = page.memory.as<uint16_t>() + values_at;
    for (size_t i = 0; i < width; i++)
      for (size_t begin = 0; begin < count; begin += kLanes) {
        const size_t lanes = count - begin < kLanes ? count - begin : kLanes;
        std::memcpy(out, keys + begin * width + i * kLanes, lanes * sizeof(uint16_t));
        out += lanes * sizeof(uint16_t);
      }
    std::memcpy(out, values, count * width * sizeof(uint16_t));
    out += count * width * sizeof(uint16_t);
  });
}

void write_positions(const PageShape& shape, const uint8_t* bytes, size_t count, Page& page) {
  const size_t width = shape.head_width;
  each_head(shape, [&](size_t keys_at, size_t values_at) {
    uint16_t *keys = page.memory.as<uint16_t>() + keys_at, *values = page.memory.as<uint16_t>() + values_at;
    for (size_t i = 0; i < width; i++)
      for (size_t begin = 0; begin < count; begin += kLanes) {
        const size_t lanes = count - begin < kLanes ? count - begin : kLanes;
        std::memcpy(keys + begin * width + i * kLanes, bytes, lanes * sizeof(uint16_t));
        bytes += lanes * sizeof(uint16_t);
      }
    std::memcpy(values, bytes, count * width * sizeof(uint16_t));
    bytes += count * width * sizeof(uint16_t);
  });
}

}  // namespace aria
