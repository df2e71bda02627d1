#include "verify.h"

#include <algorithm>

namespace aria {
namespace {

void check(const Model& model, const Transcript& transcript) {
  if (transcript.prompt.empty()) throw Error("bad_token", "A transcript needs a prompt of at least one token.");
  const size_t length = transcript.prompt.size() + transcript.output.size();
  if (length > model.config.context)
    throw Error("context_full", "The transcript has " + std::to_string(length) + " tokens; the context holds " +
                                    std::to_string(model.config.context) + ".");
  for (const auto* tokens : {&transcript.prompt, &transcript.output})
    for (uint32_t token : *tokens)
      if (token >= model.config.vocabulary)
        throw Error("bad_token", "Token " + std::to_string(token) + " is outside the vocabulary of " +
                                     std::to_string(model.config.vocabulary) + ".");
  check_sampling(transcript.sampling, model.config.vocabulary);
}

}  // namespace

Verdict verify(Scheduler& scheduler, const Transcript& transcript, const std::vector<uint32_t>& stop_tokens,
               const CancelFlag& cancelled) {
  const Model& model = *scheduler.model;
  check(model, transcript);
  Verdict verdict;
  if (transcript.output.empty()) return verdict;
  const size_t prompt = transcript.prompt.size();
  std::vector<uint32_t> tokens = transcript.prompt;  // the last output token is derived, never consumed
  tokens.insert(tokens.end(), transcript.output.begin(), transcript.output.end() - 1);
  const auto differ = [&](size_t index, uint32_t expected) {
    verdict = {false, index, expected, transcript.output[index]};
    return false;
  };
  const auto is_stop = [&](uint32_t token) {
    return std::find(stop_tokens.begin(), stop_tokens.end(), token) != stop_tokens.end();
  };

  AnswerConstraint constraint;
  const Stream stream{tokens, SIZE_MAX, prompt - 1};  // earlier rows predict the prompt itself
  replay(scheduler, {&stream, 1}, "\nverify", cancelled, [&](const ReplayedRow& row) {
    const size_t index = row.position + 1 - prompt;
    if (index > 0 && is_stop(transcript.output[index - 1])) return differ(index, transcript.output[index - 1]);
    const auto sequence = std::span(tokens).first(row.position + 1);
    const SharedMask allowed =
        constraint.mask(*scheduler.grammars, transcript.sampling.grammar, sequence.subspan(prompt));
    const uint32_t expected = sample(row.logits, model.config.vocabulary, transcript.sampling, sequence, prompt,
                                     transcript.seed, row.scratch, allowed.get())
                                  .token;
    return expected == transcript.output[index] || differ(index, expected);
  });
  return verdict;
}

}  // namespace aria
