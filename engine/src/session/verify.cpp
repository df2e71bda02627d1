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

struct Found {};  // leaves the steps at the first difference

}  // namespace

Verdict verify(Model& model, const Transcript& transcript, const std::vector<uint32_t>& stop_tokens,
               const CancelFlag& cancelled) {
  check(model, transcript);
  Verdict verdict;
  if (transcript.output.empty()) return verdict;
  const size_t prompt = transcript.prompt.size();
  std::vector<uint32_t> tokens = transcript.prompt;  // the last output token is derived, never consumed
  tokens.insert(tokens.end(), transcript.output.begin(), transcript.output.end() - 1);
  const auto differ = [&](size_t position, uint32_t expected) {
    verdict = {false, position, expected, transcript.output[position]};
    throw Found{};
  };
  const auto is_stop = [&](uint32_t token) {
    return std::find(stop_tokens.begin(), stop_tokens.end(), token) != stop_tokens.end();
  };

  Cache cache(model.config.layers, model.config.kv_heads, model.config.head_width);
  Scratch scratch;
  const auto check_row = [&](const float* logits, size_t position) {  // of the sequence; derives the token after it
    const size_t index = position + 1 - prompt;
    if (index > 0 && is_stop(transcript.output[index - 1])) differ(index, transcript.output[index - 1]);
    const auto sequence = std::span(tokens).first(position + 1);
    const uint32_t expected = sample(logits, model.config.vocabulary, transcript.sampling, sequence, prompt,
                                     transcript.seed, scratch)
                                  .token;
    if (expected != transcript.output[index]) differ(index, expected);
  };
  try {
    run_steps(model, cache, 0, tokens, cancelled, [&](size_t begin, size_t count) {
      const size_t first = prompt - 1 > begin ? prompt - 1 - begin : 0;  // earlier rows predict the prompt itself
      for (size_t row = first; row < count; row += kLogitRows) {
        const size_t rows = std::min(kLogitRows, count - row);
        const float* logits = model.forward.logits(row, rows);
        for (size_t r = 0; r < rows; r++) check_row(logits + r * model.forward.logit_stride(), begin + row + r);
      }
    });
  } catch (const Found&) {
  }
  return verdict;
}

}  // namespace aria
