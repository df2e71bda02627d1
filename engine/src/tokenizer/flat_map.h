#pragma once
// A hash table from 64-bit keys to 64-bit values, filled once: lookups of merges are most of the time of tokenising.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace aria {

class FlatMap {
 public:
  static constexpr uint64_t kNone = ~uint64_t{0};  // no key and no value

  explicit FlatMap(size_t count) {
    size_t slots = 16;
    while (slots < 2 * count) slots *= 2;
    slots_.assign(slots, {kNone, kNone});
  }

  /** Keeps the first value of a key. At most the constructor's count of keys. */
  void add(uint64_t key, uint64_t value) {
    Slot& slot = slots_[find_slot(key)];
    if (slot.key == kNone) slot = {key, value};
  }

  /** The value, or kNone. */
  uint64_t find(uint64_t key) const { return slots_[find_slot(key)].value; }

 private:
  struct Slot {
    uint64_t key, value;
  };

  size_t find_slot(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    uint64_t hash = key * 0x9E3779B97F4A7C15;  // Fibonacci hashing: Knuth, volume 3, 6.4
    size_t at = (hash ^ hash >> 32) & mask;
    while (slots_[at].key != kNone && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }

  std::vector<Slot> slots_;
};

}  // namespace aria
