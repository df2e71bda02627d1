#pragma once
// A fast hash of large data, to tell files apart by accident, not by attack: eight independent lanes keep up with memory;
// keccak condenses them.
#include <cstring>
#include <string_view>

#include "keccak.h"

namespace aria {

class Fingerprint {
 public:
  // The end of each piece counts, so that moving bytes from one to the next changes the hash.
  void add(std::string_view bytes) {
    add_word(bytes.size());
    const size_t whole = bytes.size() / sizeof lanes_ * sizeof lanes_;
    for (size_t at = 0; at < whole; at += sizeof lanes_) {
      uint64_t words[kLanes];
      std::memcpy(words, bytes.data() + at, sizeof words);
      for (size_t lane = 0; lane < kLanes; lane++) mix(lane, words[lane]);
    }
    for (size_t at = whole; at < bytes.size(); at++) add_word(uint8_t(bytes[at]));
  }
  Hash hash() const { return keccak256(reinterpret_cast<const uint8_t*>(lanes_), sizeof lanes_); }

 private:
  static constexpr size_t kLanes = 8;
  void add_word(uint64_t word) { mix(next_++ % kLanes, word); }
  void mix(size_t lane, uint64_t word) {
    const uint64_t mixed = (lanes_[lane] ^ word) * 0x9e3779b97f4a7c15;  // odd: invertible, so no word is lost
    lanes_[lane] = mixed ^ mixed >> 29;
  }
  uint64_t lanes_[kLanes] = {1, 2, 3, 4, 5, 6, 7, 8};
  size_t next_ = 0;
};

}  // namespace aria
