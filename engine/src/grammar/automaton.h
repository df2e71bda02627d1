#pragma once
// Matches bytes against a grammar: a pushdown automaton whose states are sets of stacks, worked out when first met and
// remembered, as a lazy DFA does. A state is a pure function of the grammar and the bytes read, and so is every limit:
// what is remembered only saves time.
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "grammar.h"

namespace aria {

class Automaton {
 public:
  using State = uint32_t;
  static constexpr State kDead = 0;  // nothing matches any more

  explicit Automaton(Grammar grammar);

  State start() const { return start_; }
  // Whether the text may end here.
  bool is_complete(State state) const { return !stacks_[state].empty() && stacks_[state][0] == kBottom; }
  // Throws bad_grammar when the text has too many readings.
  State next(State state, uint8_t byte) { return follow(state, byte).to; }

  // A walk explores many texts from one state. Its work is counted as if nothing were remembered, so that its limit is
  // the same for everyone.
  void begin_walk();
  State walk(State state, uint8_t byte);

  // Whether so much is remembered that forget() is due.
  bool is_large() const;
  // Forgets all states but these, and renumbers them in place.
  void forget(std::span<State> kept);

 private:
  static constexpr uint32_t kBottom = 0;
  static constexpr State kUnknown = UINT32_MAX;
  // A place in the grammar where a stack stands, and the place to return to when its rule ends.
  struct Place {
    uint32_t position, parent;
  };
  struct Transition {
    State to = kUnknown;
    uint32_t work = 0, walked = 0;
  };

  Transition& follow(State state, uint8_t byte);
  State closure();
  void visit(uint32_t position, uint32_t parent);
  uint32_t place(uint32_t position, uint32_t parent);
  State intern(std::vector<uint32_t> stacks);

  Grammar grammar_;
  State start_ = kDead;
  std::vector<Place> places_;
  std::unordered_map<uint64_t, uint32_t> place_ids_;
  std::vector<std::vector<uint32_t>> stacks_;  // of each state, sorted; places, with kBottom where the text may end
  std::map<std::vector<uint32_t>, State> state_ids_;
  std::vector<Transition> transitions_;  // [state][class of byte]
  size_t kept_places_ = 0, kept_states_ = 0;  // after the last forget()

  std::vector<uint32_t> visited_in_;  // per place: the closure that saw it last
  std::vector<uint32_t> pending_;
  uint32_t closure_ = 0, walk_ = 0, closure_work_ = 0;
  uint64_t walk_work_ = 0, walk_transitions_ = 0;
  std::vector<uint32_t> walked_states_;  // per state: the walk that reached it last
};

}  // namespace aria
