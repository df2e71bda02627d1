#pragma once
// What changes logits before a draw: repetition, presence and frequency penalties, and logit bias.
#include "sampling.h"

namespace aria {

// The logits to draw from: `logits` itself when no setting changes them, otherwise a changed copy in `scratch`.
const float* penalize(const float* logits, size_t count, const Sampling& sampling, std::span<const uint32_t> sequence,
                      size_t answer_start, Scratch& scratch);

}  // namespace aria
