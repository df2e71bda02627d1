#include "constraint.h"

#include <algorithm>

#include "../base/error.h"

namespace aria {
namespace {

constexpr size_t kMasksMax = 256;    // of 19 kB for 150,000 tokens
constexpr size_t kGrammarsMax = 8;   // remembered per model, some megabytes each

}  // namespace

GrammarMatcher::GrammarMatcher(std::string_view grammar, std::shared_ptr<const Vocabulary> vocabulary)
    : vocabulary_(std::move(vocabulary)),
      automaton_(compile_grammar(grammar)),
      path_(vocabulary_->tree().depth() + 1) {}

size_t GrammarMatcher::open(const size_t* copied_from) {
  std::lock_guard guard(mutex_);
  const Automaton::State state = copied_from ? slots_[*copied_from] : automaton_.start();
  if (closed_.empty()) {
    slots_.push_back(state);
    return slots_.size() - 1;
  }
  const size_t slot = closed_.back();
  closed_.pop_back();
  slots_[slot] = state;
  return slot;
}

void GrammarMatcher::close(size_t slot) {
  std::lock_guard guard(mutex_);
  slots_[slot] = Automaton::kDead;
  closed_.push_back(slot);
}

void GrammarMatcher::tidy() {
  if (!automaton_.is_large()) return;
  automaton_.forget(slots_);
  masks_.clear();
}

Automaton::State GrammarMatcher::after(Automaton::State state, uint32_t token) {
  const auto bytes = vocabulary_->bytes_of(token);
  if (bytes.empty()) return Automaton::kDead;
  for (uint8_t byte : bytes) {
    if (state == Automaton::kDead) break;
    state = automaton_.next(state, byte);
  }
  return state;
}

bool GrammarMatcher::accept(size_t slot, uint32_t token) {
  std::lock_guard guard(mutex_);
  tidy();
  if (vocabulary_->is_stop(token)) return automaton_.is_complete(slots_[slot]);
  const Automaton::State state = after(slots_[slot], token);
  if (state == Automaton::kDead) return false;
  slots_[slot] = state;
  return true;
}

SharedMask GrammarMatcher::mask(size_t slot) {
  std::lock_guard guard(mutex_);
  tidy();
  const Automaton::State state = slots_[slot];
  if (const auto known = masks_.find(state); known != masks_.end()) return known->second;
  if (masks_.size() >= kMasksMax) masks_.clear();
  return masks_[state] = work_out(state);
}

// Walks the tree of all tokens, leaving out what begins with bytes that do not match.
SharedMask GrammarMatcher::work_out(Automaton::State state) {
  auto mask = std::make_shared<TokenMask>((vocabulary_->size() + 63) / 64);
  const auto allow = [&](uint32_t token) { (*mask)[token / 64] |= uint64_t{1} << (token % 64); };
  const TokenTree& tree = vocabulary_->tree();
  const auto nodes = tree.nodes();
  automaton_.begin_walk();
  path_[0] = state;
  for (size_t n = 0; n < nodes.size();) {
    const Automaton::State to = automaton_.walk(path_[nodes[n].depth], nodes[n].byte);
    if (to == Automaton::kDead) {
      n = nodes[n].next;
      continue;
    }
    path_[nodes[n].depth + 1] = to;
    for (uint32_t token : tree.tokens_at(n)) allow(token);
    n++;
  }
  if (automaton_.is_complete(state))
    for (uint32_t token : vocabulary_->stop_tokens)
      if (token < vocabulary_->size()) allow(token);
  return mask;
}

std::shared_ptr<GrammarMatcher> GrammarCache::known(const std::string& grammar) {
  const auto found =
      std::find_if(recent_.begin(), recent_.end(), [&](const auto& entry) { return entry.first == grammar; });
  if (found == recent_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found);
  return recent_.front().second;
}

// Compiles while others may look up what is known. Two who compile the same at once share the first one's.
std::shared_ptr<GrammarMatcher> GrammarCache::matcher(const std::string& grammar) {
  {
    std::lock_guard guard(mutex_);
    if (const auto found = known(grammar)) return found;
  }
  auto compiled = std::make_shared<GrammarMatcher>(grammar, vocabulary_);
  std::lock_guard guard(mutex_);
  if (const auto found = known(grammar)) return found;
  recent_.emplace_front(grammar, std::move(compiled));
  if (recent_.size() > kGrammarsMax) recent_.pop_back();
  return recent_.front().second;
}

void AnswerConstraint::prepare(GrammarCache& grammars, const std::string& grammar) {
  if (grammar.empty() || (constraint_ && grammar_ == grammar)) return;
  const auto matcher = grammars.matcher(grammar);
  grammar_ = grammar;
  accepted_.clear();
  constraint_.emplace(matcher);
}

SharedMask AnswerConstraint::mask(GrammarCache& grammars, const std::string& grammar,
                                  std::span<const uint32_t> answer) {
  if (grammar.empty()) return nullptr;
  const bool goes_on =
      accepted_.size() <= answer.size() && std::equal(accepted_.begin(), accepted_.end(), answer.begin());
  if (!goes_on) constraint_.reset();
  prepare(grammars, grammar);
  for (uint32_t token : answer.subspan(accepted_.size())) {
    if (!constraint_->accept(token))
      throw Error("bad_grammar", "The answer's token " + std::to_string(token) + " at index " +
                                     std::to_string(accepted_.size()) + " is not what the grammar allows.");
    accepted_.push_back(token);
  }
  return constraint_->mask();
}

}  // namespace aria
