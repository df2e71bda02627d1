#pragma once
// One sequence of tokens over a shared model.
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "../model/model.h"
#include "sampling.h"

namespace aria {

using CancelFlag = std::atomic<bool>;

class Session {
 public:
  // Ids that end an answer; decoding stops after one.
  Session(std::shared_ptr<Model> model, size_t tokens_max, std::vector<uint32_t> stop_tokens);

  size_t position() const { return sequence_.size(); }

  // Appends tokens. On failure or cancellation the sequence is as it was before.
  void prefill(const std::vector<uint32_t>& tokens, const CancelFlag& cancelled);

  // Appends up to `count` sampled tokens and returns them. A stop token is included and ends the answer: further
  // calls return nothing until the next prefill. `answer_start` is where the answer begins in the sequence, at the
  // end of the latest prefill unless given: what an answer continued elsewhere already holds was prefilled too.
  std::vector<Draw> decode(size_t count, const Sampling& sampling, uint64_t seed, std::optional<size_t> answer_start,
                           const CancelFlag& cancelled);

  // Logits of the last position.
  std::vector<float> logits(const CancelFlag& cancelled);

 private:
  void check_tokens(const std::vector<uint32_t>& tokens) const;
  void advance(std::span<const uint32_t> tokens, const CancelFlag& cancelled);
  void catch_up(const CancelFlag& cancelled);

  std::shared_ptr<Model> model_;
  size_t tokens_max_;
  std::vector<uint32_t> stop_tokens_;
  Cache cache_;
  std::vector<float> logits_;  // of position computed_ - 1
  std::vector<uint32_t> sequence_;  // all tokens; the newest may be sampled but not computed yet
  size_t computed_ = 0;
  size_t answer_start_ = 0;  // the sequence's length after the latest prefill
  bool stopped_ = false;
  Scratch scratch_;
};

// Runs the tokens from `position` on, in steps; after each step calls `after(begin, count)` while the step's
// logits may be read. Throws `aborted` between steps when cancelled.
template <class After>
void run_steps(Model& model, Cache& cache, size_t position, std::span<const uint32_t> tokens,
               const CancelFlag& cancelled, const After& after) {
  std::vector<Row> rows;
  for (size_t begin = 0; begin < tokens.size(); begin += kStepRows) {
    if (cancelled) throw Error("aborted", "The work was cancelled.");
    const size_t count = std::min(kStepRows, tokens.size() - begin);
    cache.reserve(position + begin + count);
    rows.clear();
    for (size_t i = 0; i < count; i++) rows.push_back({tokens[begin + i], uint32_t(position + begin + i), &cache});
    std::lock_guard turn(model.turns);
    model.forward.reserve(position + begin + count);
    model.forward.step(rows);
    after(begin, count);
  }
}

}  // namespace aria
