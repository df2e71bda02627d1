#pragma once
// Checks that an output is what a model must answer: one teacher-forced pass re-derives every sampled token.
#include "replay.h"
#include "sampling.h"

namespace aria {

struct Transcript {
  std::vector<uint32_t> prompt, output;
  Sampling sampling;
  uint64_t seed = 0;
};

struct Verdict {
  bool match = true;
  size_t position = 0;  // in the output
  uint32_t expected = 0, actual = 0;
};

Verdict verify(Scheduler& scheduler, const Transcript& transcript, const std::vector<uint32_t>& stop_tokens,
               const CancelFlag& cancelled);

}  // namespace aria
