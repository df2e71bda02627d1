#pragma once
// Drawing a token from logits. Integers decide wherever a referee would have to repeat it: SPEC.md, "Sampling".
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace aria {

struct Sampling {
  uint32_t temperature = 0;  // in 1/1000; 0 takes the largest logit
  uint32_t top_k = 0;        // 0 is off
  uint32_t top_p = 10000;    // in 1/10000; 10000 is off
};

struct TokenLogprob {
  uint32_t token;
  float logprob;
};

struct Draw {
  uint32_t token = 0;
  float logprob = 0;              // of the token
  std::vector<TokenLogprob> top;  // the likeliest tokens, best first, when asked for
};

struct Candidate {
  uint32_t token;
  uint32_t weight;  // trunc(exp((logit - max) / temperature) * 2^24)
  float logit;
};

// Memory that draws reuse.
struct Scratch {
  std::vector<Candidate> candidates;
};

// The first eight bytes, big endian, of keccak256(seed u64 BE | position u32 BE).
uint64_t random_at(uint64_t seed, uint32_t position);

// The token that follows `sequence`, the prompt and the answer so far, which begins at `answer_start`. The random number
// is that of position sequence.size(). Throws not_finite when a logit is infinite or NaN.
Draw sample(const float* logits, size_t count, const Sampling& sampling, std::span<const uint32_t> sequence,
            size_t answer_start, uint64_t seed, Scratch& scratch);

}  // namespace aria
