// libFuzzer target: a NUL, if any, ends the grammar; each byte behind it chooses a token of the answer. The grammar
// compiles or is refused by a typed error; mask and matcher agree on every token; an answer can always go on or end.
#include "../src/grammar/constraint.h"
#include "require.h"

namespace {

using namespace aria;
using fuzz::attempt, fuzz::require;

constexpr const char* kRefusals[] = {"bad_grammar"};
constexpr size_t kStepsMax = 16;
constexpr uint32_t kStop = 256;  // behind the 256 bytes

// All bytes, a stop token, and tokens of several bytes that share beginnings, cut characters and are no UTF-8.
std::shared_ptr<const Vocabulary> make_vocabulary() {
  PackedBytes packed;
  const auto add = [&](std::string_view bytes) {
    packed.bytes.insert(packed.bytes.end(), bytes.begin(), bytes.end());
    packed.ends.push_back(uint32_t(packed.bytes.size()));
  };
  for (int byte = 0; byte < 256; byte++) {
    const char value = char(byte);
    add({&value, 1});
  }
  for (const char* text : {"</s>", "", "a", "aa", "aaa", "ab", "{\"", "\":", "\"}", ": \"", "true", "12", "1", " ", "  ",
                           "\xC3\xA9", "\xE2\x96", "\x96\x81", "\xF0\x9F\x98\x80", "\xFF\xFE"})
    add(text);
  return std::make_shared<const Vocabulary>(std::move(packed), std::vector<uint32_t>{kStop});
}

bool allows(const TokenMask& mask, uint32_t token) { return mask[token / 64] >> (token % 64) & 1; }

// The `wanted`th of the allowed tokens, counted around.
uint32_t choose(const TokenMask& mask, size_t tokens, uint8_t wanted) {
  std::vector<uint32_t> allowed;
  for (uint32_t token = 0; token < tokens; token++)
    if (allows(mask, token)) allowed.push_back(token);
  require(!allowed.empty(), "an answer that can neither go on nor end");
  return allowed[wanted % allowed.size()];
}

// Long repetitions take milliseconds to write out and find nothing; their limits have tests of their own.
bool has_long_count(std::string_view text) {
  size_t digits = 0;
  for (const char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > 2 && text.find('{') != std::string_view::npos) return true;
  }
  return false;
}

void check_answer(Constraint constraint, const Vocabulary& vocabulary, std::string_view choices) {
  for (const char choice : choices.substr(0, kStepsMax)) {
    const SharedMask mask = constraint.mask();
    const uint32_t probe = uint8_t(choice) * 7u % uint32_t(vocabulary.size());
    Constraint copy = constraint;
    require(copy.accept(probe) == allows(*mask, probe), "a mask and a matcher that disagree");
    const uint32_t token = choose(*mask, vocabulary.size(), uint8_t(choice));
    require(constraint.accept(token), "an allowed token that is not accepted");
    if (token == kStop) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::shared_ptr<const Vocabulary> vocabulary = make_vocabulary();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\0');
  const std::string_view text = input.substr(0, end);
  if (has_long_count(text)) return -1;
  attempt(kRefusals, [&] {
    const auto matcher = std::make_shared<GrammarMatcher>(text, vocabulary);
    check_answer(Constraint(matcher), *vocabulary, end == input.npos ? std::string_view("\0\1\2", 3) : input.substr(end + 1));
  });
  return 0;
}
