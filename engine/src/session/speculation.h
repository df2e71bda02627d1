#pragma once
// Prompt lookup (Saxena, "Prompt Lookup Decoding", 2023): what followed the newest tokens where they stood before is
// drafted as what follows now. Drafts are computed in the step of the token that they follow, and one is kept only where
// the draw before it is that very token: a session never holds a bit that it would not have held without them.
//
// A draft costs a row. Counts alone decide whether to make one, never time, so that the same sequence is always computed
// in the same rows.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace aria {

constexpr size_t kDraftMax = 7;             // with the row they follow 8: beyond, a row costs what it costs in any batch
constexpr size_t kLookupWindow = 32768;     // the newest tokens that are searched: bounds a search's time
constexpr size_t kMatchMin = 5, kMatchMax = 64;  // tokens that have to agree before what followed them is drafted

// What a sequence has learned about its drafts.
class Speculation {
 public:
  // At most `most` tokens that may follow `sequence` (not empty); none where none are worth their rows.
  std::vector<uint32_t> draft(std::span<const uint32_t> sequence, size_t most);

  // The model drew the first `kept` of `drafted` tokens, then another one.
  void learn(size_t drafted, size_t kept);

 private:
  size_t length_ = 3;          // of the next draft
  size_t needed_ = kMatchMin;  // tokens that have to agree for one
  size_t passed_ = 0;          // draws without a draft
};

// Where in the sequence its newest tokens stood before: `next` is the index of what followed them, `length` how many
// agree, at most kMatchMax. The longest match counts, the latest among equals; length 0 where there is none.
struct Recurrence {
  size_t next = 0, length = 0;
};
Recurrence find_recurrence(std::span<const uint32_t> sequence);

}  // namespace aria
