#pragma once
// Teacher-forced passes: known tokens are computed again, each stream in a cache of its own, in the same steps as the
// work of everyone else. This is what verification stands on.
#include <functional>
#include <span>

#include "scheduler.h"

namespace aria {

struct Stream {
  std::span<const uint32_t> tokens;  // at least one; all inside the vocabulary
  size_t hidden_from = SIZE_MAX;     // positions from here on are read with their hidden state
  size_t logits_from = SIZE_MAX;     // and from here on, with logits too
};

struct ReplayedRow {
  size_t stream;        // its index
  size_t position;      // in its tokens: `logits` predict the token after it
  const float* hidden;  // what the last layer leaves, before the output norm: config.width floats
  const float* logits;  // config.vocabulary floats, or null
  Scratch& scratch;     // for drawing from them
};

// Computes all streams at once and returns when all are done. `read` gets the rows of a stream in order and never two at
// a time, but those of different streams at once, on other threads than the caller's; what it is given is valid during
// the call. It returns false when the stream needs no more, and an exception of its ends the stream and is thrown here,
// the first one, after all streams have ended. `group` is whose turn the work takes (FairQueue).
// Errors: bad_token, context_full, busy (queue or cache), aborted, closed.
void replay(Scheduler& scheduler, std::span<const Stream> streams, const std::string& group, const CancelFlag& cancelled,
            const std::function<bool(const ReplayedRow&)>& read);

}  // namespace aria
