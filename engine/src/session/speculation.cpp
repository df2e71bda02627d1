#include "speculation.h"

#include <algorithm>

namespace aria {
namespace {

constexpr size_t kNeededMax = 2 * kMatchMax;  // above kMatchMax no match is long enough: a pause
constexpr size_t kForgetAfter = 16;           // draws without a draft, for each token that is needed less again

}  // namespace

Recurrence find_recurrence(std::span<const uint32_t> sequence) {
  const size_t last = sequence.size() - 1;
  const size_t begin = last > kLookupWindow ? last - kLookupWindow : 0;
  Recurrence best;
  for (size_t at = last; at-- > begin && best.length < kMatchMax;) {
    if (sequence[at] != sequence[last]) continue;
    const size_t most = std::min(kMatchMax, at - begin + 1);
    size_t length = 1;
    while (length < most && sequence[at - length] == sequence[last - length]) length++;
    if (length > best.length) best = {at + 1, length};
  }
  return best;
}

std::vector<uint32_t> Speculation::draft(std::span<const uint32_t> sequence, size_t most) {
  std::vector<uint32_t> tokens;
  if (most == 0) return tokens;
  const Recurrence match = find_recurrence(sequence);
  if (match.length < needed_) {
    if (++passed_ % kForgetAfter == 0 && needed_ > kMatchMin) needed_--;
    return tokens;
  }
  // What follows may reach the sequence's end: then it goes on as it has been going on, in a circle.
  const size_t period = sequence.size() - match.next;
  for (size_t i = 0; i < std::min(length_, most); i++) tokens.push_back(sequence[match.next + i % period]);
  return tokens;
}

// A rejected draft costs about two thirds of a kept one's gain where arithmetic is the limit, and less where memory is.
void Speculation::learn(size_t drafted, size_t kept) {
  if (drafted == 0) return;
  if (kept == drafted)
    length_ = std::min(2 * length_ + 1, kDraftMax);
  else if (4 * kept < 3 * drafted)
    length_ = std::max<size_t>(kept, 1);
  if (2 * kept < drafted)
    needed_ = std::min(2 * needed_, kNeededMax);
  else if (kept == drafted)
    needed_ = std::max(needed_ / 2, kMatchMin);
}

}  // namespace aria
