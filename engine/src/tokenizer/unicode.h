#pragma once
// Characters of UTF-8 text, with the classes that pre-tokenizers ask for; and UTF-16 to UTF-8.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aria {

enum class Class : uint8_t { other = 0, letter = 1, number = 2, punctuation = 3, space = 4, end = 7 };

struct Character {
  char32_t code;  // 0xFFFFFFFF past the end, U+FFFD for a byte that is no UTF-8
  Class kind;
  size_t next;  // where the following character begins
};

/** The class of a code point. `space` is Unicode's White_Space. */
Class class_of(char32_t code);

Character character_at(std::string_view text, size_t position);

/** Where text stops being UTF-8, or npos: surrogates, overlong forms and what is past U+10FFFF count as wrong. */
size_t find_invalid_utf8(std::string_view text);

/** A surrogate without its other half becomes U+FFFD. */
std::string to_utf8(std::u16string_view text);

void append_utf8(std::string& out, char32_t code);

}  // namespace aria
