#pragma once
// The keyed digest of hidden states: whoever can tell it has run the model over these tokens (SPEC.md, section 6).
#include <vector>

#include "../base/keccak.h"

namespace aria {

using DigestKey = std::array<uint8_t, 32>;

class HiddenDigest {
 public:
  explicit HiddenDigest(const DigestKey& key) : key_(key) {}

  // The next position's hidden state: what the last layer leaves, before the output norm. Throws not_finite.
  void add(const float* hidden, size_t width);
  Hash finish() const { return keccak256(hashes_.data(), hashes_.size()); }

 private:
  DigestKey key_;
  std::vector<uint8_t> hashes_, message_;
};

}  // namespace aria
