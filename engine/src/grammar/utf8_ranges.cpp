#include "utf8_ranges.h"

#include <algorithm>

namespace aria {
namespace {

constexpr CodePointRange kSurrogates = {0xd800, 0xdfff};

// Sorted ranges, overlapping and adjoining ones joined.
std::vector<CodePointRange> merged(std::vector<CodePointRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<CodePointRange> out;
  for (const CodePointRange& range : ranges) {
    if (out.empty() || range.low > out.back().high + 1)
      out.push_back(range);
    else
      out.back().high = std::max(out.back().high, range.high);
  }
  return out;
}

std::vector<CodePointRange> complement(const std::vector<CodePointRange>& ranges) {
  std::vector<CodePointRange> out;
  uint32_t next = 0;
  for (const CodePointRange& range : ranges) {
    if (range.low > next) out.push_back({next, range.low - 1});
    next = range.high + 1;
  }
  if (next <= kCodePointMax) out.push_back({next, kCodePointMax});
  return out;
}

ByteSequence encoded(CodePointRange range) {
  std::vector<uint8_t> low, high;
  append_utf8(range.low, low);
  append_utf8(range.high, high);
  ByteSequence sequence;
  sequence.size = low.size();
  for (size_t i = 0; i < low.size(); i++) sequence.ranges[i] = {low[i], high[i]};
  return sequence;
}

// Cuts a range until low and high differ only in whole trailing bytes, so that every combination of bytes between
// their encodings is inside (the construction of Cox, "Regular Expression Matching in the Wild").
void split(CodePointRange range, std::vector<ByteSequence>& out) {
  const auto cut = [&](uint32_t last) {
    split({range.low, last}, out);
    split({last + 1, range.high}, out);
  };
  for (uint32_t last : {0x7fu, 0x7ffu, 0xffffu})  // the last code point of each encoded length
    if (range.low <= last && last < range.high) return cut(last);
  for (uint32_t tail : {0x3fu, 0xfffu, 0x3ffffu}) {  // one, two, three trailing bytes
    if (range.high <= 0x7f || (range.low & ~tail) == (range.high & ~tail)) break;
    if (range.low & tail) return cut(range.low | tail);
    if ((range.high & tail) != tail) return cut((range.high & ~tail) - 1);
  }
  out.push_back(encoded(range));
}

}  // namespace

std::vector<CodePointRange> normalized(std::vector<CodePointRange> ranges, bool negated) {
  std::vector<CodePointRange> excluded = negated ? merged(std::move(ranges)) : complement(merged(std::move(ranges)));
  excluded.push_back(kSurrogates);
  return complement(merged(std::move(excluded)));
}

std::vector<ByteSequence> utf8_sequences(const std::vector<CodePointRange>& ranges) {
  std::vector<ByteSequence> out;
  for (const CodePointRange& range : ranges) split(range, out);
  return out;
}

}  // namespace aria
