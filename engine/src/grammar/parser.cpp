// GBNF text to rules, by recursive descent.
#include "../base/error.h"
#include "builder.h"

namespace aria {
namespace {

constexpr int kNestingMax = 64;
constexpr uint32_t kRepeatMax = 65536;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Grammar parse() {
    skip_space(true);
    while (!at_end()) read_rule();
    return builder_.finish();
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    size_t line = 1, start = 0;
    for (size_t i = 0; i < at_; i++)
      if (text_[i] == '\n') {
        line++;
        start = i + 1;
      }
    throw Error("bad_grammar", "The grammar's line " + std::to_string(line) + ", column " +
                                   std::to_string(at_ - start + 1) + ": " + what);
  }

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    at_++;
    return true;
  }

  void skip_space(bool newlines) {
    for (; !at_end(); at_++) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ + 1 < text_.size() && text_[at_ + 1] != '\n' && text_[at_ + 1] != '\r') at_++;
      } else if (c != ' ' && c != '\t' && !(newlines && (c == '\n' || c == '\r'))) {
        return;
      }
    }
  }

  std::string_view read_name() {
    const size_t begin = at_;
    while (!at_end() && is_name(text_[at_])) at_++;
    if (at_ == begin) fail("a rule's name is expected.");
    return text_.substr(begin, at_ - begin);
  }

  void read_rule() {
    const size_t start = at_;
    const uint32_t rule = builder_.rule(read_name());
    if (builder_.is_defined(rule)) {
      at_ = start;
      fail("the rule is defined twice.");
    }
    skip_space(false);
    if (text_.substr(at_, 3) != "::=") fail("'::=' is expected after a rule's name.");
    at_ += 3;
    skip_space(true);
    builder_.enter(rule);
    builder_.define(rule, read_alternates(0));
    if (!at_end() && peek() != '\n' && peek() != '\r') fail("the rule is expected to go on or to end its line.");
    skip_space(true);
  }

  std::vector<Sequence> read_alternates(int depth) {
    std::vector<Sequence> alternates = {read_sequence(depth)};
    while (take('|')) {
      skip_space(true);
      alternates.push_back(read_sequence(depth));
    }
    return alternates;
  }

  // Inside a group, lines may break anywhere.
  Sequence read_sequence(int depth) {
    Sequence sequence;
    for (Sequence item; read_item(depth, item); item.clear()) {
      skip_space(depth > 0);
      while (read_repetition(depth, item)) skip_space(depth > 0);
      sequence.insert(sequence.end(), item.begin(), item.end());
    }
    return sequence;
  }

  bool read_item(int depth, Sequence& out) {
    if (take('"')) return read_literal(out);
    if (take('[')) return read_set(out);
    if (take('(')) return read_group(depth, out);
    if (take('.')) {
      out.push_back(builder_.code_points({}, true));
      return true;
    }
    if (peek() == '<' || peek() == '!') fail("references to tokens are not supported; write what the answer reads.");
    if (is_digit(peek()) || is_name(peek())) {
      out.push_back({ElementKind::rule, builder_.rule(read_name())});
      return true;
    }
    if (peek() == '*' || peek() == '+' || peek() == '?' || peek() == '{') fail("there is nothing to repeat.");
    return false;
  }

  bool read_literal(Sequence& out) {
    std::string bytes;
    while (!take('"')) append_utf8(read_character(), bytes);
    for (char byte : bytes) out.push_back(builder_.byte(uint8_t(byte)));
    return true;
  }

  bool read_set(Sequence& out) {
    const bool negated = take('^');
    std::vector<CodePointRange> ranges;
    while (!take(']')) {
      const uint32_t low = read_character();
      uint32_t high = low;
      if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        at_++;
        high = read_character();
      }
      if (high < low) fail("the range of characters runs backwards.");
      ranges.push_back({low, high});
    }
    if (ranges.empty()) fail("the set of characters is empty.");
    out.push_back(builder_.code_points(std::move(ranges), negated));
    return true;
  }

  bool read_group(int depth, Sequence& out) {
    if (depth == kNestingMax) fail("groups nest deeper than " + std::to_string(kNestingMax) + ".");
    skip_space(true);
    std::vector<Sequence> alternates = read_alternates(depth + 1);
    if (!take(')')) fail("')' is expected.");
    out.push_back(builder_.group(std::move(alternates)));
    return true;
  }

  bool read_repetition(int depth, Sequence& item) {
    uint32_t least = 0, most = kUnlimited;
    if (take('+')) {
      least = 1;
    } else if (take('?')) {
      most = 1;
    } else if (take('{')) {
      const bool newlines = depth > 0;
      skip_space(newlines);
      least = most = read_count();
      skip_space(newlines);
      if (take(',')) {
        skip_space(newlines);
        most = is_digit(peek()) ? read_count() : kUnlimited;
        skip_space(newlines);
      }
      if (!take('}')) fail("'}' is expected.");
      if (most < least) fail("the repetition's most is below its least.");
    } else if (!take('*')) {
      return false;
    }
    item = builder_.repeat(std::move(item), least, most);
    return true;
  }

  uint32_t read_count() {
    if (!is_digit(peek())) fail("a count is expected.");
    uint32_t count = 0;
    while (is_digit(peek())) {
      count = count * 10 + uint32_t(text_[at_++] - '0');
      if (count > kRepeatMax) fail("more than " + std::to_string(kRepeatMax) + " repetitions.");
    }
    return count;
  }

  uint32_t read_character() {
    if (at_end()) fail("the grammar ends inside a literal or set.");
    const uint32_t code_point = take('\\') ? read_escape() : read_utf8();
    if (code_point > kCodePointMax || (code_point >= 0xd800 && code_point <= 0xdfff))
      fail("the character is none of Unicode's.");
    return code_point;
  }

  uint32_t read_escape() {
    if (at_end()) fail("the grammar ends inside an escape.");
    switch (const char c = text_[at_++]) {
      case 'x':
        return read_hex(2);
      case 'u':
        return read_hex(4);
      case 'U':
        return read_hex(8);
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'n':
        return '\n';
      case '\\':
      case '"':
      case '[':
      case ']':
      case '-':
      case '^':
        return uint8_t(c);
      default:
        at_--;
        fail("the escape is unknown; use \\x, \\u, \\U, \\t, \\r, \\n, \\\\, \\\", \\[, \\], \\- or \\^.");
    }
  }

  uint32_t read_hex(int digits) {
    uint32_t value = 0;
    for (int i = 0; i < digits; i++) {
      const char c = peek();
      const bool small = c >= 'a' && c <= 'f', large = c >= 'A' && c <= 'F';
      if (!is_digit(c) && !small && !large) fail("a hexadecimal digit is expected.");
      value = value << 4 | uint32_t(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
      at_++;
    }
    return value;
  }

  // Strict: the grammar's own text must be sound UTF-8 before it can describe any.
  uint32_t read_utf8() {
    const uint8_t first = uint8_t(text_[at_]);
    const size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (size == 0 || text_.size() - at_ < size) fail("the grammar is not valid UTF-8.");
    uint32_t value = size == 1 ? first : first & (0x7f >> size);
    for (size_t i = 1; i < size; i++) {
      const uint8_t next = uint8_t(text_[at_ + i]);
      if ((next & 0xc0) != 0x80) fail("the grammar is not valid UTF-8.");
      value = value << 6 | (next & 0x3f);
    }
    if ((size == 3 && value < 0x800) || (size == 4 && value < 0x10000)) fail("the grammar is not valid UTF-8.");
    at_ += size;
    return value;
  }

  std::string_view text_;
  size_t at_ = 0;
  GrammarBuilder builder_;
};

}  // namespace

Grammar compile_grammar(std::string_view text) {
  if (text.size() > kGrammarBytesMax)
    throw Error("bad_grammar", "The grammar has " + std::to_string(text.size()) + " bytes; at most " +
                                   std::to_string(kGrammarBytesMax) + " are allowed.");
  return Parser(text).parse();
}

}  // namespace aria
