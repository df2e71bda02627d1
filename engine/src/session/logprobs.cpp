#include "logprobs.h"

#include <algorithm>

#include "../kernels/math.h"

namespace aria {
namespace {

constexpr size_t kLanes = 16;

// The sum of exp(logit - most) in the order of the specification's sixteen lanes.
float sum_of_exponentials(const float* logits, size_t count, float most) {
  float lanes[kLanes] = {};
  for (size_t i = 0; i < count; i++) lanes[i % kLanes] += exp_f32(logits[i] - most);
  for (size_t width = kLanes / 2; width > 0; width /= 2)
    for (size_t i = 0; i < width; i++) lanes[i] += lanes[i + width];
  return lanes[0];
}

// The `top` tokens with the largest logits, best first, the lower token first among equals.
std::vector<TokenLogprob> largest_tokens(const float* logits, size_t count, size_t top) {
  std::vector<TokenLogprob> best;  // holds logits until the caller turns them into probabilities
  if (top == 0) return best;
  for (size_t i = 0; i < count; i++) {
    if (best.size() == top && !(logits[i] > best.back().logprob)) continue;
    if (best.size() == top) best.pop_back();
    const auto worse = [&](const TokenLogprob& entry) { return entry.logprob < logits[i]; };
    best.insert(std::find_if(best.begin(), best.end(), worse), {uint32_t(i), logits[i]});
  }
  return best;
}

}  // namespace

void report_logprobs(const float* logits, size_t count, size_t top, Draw& draw) {
  const float most = *std::max_element(logits, logits + count);
  const double normalizer = log_f64(double(sum_of_exponentials(logits, count, most)));
  const auto logprob = [&](float logit) { return float(double(logit - most) - normalizer); };
  draw.logprob = logprob(logits[draw.token]);
  draw.top = largest_tokens(logits, count, top);
  for (TokenLogprob& entry : draw.top) entry.logprob = logprob(entry.logprob);
}

}  // namespace aria
