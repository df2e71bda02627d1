// libFuzzer target. The first byte chooses: a known vocabulary, for which the rest is UTF-16 text that has to come back;
// or the rest as a GGUF file whose vocabulary, whatever it is, has to load or be refused by a typed error.
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>

#include "../src/tokenizer/tokenizer.h"
#include "../src/tokenizer/unicode.h"

namespace {

using namespace aria;

const std::atomic<bool> kNever{false};
const char* const kPreTokenizers[] = {"llama-bpe", "qwen2", "gpt-2", "default", "falcon"};
constexpr size_t kKnown = std::size(kPreTokenizers) + 1;  // and one of SentencePiece
constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "Broken: %s\n", what);
  std::abort();
}

// A vocabulary without a file: metadata whose bytes live as long as the process.
class Builder {
 public:
  void set(const std::string& key, const std::string& text) {
    gguf_.metadata[key] = {ValueType::string, ValueType::string, 1, keep(text)};
  }
  void set(const std::string& key, const std::vector<std::string>& strings) {
    std::string bytes;
    for (const std::string& text : strings) {
      const uint64_t length = text.size();
      bytes.append(reinterpret_cast<const char*>(&length), sizeof length) += text;
    }
    gguf_.metadata[key] = {ValueType::array, ValueType::string, strings.size(), keep(bytes)};
  }
  void set(const std::string& key, const std::vector<int32_t>& numbers) {
    const std::string bytes(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(int32_t));
    gguf_.metadata[key] = {ValueType::array, ValueType::i32, numbers.size(), keep(bytes)};
  }
  const Gguf& gguf() const { return gguf_; }

 private:
  std::string_view keep(const std::string& bytes) { return kept_.emplace_back(bytes); }
  Gguf gguf_;
  std::deque<std::string> kept_;
};

std::unique_ptr<Tokenizer> make(Builder& file, std::vector<std::string> tokens, std::vector<int32_t> types) {
  for (const char* control : {"<|im_start|>", "<|im_end|>", "<|im_end|>!", "</s>"}) {
    tokens.push_back(control);
    types.push_back(3);
  }
  file.set("tokenizer.ggml.tokens", tokens);
  file.set("tokenizer.ggml.token_type", types);
  return std::make_unique<Tokenizer>(file.gguf(), tokens.size());
}

std::unique_ptr<Tokenizer> make_byte_level(const char* pre) {
  Builder file;
  std::vector<std::string> tokens, merges;
  for (const char32_t stand_in : byte_stand_ins()) append_utf8(tokens.emplace_back(), stand_in);
  for (const char* merge : {"a a", "aa aa", "aaaa aaaa", "t h", "th e", "1 2", "' s", "i m", "< |"}) {
    merges.push_back(merge);
    std::string joined = merge;
    tokens.push_back(joined.erase(joined.find(' '), 1));
  }
  file.set("tokenizer.ggml.model", std::string("gpt2"));
  file.set("tokenizer.ggml.pre", std::string(pre));
  file.set("tokenizer.ggml.merges", merges);
  const std::vector<int32_t> types(tokens.size(), 1);
  return make(file, tokens, types);
}

std::unique_ptr<Tokenizer> make_sentence_pieces() {
  Builder file;
  std::vector<std::string> tokens;
  std::vector<int32_t> types;
  for (int byte = 0; byte < 256; byte++) {
    char text[8];
    std::snprintf(text, sizeof text, "<0x%02X>", byte);
    tokens.push_back(text);
    types.push_back(6);
  }
  for (const char* piece : {"a", "aa", "aaaa", "t", "h", "e", "th", "the", "\xE2\x96\x81", "\xE2\x96\x81the"}) {
    tokens.push_back(piece);
    types.push_back(1);
  }
  file.set("tokenizer.ggml.model", std::string("llama"));
  return make(file, tokens, types);
}

const Tokenizer& known(size_t index) {
  static const std::array<std::unique_ptr<Tokenizer>, kKnown> all = [] {
    std::array<std::unique_ptr<Tokenizer>, kKnown> made;
    for (size_t i = 0; i + 1 < kKnown; i++) made[i] = make_byte_level(kPreTokenizers[i]);
    made[kKnown - 1] = make_sentence_pieces();
    return made;
  }();
  return *all[index];
}

bool has_control(const Tokenizer& tokenizer, const std::vector<uint32_t>& tokens) {
  for (const uint32_t token : tokens)
    if (tokenizer.vocabulary().types[token] == TokenType::control) return true;
  return false;
}

std::string decoded(const Tokenizer& tokenizer, const std::vector<uint32_t>& tokens) {
  std::string out;
  tokenizer.decode(tokens.data(), tokens.size(), true, out);
  return out;
}

void check_text(const Tokenizer& tokenizer, const std::string& text, bool comes_back) {
  const std::vector<uint32_t> tokens = tokenizer.encode(text, false, kNever);
  require(!has_control(tokenizer, tokens), "text that became a control token");
  if (comes_back) require(decoded(tokenizer, tokens) == text, "text that does not come back");
  for (const uint32_t token : tokenizer.encode(text, true, kNever))
    require(token < tokenizer.vocabulary().size(), "a token outside the vocabulary");
}

void check_chat(const Tokenizer& tokenizer, const std::string& text) {
  const Protected safe = tokenizer.protect({text});
  std::vector<uint32_t> tokens = tokenizer.encode_chat(safe.contents[0], safe.marker, kNever);
  const auto bos = tokenizer.vocabulary().bos;
  if (tokenizer.vocabulary().adds_bos && bos && !tokens.empty() && tokens[0] == *bos) tokens.erase(tokens.begin());
  require(!has_control(tokenizer, tokens), "a message that became a control token");
}

std::u16string units(const uint8_t* data, size_t size) {
  std::u16string out(size / 2, u'\0');
  if (!out.empty()) std::memcpy(out.data(), data, out.size() * 2);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  try {
    if (data[0] < 0xC0) {
      const size_t index = data[0] % kKnown;
      const std::string text = to_utf8(units(data + 1, size - 1));
      const bool marks = index + 1 == kKnown && text.find(kSpaceMark) != std::string::npos;
      check_text(known(index), text, !marks);
      check_chat(known(index), text);
      return 0;
    }
    // Two bytes for the length of a text, the text, a file.
    if (size < 3) return 0;
    const size_t length = std::min<size_t>(data[1] | data[2] << 8, size - 3);
    const std::string text(reinterpret_cast<const char*>(data) + 3, length);
    const Gguf gguf = read_gguf({reinterpret_cast<const char*>(data) + 3 + length, size - 3 - length});
    const Value* tokens = gguf.value("tokenizer.ggml.tokens");
    const Tokenizer tokenizer(gguf, tokens ? size_t(tokens->count) : 0);
    check_text(tokenizer, text, false);
    check_chat(tokenizer, text);
  } catch (const Error& error) {
    require(error.what()[0] != '\0', "an error without a text");
  }
  return 0;
}
