#include "digest.h"

#include <cstring>

#include "../base/error.h"

namespace aria {

void HiddenDigest::add(const float* hidden, size_t width) {
  for (size_t i = 0; i < width; i++)
    if (hidden[i] - hidden[i] != 0.0f)
      throw Error("not_finite", "The model produced an infinite or NaN hidden state; its weights are unusable.");
  message_.resize(width * sizeof(float) + key_.size());
  std::memcpy(message_.data(), hidden, width * sizeof(float));  // little endian, like every target of the engine
  std::memcpy(message_.data() + width * sizeof(float), key_.data(), key_.size());
  const Hash hash = keccak256(message_.data(), message_.size());
  hashes_.insert(hashes_.end(), hash.begin(), hash.end());
}

}  // namespace aria
