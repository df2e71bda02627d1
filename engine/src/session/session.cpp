#include "session.h"

#include <algorithm>

namespace aria {

Session::Session(std::shared_ptr<Model> model, size_t tokens_max, std::vector<uint32_t> stop_tokens)
    : model_(std::move(model)),
      tokens_max_(std::min(tokens_max, model_->config.context)),
      stop_tokens_(std::move(stop_tokens)),
      cache_(model_->config.layers, model_->config.kv_heads, model_->config.head_width) {}

void Session::check_tokens(const std::vector<uint32_t>& tokens) const {
  if (tokens.empty()) throw Error("bad_token", "A prefill needs at least one token.");
  for (uint32_t token : tokens)
    if (token >= model_->config.vocabulary)
      throw Error("bad_token", "Token " + std::to_string(token) + " is outside the vocabulary of " +
                                   std::to_string(model_->config.vocabulary) + ".");
  if (tokens.size() > tokens_max_ - sequence_.size())
    throw Error("context_full", "The session holds " + std::to_string(sequence_.size()) + " of at most " +
                                    std::to_string(tokens_max_) + " tokens; " + std::to_string(tokens.size()) +
                                    " more do not fit.");
}

// Computes tokens that follow computed_, and keeps the logits of the last.
void Session::advance(std::span<const uint32_t> tokens, const CancelFlag& cancelled) {
  run_steps(*model_, cache_, computed_, tokens, cancelled, [&](size_t begin, size_t count) {
    if (begin + count < tokens.size()) return;
    const float* row = model_->forward.logits(count - 1, 1);
    logits_.assign(row, row + model_->config.vocabulary);
  });
  computed_ += tokens.size();
}

void Session::catch_up(const CancelFlag& cancelled) {
  if (computed_ < sequence_.size()) advance(std::span(sequence_).subspan(computed_), cancelled);
}

void Session::prefill(const std::vector<uint32_t>& tokens, const CancelFlag& cancelled) {
  check_tokens(tokens);
  std::vector<uint32_t> all = sequence_;
  all.insert(all.end(), tokens.begin(), tokens.end());
  advance(std::span(all).subspan(computed_), cancelled);
  sequence_ = std::move(all);
  answer_start_ = sequence_.size();
  stopped_ = false;
}

std::vector<Draw> Session::decode(size_t count, const Sampling& sampling, uint64_t seed,
                                  std::optional<size_t> answer_start, const CancelFlag& cancelled) {
  if (sequence_.empty()) throw Error("bad_token", "The session is empty; prefill a prompt first.");
  check_sampling(sampling, model_->config.vocabulary);
  const size_t start = answer_start.value_or(answer_start_);
  if (start > sequence_.size())
    throw Error("bad_options", "The answer starts at " + std::to_string(start) + ", beyond the session's " +
                                   std::to_string(sequence_.size()) + " tokens.");
  std::vector<Draw> made;
  while (made.size() < count && !stopped_) {
    if (sequence_.size() >= tokens_max_) {
      if (!made.empty()) break;
      throw Error("context_full", "The session is full: it holds " + std::to_string(sequence_.size()) + " tokens.");
    }
    try {
      catch_up(cancelled);
      made.push_back(sample(logits_.data(), logits_.size(), sampling, sequence_, start, seed, scratch_));
    } catch (const Error&) {  // what was made stays made: the caller gets it, and the next call reports
      if (made.empty()) throw;
      break;
    }
    const uint32_t token = made.back().token;
    sequence_.push_back(token);
    stopped_ = std::find(stop_tokens_.begin(), stop_tokens_.end(), token) != stop_tokens_.end();
  }
  return made;
}

std::vector<float> Session::logits(const CancelFlag& cancelled) {
  if (sequence_.empty()) throw Error("bad_token", "The session is empty; prefill a prompt first.");
  catch_up(cancelled);
  return logits_;
}

}  // namespace aria
