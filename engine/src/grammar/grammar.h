#pragma once
// A grammar in GBNF (llama.cpp's dialect), compiled to rules over bytes.
#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aria {

constexpr size_t kGrammarBytesMax = size_t{1} << 20;
constexpr size_t kGrammarElementsMax = size_t{1} << 18;  // after repetitions are written out

enum class ElementKind : uint8_t { end, bytes, rule };

struct Element {
  ElementKind kind = ElementKind::end;
  uint32_t value = 0;  // an index into sets or rules
};

struct Grammar {
  using ByteSet = std::bitset<256>;

  std::vector<Element> elements;     // alternatives one after another, each closed by an `end`
  std::vector<uint32_t> alternates;  // where each alternative starts in elements
  std::vector<uint32_t> rules;       // rule r has the alternatives [rules[r], rules[r + 1])
  uint32_t root = 0;
  std::vector<ByteSet> sets;

  // Bytes that no set tells apart share a class; sets_of_classes[set] says which classes a set holds.
  std::array<uint8_t, 256> class_of{};
  size_t classes = 0;
  std::vector<ByteSet> sets_of_classes;
};

// Throws bad_grammar, naming line and column or the rule.
Grammar compile_grammar(std::string_view text);

}  // namespace aria
