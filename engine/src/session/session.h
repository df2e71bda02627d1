#pragma once
// One sequence of tokens over a shared model. Its calls return at once; the scheduler computes them among everyone
// else's and reports through `done`, on its own thread. One call at a time.
#include "sampling.h"
#include "scheduler.h"

namespace aria {

struct SessionOptions {
  size_t tokens_max = 0;              // at most the model's context
  std::vector<uint32_t> stop_tokens;  // ids that end an answer; decoding stops after one
  std::string share_key;              // sessions with the same one share the pages of equal prefixes; empty: none
  bool reserve = false;               // set the pages for tokens_max aside now, so that no later call finds none left
};

struct DecodeRequest {
  size_t count = 0;
  Sampling sampling;
  uint64_t seed = 0;
  // Where in the sequence the answer begins, at the end of the latest prefill unless given: what an answer continued
  // elsewhere already holds was prefilled too.
  std::optional<size_t> answer_start;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // Throws `busy` when its pages cannot be reserved now, and `context_full` when they never can.
  Session(std::shared_ptr<Scheduler> scheduler, SessionOptions options);
  ~Session();
  Session(const Session&) = delete;

  // Appends tokens and reports the new length. After an error or cancellation the sequence is as it was before.
  // Errors: bad_token, context_full (the limits of session, model or cache), busy (the cache is in use), aborted.
  void prefill(std::vector<uint32_t> tokens, Cancel cancelled, Done<size_t> done);

  // Compiles the grammar of a decode() to come, here and now, on any thread but the scheduler's: a large one takes longer
  // than a step, and everyone's step would wait. While no job runs. Throws bad_grammar.
  void prepare_grammar(const std::string& grammar) { constraint_.prepare(*scheduler_->grammars, grammar); }

  // Appends up to `count` sampled tokens and reports their draws. A stop token is included and ends the answer: further calls
  // report nothing until the next prefill. What was made before an error or cancellation is reported as made.
  void decode(DecodeRequest request, Cancel cancelled, Done<std::vector<Draw>> done);

  // Reports the logits of the last position.
  void logits(Cancel cancelled, Done<std::vector<float>> done);

  // While no job runs.
  size_t length() const { return sequence_.size(); }
  size_t tokens_max() const { return options_.tokens_max; }

 private:
  friend class PrefillJob;
  friend class DecodeJob;
  friend class LogitsJob;
  friend class Snapshot;

  void check_prefill(const std::vector<uint32_t>& tokens) const;
  void need_capacity(size_t positions) const;
  void need_pages(size_t positions);
  void append_row(uint32_t token, size_t position, std::vector<Row>& rows);
  void publish(bool tail);

  const std::shared_ptr<Scheduler> scheduler_;
  const SessionOptions options_;
  const std::string group_;
  Reservation reservation_ = 0;
  Cache cache_;
  std::vector<uint32_t> sequence_;
  size_t computed_ = 0;        // positions whose keys and values are in the cache: all, or all but the newest sampled
  std::vector<float> logits_;  // after the last token, while all are computed
  size_t answer_start_ = 0;
  bool stopped_ = false;
  bool offers_pages_ = true;  // false once restored: nobody vouches for what saved bytes say was computed
  AnswerConstraint constraint_;
  Speculation speculation_;
};

}  // namespace aria
