#pragma once
// Log-probabilities of the model's own distribution: before penalties, grammar, temperature and truncation.
#include "sampling.h"

namespace aria {

// Fills draw.logprob, for draw.token, and draw.top with the `top` likeliest tokens.
void report_logprobs(const float* logits, size_t count, size_t top, Draw& draw);

}  // namespace aria
