#include "automaton.h"

#include <algorithm>

#include "../base/error.h"

namespace aria {
namespace {

constexpr uint32_t kClosureMax = 1 << 14;          // places looked at for one byte
constexpr uint64_t kWalkWorkMax = 1 << 20;         // places looked at for one token: tens of milliseconds
constexpr uint64_t kWalkTransitionsMax = 1 << 21;  // of the states met for one token: 24 MB
constexpr size_t kPlacesMax = 1 << 17;             // remembered before forgetting: some megabytes
constexpr size_t kTransitionsMax = 1 << 20;

[[noreturn]] void fail_ambiguous() {
  throw Error("bad_grammar", "The grammar is too ambiguous: the answer has too many readings at once.");
}

}  // namespace

Automaton::Automaton(Grammar grammar) : grammar_(std::move(grammar)) {
  places_.push_back({0, 0});
  visited_in_.push_back(0);
  intern({});
  closure_++;
  for (uint32_t a = grammar_.rules[grammar_.root]; a < grammar_.rules[grammar_.root + 1]; a++)
    visit(grammar_.alternates[a], kBottom);
  start_ = closure();
}

uint32_t Automaton::place(uint32_t position, uint32_t parent) {
  const auto [entry, is_new] = place_ids_.try_emplace(uint64_t{parent} << 32 | position, uint32_t(places_.size()));
  if (is_new) {
    places_.push_back({position, parent});
    visited_in_.push_back(0);
  }
  return entry->second;
}

// A rule that has ended goes on where it returns to; that place is never an end itself.
void Automaton::visit(uint32_t position, uint32_t parent) {
  const bool at_end = grammar_.elements[position].kind == ElementKind::end;
  const uint32_t id = at_end ? parent : place(position, parent);
  if (visited_in_[id] == closure_) return;
  visited_in_[id] = closure_;
  pending_.push_back(id);
  if (++closure_work_ > kClosureMax) fail_ambiguous();
}

// The state of all stacks that the visited places lead to without reading a byte.
Automaton::State Automaton::closure() {
  std::vector<uint32_t> stacks;
  while (!pending_.empty()) {
    const uint32_t id = pending_.back();
    pending_.pop_back();
    const Place at = places_[id];
    const Element element = grammar_.elements[at.position];
    if (id == kBottom || element.kind == ElementKind::bytes) {
      stacks.push_back(id);
      continue;
    }
    // The last rule of an alternative returns where the alternative would: repetitions do not grow the stack.
    const bool is_last = grammar_.elements[at.position + 1].kind == ElementKind::end;
    const uint32_t parent = is_last ? at.parent : place(at.position + 1, at.parent);
    for (uint32_t a = grammar_.rules[element.value]; a < grammar_.rules[element.value + 1]; a++)
      visit(grammar_.alternates[a], parent);
  }
  std::sort(stacks.begin(), stacks.end());
  return intern(std::move(stacks));
}

Automaton::State Automaton::intern(std::vector<uint32_t> stacks) {
  const auto [entry, is_new] = state_ids_.try_emplace(stacks, State(stacks_.size()));
  if (is_new) {
    stacks_.push_back(std::move(stacks));
    walked_states_.push_back(0);
    transitions_.resize(transitions_.size() + grammar_.classes);
  }
  return entry->second;
}

Automaton::Transition& Automaton::follow(State state, uint8_t byte) {
  const size_t byte_class = grammar_.class_of[byte], index = state * grammar_.classes + byte_class;
  if (transitions_[index].to != kUnknown) return transitions_[index];
  pending_.clear();
  closure_++;
  closure_work_ = 0;
  for (uint32_t id : stacks_[state]) {
    if (id == kBottom) continue;
    const Place at = places_[id];
    if (grammar_.sets_of_classes[grammar_.elements[at.position].value][byte_class]) visit(at.position + 1, at.parent);
  }
  const State to = closure();
  transitions_[index] = {to, closure_work_ + uint32_t(stacks_[state].size()), 0};
  return transitions_[index];
}

void Automaton::begin_walk() {
  walk_++;
  walk_work_ = walk_transitions_ = 0;
}

Automaton::State Automaton::walk(State state, uint8_t byte) {
  Transition& transition = follow(state, byte);
  if (transition.walked != walk_) {
    transition.walked = walk_;
    walk_work_ += transition.work;
    if (walked_states_[transition.to] != walk_) walk_transitions_ += grammar_.classes;
    walked_states_[transition.to] = walk_;
    if (walk_work_ > kWalkWorkMax || walk_transitions_ > kWalkTransitionsMax) fail_ambiguous();
  }
  return transition.to;
}

bool Automaton::is_large() const {
  return places_.size() > std::max(kPlacesMax, 2 * kept_places_) ||
         transitions_.size() > std::max(kTransitionsMax, 2 * kept_states_ * grammar_.classes);
}

void Automaton::forget(std::span<State> kept) {
  // Marks what the kept states stand on. A place's parent has the lower number.
  std::vector<bool> used(places_.size(), false);
  used[kBottom] = true;
  const auto use = [&](State state) {
    for (uint32_t id : stacks_[state])
      for (; !used[id]; id = places_[id].parent) used[id] = true;
  };
  use(start_);
  for (State state : kept) use(state);

  std::vector<uint32_t> renumbered(places_.size(), 0);
  std::vector<Place> places = {places_[kBottom]};
  place_ids_.clear();
  for (uint32_t id = 1; id < places_.size(); id++) {
    if (!used[id]) continue;
    renumbered[id] = uint32_t(places.size());
    const Place place = {places_[id].position, renumbered[places_[id].parent]};
    place_ids_.emplace(uint64_t{place.parent} << 32 | place.position, renumbered[id]);
    places.push_back(place);
  }
  places_ = std::move(places);
  visited_in_.assign(places_.size(), 0);
  closure_ = 0;

  const std::vector<std::vector<uint32_t>> stacks = std::move(stacks_);
  stacks_.clear();
  state_ids_.clear();
  transitions_.clear();
  walked_states_.clear();
  walk_ = 0;
  intern({});
  const auto keep = [&](State state) {
    std::vector<uint32_t> moved;
    for (uint32_t id : stacks[state]) moved.push_back(renumbered[id]);  // still sorted: numbers keep their order
    return intern(std::move(moved));
  };
  start_ = keep(start_);
  for (State& state : kept) state = keep(state);
  kept_places_ = places_.size();
  kept_states_ = stacks_.size();
}

}  // namespace aria
