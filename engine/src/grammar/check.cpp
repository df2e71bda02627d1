#include "check.h"

#include "../base/error.h"

namespace aria {
namespace {

uint32_t rule_count(const Grammar& grammar) { return uint32_t(grammar.rules.size() - 1); }

// Which rules match some text that is made of accepted elements alone. With no bytes accepted: which match nothing.
// Each alternative counts its elements that are not accepted yet; at none, its rule is accepted.
std::vector<bool> closure(const Grammar& grammar, bool accept_bytes) {
  const uint32_t rules = rule_count(grammar);
  std::vector<std::vector<uint32_t>> users(rules);  // alternatives, once per use
  std::vector<uint32_t> owner(grammar.alternates.size()), missing(grammar.alternates.size());
  std::vector<bool> accepted(rules, false);
  std::vector<uint32_t> queue;
  const auto accept = [&](uint32_t rule) {
    if (!accepted[rule]) queue.push_back(rule);
    accepted[rule] = true;
  };
  for (uint32_t rule = 0; rule < rules; rule++) {
    for (uint32_t a = grammar.rules[rule]; a < grammar.rules[rule + 1]; a++) {
      owner[a] = rule;
      for (uint32_t e = grammar.alternates[a]; grammar.elements[e].kind != ElementKind::end; e++) {
        const Element& element = grammar.elements[e];
        if (element.kind == ElementKind::rule) users[element.value].push_back(a);
        if (element.kind == ElementKind::rule || !accept_bytes) missing[a]++;
      }
      if (missing[a] == 0) accept(rule);
    }
  }
  while (!queue.empty()) {
    const uint32_t rule = queue.back();
    queue.pop_back();
    for (uint32_t a : users[rule])
      if (--missing[a] == 0) accept(owner[a]);
  }
  return accepted;
}

// The rules with which a rule may begin: those after elements that match nothing.
std::vector<uint32_t> beginnings(const Grammar& grammar, uint32_t rule, const std::vector<bool>& nullable) {
  std::vector<uint32_t> out;
  for (uint32_t a = grammar.rules[rule]; a < grammar.rules[rule + 1]; a++) {
    for (uint32_t e = grammar.alternates[a]; grammar.elements[e].kind == ElementKind::rule; e++) {
      out.push_back(grammar.elements[e].value);
      if (!nullable[grammar.elements[e].value]) break;
    }
  }
  return out;
}

// Depth-first over beginnings, with a stack of our own: grammars nest as deep as their size.
void check_left_recursion(const Grammar& grammar, const std::vector<std::string>& names,
                          const std::vector<bool>& nullable) {
  enum class Mark : uint8_t { fresh, open, done };
  struct Visit {
    uint32_t rule;
    std::vector<uint32_t> beginnings;
  };
  std::vector<Mark> marks(rule_count(grammar), Mark::fresh);
  std::vector<Visit> visits;
  const auto enter = [&](uint32_t rule) {
    marks[rule] = Mark::open;
    visits.push_back({rule, beginnings(grammar, rule, nullable)});
  };
  for (uint32_t start = 0; start < rule_count(grammar); start++) {
    if (marks[start] == Mark::fresh) enter(start);
    while (!visits.empty()) {
      Visit& visit = visits.back();
      if (visit.beginnings.empty()) {
        marks[visit.rule] = Mark::done;
        visits.pop_back();
        continue;
      }
      const uint32_t next = visit.beginnings.back();
      visit.beginnings.pop_back();
      if (marks[next] == Mark::open)
        throw Error("bad_grammar", "The grammar's rule '" + names[next] +
                                       "' begins with itself (left recursion, or a repetition of nothing).");
      if (marks[next] == Mark::fresh) enter(next);
    }
  }
}

}  // namespace

void check_rules(const Grammar& grammar, const std::vector<std::string>& names) {
  const std::vector<bool> productive = closure(grammar, true);
  for (uint32_t rule = 0; rule < rule_count(grammar); rule++)
    if (!productive[rule])
      throw Error("bad_grammar", "The grammar's rule '" + names[rule] + "' has no end: no text matches it.");
  check_left_recursion(grammar, names, closure(grammar, false));
}

}  // namespace aria
