#pragma once
// Drawing a token from logits. Integers decide wherever a referee would have to repeat it: SPEC.md, "Sampling".
#include <cstddef>
#include <cstdint>
#include <vector>

namespace aria {

struct Sampling {
  uint32_t temperature = 0;  // in 1/1000; 0 takes the largest logit
  uint32_t top_k = 0;        // 0 is off
  uint32_t top_p = 10000;    // in 1/10000; 10000 is off
};

struct Candidate {
  uint32_t token;
  uint32_t weight;  // trunc(exp((logit - max) / temperature) * 2^24)
  float logit;
};

// The first eight bytes, big endian, of keccak256(seed u64 BE | position u32 BE).
uint64_t random_at(uint64_t seed, uint32_t position);

// `scratch` is reused between calls. Throws not_finite when a logit is infinite or NaN.
uint32_t sample(const float* logits, size_t count, const Sampling& sampling, uint64_t seed, uint32_t position,
                std::vector<Candidate>& scratch);

}  // namespace aria
