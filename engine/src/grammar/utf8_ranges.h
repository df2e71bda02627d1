#pragma once
// Sets of code points as sequences of byte ranges: what UTF-8 encodes them to, and nothing else.
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace aria {

constexpr uint32_t kCodePointMax = 0x10ffff;

struct CodePointRange {
  uint32_t low, high;  // both inside
  auto operator<=>(const CodePointRange&) const = default;
};

struct ByteRange {
  uint8_t low, high;
};

// Matches one byte of each range in turn.
struct ByteSequence {
  std::array<ByteRange, 4> ranges;
  size_t size = 0;
};

// Sorted, merged, without surrogates, which UTF-8 cannot encode; complemented when `negated`.
std::vector<CodePointRange> normalized(std::vector<CodePointRange> ranges, bool negated);

// Disjoint sequences that match exactly the encodings of normalized ranges.
std::vector<ByteSequence> utf8_sequences(const std::vector<CodePointRange>& ranges);

// Appends the encoding of one code point.
template <class Bytes>
void append_utf8(uint32_t code_point, Bytes& out) {
  const auto push = [&](uint32_t byte) { out.push_back(static_cast<typename Bytes::value_type>(byte)); };
  if (code_point < 0x80) return push(code_point);
  if (code_point < 0x800) {
    push(0xc0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      push(0xe0 | code_point >> 12);
    } else {
      push(0xf0 | code_point >> 18);
      push(0x80 | (code_point >> 12 & 0x3f));
    }
    push(0x80 | (code_point >> 6 & 0x3f));
  }
  push(0x80 | (code_point & 0x3f));
}

}  // namespace aria
