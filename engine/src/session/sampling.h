#pragma once
// Drawing a token from logits. Integers decide wherever a referee would have to repeat it: SPEC.md, "Sampling".
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../grammar/vocabulary.h"

namespace aria {

constexpr uint32_t kRepetitionWindowMax = 32768;  // bounds a draw's time

struct LogitBias {
  uint32_t token;
  int32_t bias;  // in 1/1000, added to the token's logit
};

struct Sampling {
  uint32_t temperature = 0;           // in 1/1000; 0 takes the largest logit
  uint32_t top_k = 0;                 // 0 is off
  uint32_t top_p = 10000;             // in 1/10000; 10000 is off
  uint32_t min_p = 0;                 // in 1/10000; 0 is off
  int32_t presence_penalty = 0;       // in 1/1000
  int32_t frequency_penalty = 0;      // in 1/1000
  uint32_t repetition_penalty = 1000;  // in 1/1000; 1000 is off
  uint32_t repetition_window = kRepetitionWindowMax;  // the newest tokens of the sequence that the repetition penalty sees
  std::vector<LogitBias> logit_bias;  // each token once
  int32_t logprobs = -1;              // how many of the likeliest tokens to report with each draw; -1 reports nothing
  std::string grammar;                // GBNF; empty is off
};

struct TokenLogprob {
  uint32_t token;
  float logprob;
};

struct Draw {
  uint32_t token = 0;
  float logprob = 0;              // of the token, when logprobs are asked for
  std::vector<TokenLogprob> top;  // the likeliest tokens, best first
};

struct Candidate {
  uint32_t token;
  uint32_t weight;  // trunc(exp((logit - max) / temperature) * 2^24)
  float logit;
};

// Memory that draws reuse.
struct Scratch {
  std::vector<Candidate> candidates;
  std::vector<float> logits;
  std::vector<uint32_t> counts;  // zero between draws
};

// The first eight bytes, big endian, of keccak256(seed u64 BE | position u32 BE).
uint64_t random_at(uint64_t seed, uint32_t position);

// Throws bad_sampling when the settings name a token outside the vocabulary.
void check_sampling(const Sampling& sampling, size_t vocabulary);

// The token that follows `sequence`, the prompt and the answer so far, which begins at `answer_start`; all its tokens
// are below `count`. Tokens outside `allowed` (null: all are in) take no part. The random number is that of position
// sequence.size(). Throws not_finite when a logit is infinite or NaN, bad_grammar when no token is allowed.
Draw sample(const float* logits, size_t count, const Sampling& sampling, std::span<const uint32_t> sequence,
            size_t answer_start, uint64_t seed, Scratch& scratch, const TokenMask* allowed = nullptr);

}  // namespace aria
