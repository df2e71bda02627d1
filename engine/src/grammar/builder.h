#pragma once
// Collects rules as they are read and lays them out for matching.
#include <map>
#include <unordered_map>

#include "grammar.h"
#include "utf8_ranges.h"

namespace aria {

using Sequence = std::vector<Element>;

struct NamedRule {
  std::string name;
  std::vector<Sequence> alternates;
  bool defined = false;
};

constexpr uint32_t kUnlimited = UINT32_MAX;

class GrammarBuilder {
 public:
  // The rule whose parts are read next; it names them in errors.
  void enter(uint32_t rule) { current_ = rule; }
  // The rule of this name, which may be defined later.
  uint32_t rule(std::string_view name);
  bool is_defined(uint32_t rule) const { return rules_[rule].defined; }
  void define(uint32_t rule, std::vector<Sequence> alternates);

  // Elements that match one code point of the set; the set is not empty.
  Element code_points(std::vector<CodePointRange> ranges, bool negated);
  Element byte(uint8_t value);
  // A rule of its own for these alternatives.
  Element group(std::vector<Sequence> alternates);
  // `item` at least `least` and at most `most` times.
  Sequence repeat(Sequence item, uint32_t least, uint32_t most);

  // Lays the rules out and checks them. The builder is empty afterwards.
  Grammar finish();

 private:
  Element bytes(const Grammar::ByteSet& set);
  void count(size_t elements);
  uint32_t new_part();

  std::vector<NamedRule> rules_;
  std::map<std::string, uint32_t, std::less<>> names_;
  std::unordered_map<Grammar::ByteSet, uint32_t> set_ids_;
  std::vector<Grammar::ByteSet> sets_;
  std::map<std::vector<CodePointRange>, uint32_t> classes_;  // rules of sets that need more than one byte
  size_t elements_ = 0;
  uint32_t current_ = 0;
};

}  // namespace aria
