#include "penalties.h"

#include <algorithm>

namespace aria {
namespace {

constexpr uint32_t kUnit = 1000;

void penalize_repetition(const Sampling& sampling, std::span<const uint32_t> window, Scratch& scratch) {
  const float penalty = float(sampling.repetition_penalty) / float(kUnit);
  for (uint32_t token : window) {
    if (scratch.counts[token]++) continue;
    float& logit = scratch.logits[token];
    logit = logit > 0.0f ? logit / penalty : logit * penalty;
  }
  for (uint32_t token : window) scratch.counts[token] = 0;
}

// Bias and penalties are summed as integers, so that each logit is rounded once.
void add_biases(const Sampling& sampling, std::span<const uint32_t> answer, Scratch& scratch) {
  for (uint32_t token : answer) scratch.counts[token]++;
  const auto add = [&](uint32_t token, int64_t bias) {
    if (const int64_t count = scratch.counts[token])
      bias -= sampling.presence_penalty + count * sampling.frequency_penalty;
    scratch.logits[token] = scratch.logits[token] + float(bias) / float(kUnit);
    scratch.counts[token] = 0;  // its penalty is paid
  };
  for (const LogitBias& entry : sampling.logit_bias) add(entry.token, entry.bias);
  for (uint32_t token : answer)
    if (scratch.counts[token]) add(token, 0);
}

}  // namespace

const float* penalize(const float* logits, size_t count, const Sampling& sampling, std::span<const uint32_t> sequence,
                      size_t answer_start, Scratch& scratch) {
  const bool repetition = sampling.repetition_penalty != kUnit;
  const bool answer = sampling.presence_penalty || sampling.frequency_penalty;
  if (!repetition && !answer && sampling.logit_bias.empty()) return logits;

  scratch.logits.assign(logits, logits + count);
  scratch.counts.resize(count);
  if (repetition)
    penalize_repetition(sampling, sequence.last(std::min<size_t>(sequence.size(), sampling.repetition_window)),
                        scratch);
  add_biases(sampling, answer ? sequence.subspan(answer_start) : std::span<const uint32_t>(), scratch);
  return scratch.logits.data();
}

}  // namespace aria
