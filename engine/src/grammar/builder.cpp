#include "builder.h"

#include "../base/error.h"
#include "check.h"

namespace aria {
namespace {

Grammar::ByteSet between(uint8_t low, uint8_t high) {
  Grammar::ByteSet set;
  for (size_t byte = low; byte <= high; byte++) set.set(byte);
  return set;
}

// Numbers the bytes so that two have the same number exactly when every set holds both or neither.
void classify(Grammar& grammar) {
  std::array<uint32_t, 256> number{};
  uint32_t numbers = 1;
  for (const Grammar::ByteSet& set : grammar.sets) {
    std::map<std::pair<uint32_t, bool>, uint32_t> renumbered;
    for (size_t byte = 0; byte < 256; byte++)
      number[byte] = renumbered.try_emplace({number[byte], set[byte]}, renumbered.size()).first->second;
    numbers = uint32_t(renumbered.size());
    if (numbers == 256) break;
  }
  grammar.classes = numbers;
  for (size_t byte = 0; byte < 256; byte++) grammar.class_of[byte] = uint8_t(number[byte]);
  for (const Grammar::ByteSet& set : grammar.sets) {
    Grammar::ByteSet classes;
    for (size_t byte = 0; byte < 256; byte++)
      if (set[byte]) classes.set(number[byte]);
    grammar.sets_of_classes.push_back(classes);
  }
}

}  // namespace

void GrammarBuilder::count(size_t elements) {
  elements_ += elements;
  if (elements_ > kGrammarElementsMax)
    throw Error("bad_grammar", "The grammar has more than " + std::to_string(kGrammarElementsMax) +
                                   " elements with its repetitions written out; make it smaller.");
}

uint32_t GrammarBuilder::rule(std::string_view name) {
  const auto known = names_.find(name);
  if (known != names_.end()) return known->second;
  const uint32_t id = uint32_t(rules_.size());
  names_.emplace(name, id);
  rules_.push_back({std::string(name), {}, false});
  return id;
}

void GrammarBuilder::define(uint32_t rule, std::vector<Sequence> alternates) {
  for (const Sequence& alternate : alternates) count(alternate.size() + 1);
  rules_[rule].alternates = std::move(alternates);
  rules_[rule].defined = true;
}

uint32_t GrammarBuilder::new_part() {
  rules_.push_back({rules_[current_].name, {}, false});
  return uint32_t(rules_.size() - 1);
}

Element GrammarBuilder::group(std::vector<Sequence> alternates) {
  const uint32_t id = new_part();
  define(id, std::move(alternates));
  return {ElementKind::rule, id};
}

Element GrammarBuilder::bytes(const Grammar::ByteSet& set) {
  const auto [entry, is_new] = set_ids_.try_emplace(set, uint32_t(sets_.size()));
  if (is_new) sets_.push_back(set);
  return {ElementKind::bytes, entry->second};
}

Element GrammarBuilder::byte(uint8_t value) { return bytes(between(value, value)); }

Element GrammarBuilder::code_points(std::vector<CodePointRange> ranges, bool negated) {
  ranges = normalized(std::move(ranges), negated);
  if (ranges.empty()) throw Error("bad_grammar", "The grammar holds a set of characters that matches none.");
  const auto known = classes_.find(ranges);
  if (known != classes_.end()) return {ElementKind::rule, known->second};

  Grammar::ByteSet single;
  std::vector<Sequence> alternates;
  for (const ByteSequence& sequence : utf8_sequences(ranges)) {
    if (sequence.size == 1) {
      single |= between(sequence.ranges[0].low, sequence.ranges[0].high);
      continue;
    }
    Sequence alternate;
    for (size_t i = 0; i < sequence.size; i++)
      alternate.push_back(bytes(between(sequence.ranges[i].low, sequence.ranges[i].high)));
    alternates.push_back(std::move(alternate));
  }
  if (alternates.empty()) return bytes(single);
  if (single.any()) alternates.push_back({bytes(single)});
  const Element element = group(std::move(alternates));
  classes_.emplace(std::move(ranges), element.value);
  return element;
}

// x{m,n} is x m times, then x nested in options n - m deep, so that a state never holds more than one of them;
// x{m,} ends in a rule that is right-recursive, so that its stack does not grow.
Sequence GrammarBuilder::repeat(Sequence item, uint32_t least, uint32_t most) {
  if (item.size() > 1) item = {group({std::move(item)})};
  count(least);
  Sequence out;
  for (uint32_t i = 0; i < least && !item.empty(); i++) out.push_back(item[0]);
  if (item.empty() || most == least) return out;

  if (most == kUnlimited) {
    const uint32_t id = new_part();
    define(id, {{item[0], {ElementKind::rule, id}}, {}});
    out.push_back({ElementKind::rule, id});
    return out;
  }
  Element rest = group({item, {}});
  for (uint32_t i = least + 1; i < most; i++) rest = group({{item[0], rest}, {}});
  out.push_back(rest);
  return out;
}

Grammar GrammarBuilder::finish() {
  for (const NamedRule& rule : rules_)
    if (!rule.defined) throw Error("bad_grammar", "The grammar names a rule '" + rule.name + "' but has none.");
  const auto root = names_.find("root");
  if (root == names_.end()) throw Error("bad_grammar", "The grammar has no rule 'root', where answers start.");

  Grammar grammar;
  grammar.root = root->second;
  grammar.sets = std::move(sets_);
  std::vector<std::string> names;
  for (NamedRule& rule : rules_) {
    grammar.rules.push_back(uint32_t(grammar.alternates.size()));
    for (const Sequence& alternate : rule.alternates) {
      grammar.alternates.push_back(uint32_t(grammar.elements.size()));
      grammar.elements.insert(grammar.elements.end(), alternate.begin(), alternate.end());
      grammar.elements.push_back({});
    }
    names.push_back(std::move(rule.name));
  }
  grammar.rules.push_back(uint32_t(grammar.alternates.size()));
  classify(grammar);
  check_rules(grammar, names);
  return grammar;
}

}  // namespace aria
