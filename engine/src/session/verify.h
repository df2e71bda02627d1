#pragma once
// Checks that outputs are what a model must answer: one teacher-forced pass re-derives every sampled token.
#include "digest.h"
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
  float expected_logit = 0, actual_logit = 0;  // the model's own, before sampling changes them
  std::optional<Hash> digest;                  // when there is a key
};

struct VerifyOptions {
  std::vector<uint32_t> stop_tokens;
  std::optional<DigestKey> key;
};

// One verdict per transcript, in order. Transcripts share steps, as many at once as a part of the cache holds; each
// stops at its first difference. `progress` is called with the share of output tokens that are decided, from any thread.
// An error names the transcript when there are several: bad_token, bad_sampling, bad_grammar, context_full, busy,
// not_finite, aborted, closed.
std::vector<Verdict> verify(Scheduler& scheduler, std::span<const Transcript> transcripts, const VerifyOptions& options,
                            const CancelFlag& cancelled, const std::function<void(double)>& progress);

}  // namespace aria
