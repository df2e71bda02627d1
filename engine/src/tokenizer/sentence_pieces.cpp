#include "sentence_pieces.h"

#include <bit>

#include "unicode.h"

namespace aria {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

// Numbers that ascend as scores fall.
uint32_t priority_of(float score) {
  const auto bits = std::bit_cast<uint32_t>(score + 0.0f);  // -0 is 0
  const uint32_t ascending = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return ~ascending;
}

std::string with_marks(std::string_view text, bool spaced) {
  std::string out(spaced ? kSpaceMark : "");
  for (const char byte : text) byte == ' ' ? out.append(kSpaceMark) : out.append(1, byte);
  return out;
}

}  // namespace

SentencePieces::SentencePieces(const TokenTable& vocabulary) : vocabulary_(vocabulary) {
  for (uint32_t id = 0; id < vocabulary.size(); id++)
    if (!vocabulary.is_hidden(id)) token_bytes_max_ = std::max(token_bytes_max_, vocabulary.text(id).size());
}

void SentencePieces::encode(std::string_view text, bool spaced, std::vector<uint32_t>& out,
                            const std::atomic<bool>& cancelled) const {
  const std::string marked = with_marks(text, spaced);
  const std::string_view whole = marked;
  std::vector<uint32_t> begins;  // of each character; a symbol's value is where it ends
  Merging merging;
  for (size_t at = 0; at < whole.size();) {
    begins.push_back(uint32_t(at));
    at = character_at(whole, at).next;
    merging.add(uint32_t(at));
  }
  const auto span = [&](const Merging::Symbol& from, const Merging::Symbol& to) {
    return whole.substr(begins[from.begin], to.value - begins[from.begin]);
  };
  merging.run(
      [&](const Merging::Symbol& left, const Merging::Symbol& right) -> Merging::Step {
        const std::string_view both = span(left, right);
        if (both.size() > token_bytes_max_) return {};
        const uint32_t token = vocabulary_.find(both);
        if (token == kNoToken) return {};
        return {true, priority_of(vocabulary_.scores[token]), right.value};
      },
      cancelled);
  merging.each([&](const Merging::Symbol& symbol) {
    const std::string_view piece = span(symbol, symbol);
    const uint32_t token = vocabulary_.find(piece);
    if (token != kNoToken) return out.push_back(token);
    for (const char byte : piece) out.push_back(vocabulary_.byte_tokens[uint8_t(byte)]);
  });
}

}  // namespace aria
