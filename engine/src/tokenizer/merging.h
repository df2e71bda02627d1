#pragma once
// Merging neighbours, lowest priority number first and leftmost among equals, in O(n log n): symbols in a linked list,
// pairs that may merge in a heap. A pair whose symbols changed since it was found is passed over.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "../base/error.h"

namespace aria {

class Merging {
 public:
  struct Symbol {
    uint32_t value;  // what the user of the class merges: changes with every merge
    uint32_t begin;  // index of its first element
    uint32_t previous, next;
  };
  struct Step {
    bool merges = false;
    uint32_t priority = 0;
    uint32_t value = 0;  // of the merged symbol
  };

  void clear() {
    symbols_.clear();
    heap_.clear();
  }

  /** At most 2^32 - 2 symbols. */
  void add(uint32_t value) {
    const auto index = uint32_t(symbols_.size());
    if (index) symbols_.back().next = index;
    symbols_.push_back({value, index, index ? index - 1 : kNone, kNone});
  }

  /** `step(left, right)` says whether two neighbours merge. */
  template <class Decide>
  void run(Decide step, const std::atomic<bool>& cancelled) {
    for (uint32_t i = 0; i + 1 < symbols_.size(); i++) offer(i, step);
    for (size_t done = 1; !heap_.empty(); done++) {
      if (done % kCheckEvery == 0 && cancelled) throw Error("aborted", "Tokenising was cancelled.");
      std::pop_heap(heap_.begin(), heap_.end(), After{});
      const Pair pair = heap_.back();
      heap_.pop_back();
      Symbol& left = symbols_[pair.left];
      if (left.value != pair.left_value || left.next == kNone || symbols_[left.next].value != pair.right_value ||
          symbols_[left.next].previous != pair.left)
        continue;
      Symbol& right = symbols_[left.next];
      left.value = pair.value;
      left.next = right.next;
      if (right.next != kNone) symbols_[right.next].previous = pair.left;
      right = {kNone, right.begin, kNone, kNone};
      if (left.previous != kNone) offer(left.previous, step);
      offer(pair.left, step);
    }
  }

  template <class Use>
  void each(Use use) const {
    for (uint32_t i = symbols_.empty() ? kNone : 0; i != kNone; i = symbols_[i].next) use(symbols_[i]);
  }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr size_t kCheckEvery = 1 << 16;

  struct Pair {
    uint32_t priority, left, left_value, right_value, value;
  };
  struct After {
    bool operator()(const Pair& a, const Pair& b) const {
      return a.priority != b.priority ? a.priority > b.priority : a.left > b.left;
    }
  };

  template <class Decide>
  void offer(uint32_t index, Decide& step) {
    const Symbol& left = symbols_[index];
    if (left.next == kNone) return;
    const Symbol& right = symbols_[left.next];
    const Step found = step(left, right);
    if (!found.merges) return;
    heap_.push_back({found.priority, index, left.value, right.value, found.value});
    std::push_heap(heap_.begin(), heap_.end(), After{});
  }

  std::vector<Symbol> symbols_;
  std::vector<Pair> heap_;
};

}  // namespace aria
