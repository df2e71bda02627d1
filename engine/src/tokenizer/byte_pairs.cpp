#include "byte_pairs.h"

#include "unicode.h"

namespace aria {
namespace {

uint64_t pack(uint32_t high, uint32_t low) { return uint64_t{high} << 32 | low; }

}  // namespace

BytePairs::BytePairs(const TokenTable& vocabulary) : vocabulary_(vocabulary), merges_(vocabulary.merges.size()) {
  for (uint32_t rank = 0; rank < vocabulary.merges.size(); rank++) {
    std::string merge = vocabulary.merges[rank];
    const size_t space = merge.find(' ', 1);
    const uint32_t left = vocabulary.find(std::string_view(merge).substr(0, space));
    const uint32_t right = vocabulary.find(std::string_view(merge).substr(space + 1));
    merge.erase(space, 1);
    const uint32_t result = vocabulary.find(merge);
    if (result == kNoToken)
      throw Error("bad_gguf", "Merge " + std::to_string(rank) + " makes '" + merge + "', which is not in the vocabulary.");
    // Text starts as bytes and every result is a token: a pair of what is no token never stands side by side.
    if (left != kNoToken && right != kNoToken) merges_.add(pack(left, right), pack(rank, result));
  }
}

void BytePairs::encode_word(std::string_view word, Merging& merging, std::vector<uint32_t>& out,
                            const std::atomic<bool>& cancelled) const {
  if (vocabulary_.pre.ignore_merges) {
    std::string stand_ins;
    for (const char byte : word) append_utf8(stand_ins, byte_stand_ins()[uint8_t(byte)]);
    const uint32_t whole = vocabulary_.find(stand_ins);
    if (whole != kNoToken) return out.push_back(whole);
  }
  merging.clear();
  for (const char byte : word) merging.add(vocabulary_.byte_tokens[uint8_t(byte)]);
  merging.run(
      [&](const Merging::Symbol& left, const Merging::Symbol& right) -> Merging::Step {
        const uint64_t found = merges_.find(pack(left.value, right.value));
        if (found == FlatMap::kNone) return {};
        return {true, uint32_t(found >> 32), uint32_t(found)};
      },
      cancelled);
  merging.each([&](const Merging::Symbol& symbol) { out.push_back(symbol.value); });
}

void BytePairs::encode(std::string_view text, std::vector<uint32_t>& out, const std::atomic<bool>& cancelled) const {
  Merging merging;
  split_words(vocabulary_.pre.split, text,
              [&](std::string_view word) { encode_word(word, merging, out, cancelled); });
}

}  // namespace aria
