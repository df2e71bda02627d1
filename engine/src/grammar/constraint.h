#pragma once
// Holds an answer to a grammar: which tokens may come next, as a pure function of grammar and answer.
#include <list>
#include <mutex>
#include <optional>

#include "automaton.h"
#include "vocabulary.h"

namespace aria {

using SharedMask = std::shared_ptr<const TokenMask>;

// One grammar over one vocabulary. Answers that follow it share what it has worked out; any thread may call.
class GrammarMatcher {
 public:
  GrammarMatcher(std::string_view grammar, std::shared_ptr<const Vocabulary> vocabulary);

  // A slot holds where one answer stands.
  size_t open(const size_t* copied_from = nullptr);
  void close(size_t slot);

  SharedMask mask(size_t slot);
  bool accept(size_t slot, uint32_t token);

 private:
  Automaton::State after(Automaton::State state, uint32_t token);
  SharedMask work_out(Automaton::State state);
  void tidy();

  const std::shared_ptr<const Vocabulary> vocabulary_;
  std::mutex mutex_;
  Automaton automaton_;
  std::vector<Automaton::State> slots_;  // closed slots stand at the dead state
  std::vector<size_t> closed_;
  std::unordered_map<Automaton::State, SharedMask> masks_;
  std::vector<Automaton::State> path_;
};

// An answer's place in a grammar.
class Constraint {
 public:
  explicit Constraint(std::shared_ptr<GrammarMatcher> matcher) : matcher_(std::move(matcher)), slot_(matcher_->open()) {}
  Constraint(const Constraint& other) : matcher_(other.matcher_), slot_(matcher_->open(&other.slot_)) {}
  Constraint(Constraint&& other) noexcept : matcher_(std::move(other.matcher_)), slot_(other.slot_) {}
  Constraint& operator=(Constraint other) noexcept {
    std::swap(matcher_, other.matcher_);
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~Constraint() {
    if (matcher_) matcher_->close(slot_);
  }

  // The tokens that may come next; stop tokens exactly when the answer may end. Throws bad_grammar when the grammar is
  // too ambiguous here.
  SharedMask mask() const { return matcher_->mask(slot_); }
  // Goes on behind a token; false, and nothing changes, when it may not come next.
  bool accept(uint32_t token) { return matcher_->accept(slot_, token); }

 private:
  std::shared_ptr<GrammarMatcher> matcher_;
  size_t slot_;
};

// The grammars that answers of one model follow now or followed lately. Any thread may call.
class GrammarCache {
 public:
  explicit GrammarCache(std::shared_ptr<const Vocabulary> vocabulary) : vocabulary_(std::move(vocabulary)) {}

  const Vocabulary& vocabulary() const { return *vocabulary_; }
  // Compiles what is not known. Throws bad_grammar.
  std::shared_ptr<GrammarMatcher> matcher(const std::string& grammar);

 private:
  std::shared_ptr<GrammarMatcher> known(const std::string& grammar);

  std::shared_ptr<const Vocabulary> vocabulary_;
  std::mutex mutex_;
  std::list<std::pair<std::string, std::shared_ptr<GrammarMatcher>>> recent_;  // the latest first
};

// Follows an answer as it grows, draw by draw.
class AnswerConstraint {
 public:
  // Compiles the grammar of the answers to come, so that mask() need not. Throws bad_grammar and changes nothing then.
  void prepare(GrammarCache& grammars, const std::string& grammar);

  // The mask for the token that follows `answer`; null without a grammar. What has been accepted before is not read
  // again while grammar and answer go on. Throws bad_grammar, also when the answer itself breaks the grammar.
  SharedMask mask(GrammarCache& grammars, const std::string& grammar, std::span<const uint32_t> answer);

 private:
  std::string grammar_;
  std::vector<uint32_t> accepted_;
  std::optional<Constraint> constraint_;
};

}  // namespace aria
