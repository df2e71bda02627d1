#include "sampling.h"

#include <algorithm>

#include "../base/error.h"
#include "../base/keccak.h"
#include "../kernels/math.h"

namespace aria {
namespace {

constexpr float kWeightOne = 0x1p24f;
constexpr float kWeightless = -17.0f;  // exp(-17) * 2^24 < 1: such a token can never be drawn
constexpr uint64_t kTopPOne = 10000;

// The largest logit, the lowest token among equals.
size_t largest(const float* logits, size_t count) {
  size_t best = 0;
  bool finite = true;
  for (size_t i = 0; i < count; i++) {
    finite = finite && logits[i] - logits[i] == 0.0f;
    if (logits[i] > logits[best]) best = i;
  }
  if (!finite) throw Error("not_finite", "The model produced an infinite or NaN logit; its weights are unusable.");
  return best;
}

bool better(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

// Tokens with a weight, in any order.
void collect(const float* logits, size_t count, float most, uint32_t temperature, std::vector<Candidate>& out) {
  const float divisor = float(temperature) / 1000.0f;
  out.clear();
  for (size_t i = 0; i < count; i++) {
    const float x = (logits[i] - most) / divisor;
    if (x < kWeightless) continue;
    const uint32_t weight = uint32_t(exp_f32(x) * kWeightOne);
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
  if (top_p >= kTopPOne) return;
  const uint64_t needed = total_weight(candidates) * top_p;  // at most 2^22 tokens * 2^24 * 10^4 < 2^60
  candidates.resize(prefix_reaching(candidates, (needed + kTopPOne - 1) / kTopPOne));
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

Draw sample(const float* logits, size_t count, const Sampling& sampling, std::span<const uint32_t> sequence,
            size_t, uint64_t seed, Scratch& scratch) {
  const size_t best = largest(logits, count);
  if (sampling.temperature == 0) return {uint32_t(best), 0, {}};

  std::vector<Candidate>& candidates = scratch.candidates;
  collect(logits, count, logits[best], sampling.temperature, candidates);
  keep_top_k(candidates, sampling.top_k);
  keep_top_p(candidates, sampling.top_p);

  const uint64_t random = random_at(seed, uint32_t(sequence.size()));
  const uint64_t threshold = uint64_t(static_cast<unsigned __int128>(random) * total_weight(candidates) >> 64);
  return {candidates[prefix_reaching(candidates, threshold + 1) - 1].token, 0, {}};
}

}  // namespace aria
