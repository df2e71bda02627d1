#include "sampling.h"

#include <algorithm>

#include "../base/error.h"
#include "../base/keccak.h"
#include "../kernels/math.h"
#include "logprobs.h"
#include "penalties.h"

namespace aria {
namespace {

constexpr uint64_t kWeightOne = uint64_t{1} << 24;
constexpr float kWeightless = -17.0f;  // exp(-17) * 2^24 < 1: such a token can never be drawn
constexpr uint64_t kShareOne = 10000;

bool is_allowed(const TokenMask* allowed, size_t token) {
  return !allowed || ((*allowed)[token / 64] >> (token % 64) & 1);
}

void check_finite(const float* logits, size_t count) {
  uint32_t wrong = 0;  // no shortcut: compilers compare several at once then
  for (size_t i = 0; i < count; i++) wrong |= uint32_t(logits[i] - logits[i] != 0.0f);
  if (wrong) throw Error("not_finite", "The model produced an infinite or NaN logit; its weights are unusable.");
}

// The token with the largest of finite logits, the lowest among equals: first which logit, several at a time, then where.
size_t largest(const float* logits, size_t count) {
  constexpr size_t kLanes = 16;
  float lanes[kLanes];
  std::fill(lanes, lanes + kLanes, logits[0]);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (size_t lane = 0; lane < kLanes; lane++)
      lanes[lane] = logits[i + lane] > lanes[lane] ? logits[i + lane] : lanes[lane];
  float most = *std::max_element(lanes, lanes + kLanes);
  for (; i < count; i++) most = logits[i] > most ? logits[i] : most;
  return size_t(std::find(logits, logits + count, most) - logits);
}

// The same of the allowed tokens.
size_t largest(const float* logits, size_t count, const TokenMask* allowed) {
  if (!allowed) return largest(logits, count);
  size_t best = count;
  for (size_t i = 0; i < count; i++)
    if (is_allowed(allowed, i) && (best == count || logits[i] > logits[best])) best = i;
  if (best == count)
    throw Error("bad_grammar", "No token of the vocabulary continues the answer as the grammar asks.");
  return best;
}

bool better(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

// Allowed tokens with a weight, in any order.
void collect(const float* logits, size_t count, const TokenMask* allowed, float most, uint32_t temperature,
             std::vector<Candidate>& out) {
  const float divisor = float(temperature) / 1000.0f;
  out.clear();
  for (size_t i = 0; i < count; i++) {
    const float x = (logits[i] - most) / divisor;
    if (x < kWeightless || !is_allowed(allowed, i)) continue;
    const uint32_t weight = uint32_t(exp_f32(x) * float(kWeightOne));
    if (weight > 0) out.push_back({uint32_t(i), weight, logits[i]});
  }
}

uint64_t total_weight(const std::vector<Candidate>& candidates) {
  uint64_t total = 0;
  for (const Candidate& candidate : candidates) total += candidate.weight;
  return total;
}

// The length of the shortest best-first prefix whose weight is at least `reach`; afterwards that prefix is in front,
// its worst candidate last. Halving by selection gives what sorting would, in linear time.
size_t prefix_reaching(std::vector<Candidate>& candidates, uint64_t reach) {
  size_t begin = 0, end = candidates.size();
  uint64_t sum = 0;  // of everything before `begin`
  while (end - begin > 1) {
    const size_t middle = begin + (end - begin) / 2;
    std::nth_element(candidates.begin() + begin, candidates.begin() + middle, candidates.begin() + end, better);
    uint64_t left = 0;
    for (size_t i = begin; i < middle; i++) left += candidates[i].weight;
    if (sum + left >= reach) {
      end = middle;
    } else {
      sum += left;
      begin = middle;
    }
  }
  return begin + 1;
}

void keep_top_k(std::vector<Candidate>& candidates, size_t top_k) {
  if (top_k == 0 || candidates.size() <= top_k) return;
  std::nth_element(candidates.begin(), candidates.begin() + top_k, candidates.end(), better);
  candidates.resize(top_k);
}

// Keeps the shortest prefix whose weight times 10000 is at least top_p times the total; at least one token.
void keep_top_p(std::vector<Candidate>& candidates, uint32_t top_p) {
  if (top_p >= kShareOne) return;
  const uint64_t needed = total_weight(candidates) * top_p;  // at most 2^22 tokens * 2^24 * 10^4 < 2^60
  candidates.resize(prefix_reaching(candidates, (needed + kShareOne - 1) / kShareOne));
}

// Keeps tokens whose weight times 10000 is at least min_p times the best token's, which is always 2^24.
void keep_min_p(std::vector<Candidate>& candidates, uint32_t min_p) {
  if (min_p == 0) return;
  std::erase_if(candidates, [&](const Candidate& c) { return c.weight * kShareOne < min_p * kWeightOne; });
}

size_t draw_token(const float* logits, size_t count, const Sampling& sampling, const TokenMask* allowed,
                  uint64_t random, std::vector<Candidate>& candidates) {
  const size_t best = largest(logits, count, allowed);
  if (sampling.temperature == 0) return best;

  collect(logits, count, allowed, logits[best], sampling.temperature, candidates);
  keep_top_k(candidates, sampling.top_k);
  keep_top_p(candidates, sampling.top_p);
  keep_min_p(candidates, sampling.min_p);
  const uint64_t threshold = uint64_t(static_cast<unsigned __int128>(random) * total_weight(candidates) >> 64);
  return candidates[prefix_reaching(candidates, threshold + 1) - 1].token;
}

}  // namespace

uint64_t random_at(uint64_t seed, uint32_t position) {
  uint8_t message[12];
  for (int i = 0; i < 8; i++) message[i] = uint8_t(seed >> (56 - 8 * i));
  for (int i = 0; i < 4; i++) message[8 + i] = uint8_t(position >> (24 - 8 * i));
  const Hash hash = keccak256(message, sizeof message);
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) value = value << 8 | hash[i];
  return value;
}

void check_sampling(const Sampling& sampling, size_t vocabulary) {
  for (const LogitBias& entry : sampling.logit_bias)
    if (entry.token >= vocabulary)
      throw Error("bad_sampling", "Sampling logitBias names token " + std::to_string(entry.token) +
                                      ", outside the vocabulary of " + std::to_string(vocabulary) + ".");
}

Draw sample(const float* logits, size_t count, const Sampling& sampling, std::span<const uint32_t> sequence,
            size_t answer_start, uint64_t seed, Scratch& scratch, const TokenMask* allowed) {
  check_finite(logits, count);
  const float* penalized = penalize(logits, count, sampling, sequence, answer_start, scratch);
  if (penalized != logits) check_finite(penalized, count);

  Draw draw;
  const uint64_t random = random_at(seed, uint32_t(sequence.size()));
  draw.token = uint32_t(draw_token(penalized, count, sampling, allowed, random, scratch.candidates));
  if (sampling.logprobs >= 0) report_logprobs(logits, count, size_t(sampling.logprobs), draw);
  return draw;
}

}  // namespace aria
