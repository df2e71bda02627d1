#include "split.h"

#include <algorithm>

#include "../base/error.h"
#include "unicode.h"

namespace aria {
namespace {

using Word = std::function<void(std::string_view)>;

bool is_newline(char32_t code) { return code == '\r' || code == '\n'; }
bool is_symbol(Class kind) { return kind == Class::other || kind == Class::punctuation; }

template <class Test>
size_t skip(std::string_view text, size_t at, Test test) {
  for (;;) {
    const Character character = character_at(text, at);
    if (character.kind == Class::end || !test(character)) return at;
    at = character.next;
  }
}
size_t skip_kind(std::string_view text, size_t at, Class kind) {
  return skip(text, at, [kind](const Character& character) { return character.kind == kind; });
}

// 's 't 're 've 'm 'll 'd after an apostrophe at `at`: where it ends, or `at`.
size_t skip_contraction(std::string_view text, size_t at, bool any_case) {
  const auto letter = [&](size_t i) {
    const char c = at + i < text.size() ? text[at + i] : '\0';
    return any_case && c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c;
  };
  const char first = letter(1), second = letter(2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l'))
    return at + 3;
  return at;
}

struct Spaces {
  size_t end, last;    // where the run ends, where its last character begins
  size_t newline_end;  // after its last line break; 0 without one
  size_t count;
};
Spaces measure_spaces(std::string_view text, size_t at) {
  Spaces spaces{at, at, 0, 0};
  for (Character c = character_at(text, at); c.kind == Class::space; c = character_at(text, spaces.end)) {
    spaces.last = spaces.end;
    spaces.end = c.next;
    spaces.count++;
    if (is_newline(c.code)) spaces.newline_end = c.next;
  }
  return spaces;
}
// \s+(?!\S)|\s+
size_t skip_spaces(std::string_view text, const Spaces& spaces) {
  return spaces.count > 1 && spaces.end < text.size() ? spaces.last : spaces.end;
}

// (?:'[sS]|...)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,max}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
size_t skip_llama3(std::string_view text, size_t at, size_t digits_max) {
  const Character first = character_at(text, at);
  if (first.code == '\'') {
    const size_t end = skip_contraction(text, at, true);
    if (end != at) return end;
  }
  const Character second = character_at(text, first.next);
  if (first.kind == Class::letter ||
      (first.kind != Class::number && !is_newline(first.code) && second.kind == Class::letter))
    return skip_kind(text, first.next, Class::letter);
  if (first.kind == Class::number) {
    size_t end = first.next;
    for (size_t i = 1; i < digits_max && character_at(text, end).kind == Class::number; i++)
      end = character_at(text, end).next;
    return end;
  }
  const bool spaced = first.code == ' ' && is_symbol(second.kind);
  if (spaced || is_symbol(first.kind)) {
    const size_t end = skip(text, spaced ? first.next : at, [](const Character& c) { return is_symbol(c.kind); });
    return skip(text, end, [](const Character& c) { return is_newline(c.code); });
  }
  const Spaces spaces = measure_spaces(text, at);
  return spaces.newline_end ? spaces.newline_end : skip_spaces(text, spaces);
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t skip_gpt2(std::string_view text, size_t at) {
  const Character first = character_at(text, at);
  if (first.code == '\'') {
    const size_t end = skip_contraction(text, at, false);
    if (end != at) return end;
  }
  const Character head = first.code == ' ' ? character_at(text, first.next) : first;
  if (head.kind == Class::letter || head.kind == Class::number) return skip_kind(text, head.next, head.kind);
  if (is_symbol(head.kind)) return skip(text, head.next, [](const Character& c) { return is_symbol(c.kind); });
  return skip_spaces(text, measure_spaces(text, at));
}

template <class Skip>
void each_word(std::string_view text, const Word& word, Skip skip_one) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = skip_one(text, at);
    word(text.substr(at, end - at));
    at = end;
  }
}

// Cuts runs that pass `test` from what lies between them.
template <class Test>
void isolate(std::string_view text, const Word& word, Test test) {
  each_word(text, word, [test](std::string_view whole, size_t at) {
    const bool inside = test(character_at(whole, at));
    return skip(whole, at, [&](const Character& c) { return test(c) == inside; });
  });
}

// [0-9][0-9][0-9]
void split_triples(std::string_view text, const Word& word) {
  const auto digit = [&](size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    if (!(digit(at) && digit(at + 1) && digit(at + 2))) {
      at++;
      continue;
    }
    if (at > begin) word(text.substr(begin, at - begin));
    word(text.substr(at, 3));
    begin = at += 3;
  }
  if (begin < text.size()) word(text.substr(begin));
}

bool is_number(const Character& c) { return c.kind == Class::number; }

// [\p{P}\$\+<=>\^~\|]+, then the words of gpt-2, then \p{N}+, then triples of digits. `falcon` has a backtick in the
// first and leaves out the third.
void split_standard(std::string_view text, const Word& word, bool falcon) {
  const std::string_view symbols = falcon ? "$+<=>^~|`" : "$+<=>^~|";
  const auto marks = [symbols](const Character& c) {
    return c.kind == Class::punctuation || (c.code < 0x80 && symbols.find(char(c.code)) != std::string_view::npos);
  };
  const Word triples = [&](std::string_view piece) { split_triples(piece, word); };
  const Word numbers = [&](std::string_view piece) { isolate(piece, triples, is_number); };
  const Word words = [&](std::string_view piece) { each_word(piece, falcon ? triples : numbers, skip_gpt2); };
  isolate(text, words, marks);
}

struct Named {
  const char* name;
  PreTokenizer pre;
};
constexpr PreTokenizer kLlama{Split::llama3, true, true}, kQwen{Split::qwen2, false, false},
    kGpt2{Split::gpt2, false, false};
constexpr Named kPreTokenizers[] = {
    {"llama-bpe", kLlama},
    {"llama3", kLlama},
    {"llama-v3", kLlama},
    {"falcon3", kLlama},
    {"falcon-h1", kLlama},
    {"pixtral", kLlama},
    {"midm-2.0", kLlama},
    {"lfm2", kLlama},
    {"dbrx", {Split::llama3, false, false}},
    {"smaug-bpe", {Split::llama3, false, false}},
    {"qwen2", kQwen},
    {"deepseek-r1-qwen", kQwen},
    {"megrez", kQwen},
    {"stablelm2", kQwen},
    {"hunyuan", kQwen},
    {"gpt-2", kGpt2},
    {"phi-2", kGpt2},
    {"mpt", kGpt2},
    {"olmo", kGpt2},
    {"jais", kGpt2},
    {"exaone4", kGpt2},
    {"trillion", kGpt2},
    {"default", {Split::standard, false, false}},
    {"falcon", {Split::falcon, false, false}},
};

}  // namespace

PreTokenizer find_pre_tokenizer(const std::string& name) {
  std::string known;
  for (const Named& named : kPreTokenizers) {
    if (name == named.name) return named.pre;
    known += (known.empty() ? "" : ", ") + std::string(named.name);
  }
  throw Error("unsupported", "Pre-tokenizer '" + name + "' is not supported; " + known + " are.");
}

void split_words(Split split, std::string_view text, const Word& word) {
  switch (split) {
    case Split::llama3:
      return each_word(text, word, [](std::string_view t, size_t at) { return skip_llama3(t, at, 3); });
    case Split::qwen2:
      return each_word(text, word, [](std::string_view t, size_t at) { return skip_llama3(t, at, 1); });
    case Split::gpt2:
      return each_word(text, word, skip_gpt2);
    case Split::standard:
      return split_standard(text, word, false);
    case Split::falcon:
      return split_standard(text, word, true);
  }
}

}  // namespace aria
