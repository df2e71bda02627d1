#include "verify.h"

#include <algorithm>

namespace aria {
namespace {

constexpr size_t kCacheShare = 4;     // transcripts under way take at most this part of the cache, or one takes what it needs
constexpr size_t kStreamsMax = 256;   // and no more than this many jobs of the scheduler's queue

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

// One transcript as its rows come in.
class Check {
 public:
  Check(Scheduler& scheduler, const Transcript& transcript, const VerifyOptions& options)
      : scheduler_(scheduler), transcript_(transcript), options_(options), tokens_(transcript.prompt) {
    check(*scheduler.model, transcript);
    if (!transcript.output.empty())  // the last output token is derived, never consumed
      tokens_.insert(tokens_.end(), transcript.output.begin(), transcript.output.end() - 1);
    if (options.key) digest_.emplace(*options.key);
  }

  bool is_decided() const { return transcript_.output.empty() && !options_.key; }
  size_t pages() const { return pages_for(tokens_.size()); }
  Stream stream() const {
    const size_t logits_from = transcript_.output.empty() ? SIZE_MAX : transcript_.prompt.size() - 1;
    return {tokens_, options_.key ? 0 : SIZE_MAX, logits_from};  // earlier rows predict the prompt itself
  }

  // On the caller's thread, which nobody waits for.
  void prepare() { constraint_.prepare(*scheduler_.grammars, transcript_.sampling.grammar); }

  // Whether more rows are wanted.
  bool read(const ReplayedRow& row) {
    if (digest_) digest_->add(row.hidden, scheduler_.model->config.width);
    if (!row.logits) return true;
    const size_t index = row.position + 1 - transcript_.prompt.size();
    // After a stop token nothing may follow, whatever it is.
    const bool ended = index > 0 && is_stop(transcript_.output[index - 1]);
    const uint32_t expected = ended ? transcript_.output[index - 1] : derive(row), actual = transcript_.output[index];
    if (expected == actual && !ended) return true;
    verdict_ = {false, index, expected, actual, row.logits[expected], row.logits[actual], std::nullopt};
    return false;
  }

  Verdict finish() {
    if (digest_) verdict_.digest = digest_->finish();
    return verdict_;
  }

 private:
  bool is_stop(uint32_t token) const {
    return std::find(options_.stop_tokens.begin(), options_.stop_tokens.end(), token) != options_.stop_tokens.end();
  }

  // The token that the model must answer after this row.
  uint32_t derive(const ReplayedRow& row) {
    const size_t prompt = transcript_.prompt.size();
    const auto sequence = std::span(tokens_).first(row.position + 1);
    const SharedMask allowed =
        constraint_.mask(*scheduler_.grammars, transcript_.sampling.grammar, sequence.subspan(prompt));
    return sample(row.logits, scheduler_.model->config.vocabulary, transcript_.sampling, sequence, prompt,
                  transcript_.seed, row.scratch, allowed.get())
        .token;
  }

  Scheduler& scheduler_;
  const Transcript& transcript_;
  const VerifyOptions& options_;
  std::vector<uint32_t> tokens_;  // those that are computed
  AnswerConstraint constraint_;
  std::optional<HiddenDigest> digest_;
  Verdict verdict_;
};

// Names the transcript in an error, where there are several.
template <class Body>
auto naming(size_t index, size_t count, const Body& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (count == 1) throw;
    throw Error(error.code, "Transcript " + std::to_string(index) + ": " + error.what());
  }
}

}  // namespace

std::vector<Verdict> verify(Scheduler& scheduler, std::span<const Transcript> transcripts, const VerifyOptions& options,
                            const CancelFlag& cancelled, const std::function<void(double)>& progress) {
  const size_t count = transcripts.size(), pages_max = scheduler.pages.capacity() / kCacheShare;
  size_t total = 0;
  std::vector<Check> checks;
  checks.reserve(count);
  for (size_t i = 0; i < count; i++) {
    naming(i, count, [&] { checks.emplace_back(scheduler, transcripts[i], options); });
    total += transcripts[i].output.size();
  }

  std::atomic<size_t> decided = 0;
  for (size_t begin = 0; begin < count;) {
    std::vector<Stream> streams;
    std::vector<size_t> indices;
    size_t pages = 0, end = begin;
    for (; end < count && streams.size() < kStreamsMax; end++) {
      if (checks[end].is_decided()) continue;
      if (!streams.empty() && pages + checks[end].pages() > pages_max) break;
      naming(end, count, [&] { checks[end].prepare(); });
      pages += checks[end].pages();
      streams.push_back(checks[end].stream());
      indices.push_back(end);
    }
    replay(scheduler, streams, "\nverify", cancelled, [&](const ReplayedRow& row) {
      const size_t index = indices[row.stream];
      const bool more = naming(index, count, [&] { return checks[index].read(row); });
      if (row.logits) progress(double(++decided) / double(total));
      return more;
    });
    begin = end;
  }
  std::vector<Verdict> verdicts;
  for (Check& check : checks) verdicts.push_back(check.finish());
  return verdicts;
}

}  // namespace aria
