#include "unicode.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "unicode_table.h"

namespace aria {
namespace {

constexpr char32_t kReplacement = 0xFFFD, kPastEnd = 0xFFFFFFFF;

Class search(char32_t code) {
  const uint32_t* after = std::upper_bound(std::begin(kUnicodeRuns), std::end(kUnicodeRuns), code << 3 | 7);
  return Class(*(after - 1) & 7);  // the first run begins at 0
}

std::array<Class, 128> ascii_classes() {
  std::array<Class, 128> classes;
  for (char32_t code = 0; code < classes.size(); code++) classes[code] = search(code);
  return classes;
}

struct Decoded {
  char32_t code;
  size_t bytes;  // 0: not UTF-8
};

// Table 3-7 of the Unicode standard: the second byte's range depends on the first.
Decoded decode(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return at + i < text.size() ? uint8_t(text[at + i]) : uint8_t{0}; };
  const auto tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first >= 0xC2 && first <= 0xDF && tail(1)) return {char32_t((first & 0x1F) << 6 | (byte(1) & 0x3F)), 2};
  if (first >= 0xE0 && first <= 0xEF && tail(1) && tail(2)) {
    const char32_t code = (first & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (code >= 0x800 && (code < 0xD800 || code > 0xDFFF)) return {code, 3};
  }
  if (first >= 0xF0 && first <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    const char32_t code = (first & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    if (code >= 0x10000 && code <= 0x10FFFF) return {code, 4};
  }
  return {kReplacement, 0};
}

}  // namespace

Class class_of(char32_t code) {
  static const std::array<Class, 128> ascii = ascii_classes();
  return code < ascii.size() ? ascii[code] : search(code);
}

Character character_at(std::string_view text, size_t position) {
  if (position >= text.size()) return {kPastEnd, Class::end, position};
  const Decoded decoded = decode(text, position);
  return {decoded.code, class_of(decoded.code), position + std::max<size_t>(decoded.bytes, 1)};
}

size_t find_invalid_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = decode(text, at).bytes;
    if (bytes == 0) return at;
    at += bytes;
  }
  return std::string_view::npos;
}

void append_utf8(std::string& out, char32_t code) {
  if (code < 0x80) {
    out += char(code);
  } else if (code < 0x800) {
    out += char(0xC0 | code >> 6);
    out += char(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += char(0xE0 | code >> 12);
    out += char(0x80 | (code >> 6 & 0x3F));
    out += char(0x80 | (code & 0x3F));
  } else {
    out += char(0xF0 | code >> 18);
    out += char(0x80 | (code >> 12 & 0x3F));
    out += char(0x80 | (code >> 6 & 0x3F));
    out += char(0x80 | (code & 0x3F));
  }
}

std::string to_utf8(std::u16string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); i++) {
    const char32_t unit = text[i];
    const bool paired = (unit & 0xFC00) == 0xD800 && i + 1 < text.size() && (text[i + 1] & 0xFC00) == 0xDC00;
    if (paired)
      append_utf8(out, 0x10000 + ((unit & 0x3FF) << 10) + (text[++i] & 0x3FF));
    else
      append_utf8(out, (unit & 0xF800) == 0xD800 ? kReplacement : unit);
  }
  return out;
}

}  // namespace aria
