// libFuzzer target. The first byte chooses: one of the known vocabularies, built once, for which the rest is UTF-16 text
// that has to come back; or a text and a GGUF file, whose vocabulary behind all bytes has to load or to be refused by a
// typed error.
#include <array>
#include <atomic>
#include <deque>
#include <memory>

#include "../src/tokenizer/tokenizer.h"
#include "../src/tokenizer/unicode.h"
#include "require.h"

namespace {

using namespace aria;
using fuzz::attempt, fuzz::require;

const std::atomic<bool> kNever{false};
constexpr const char* kRefusals[] = {"bad_gguf", "unsupported", "bad_token", "bad_template"};
const char* const kPreTokenizers[] = {"llama-bpe", "qwen2", "gpt-2", "default", "falcon"};
constexpr size_t kKnown = std::size(kPreTokenizers) + 1;  // and one of SentencePiece
constexpr std::string_view kSpaceMark = "\xE2\x96\x81";
constexpr size_t kTextBytesMost = 320;  // longer text finds nothing more, only later
constexpr uint8_t kFileMode = 0xC0;  // first bytes from here on: a file
constexpr int32_t kNormal = 1, kControl = 3, kByte = 6;

// A vocabulary without a file: metadata whose bytes live as long as the builder.
class Builder {
 public:
  explicit Builder(Gguf gguf = {}) : gguf_(std::move(gguf)) {}

  void set(const std::string& key, const std::string& text) {
    gguf_.metadata[key] = {ValueType::string, ValueType::string, 1, keep(text)};
  }
  void set(const std::string& key, const std::vector<std::string>& strings) {
    gguf_.metadata[key] = {ValueType::array, ValueType::string, strings.size(), keep(to_bytes(strings))};
  }
  void set(const std::string& key, const std::vector<int32_t>& numbers) {
    gguf_.metadata[key] = {ValueType::array, ValueType::i32, numbers.size(), keep(to_bytes(numbers))};
  }
  // Puts elements before an array's own, if it is one of theirs; any other value stays for the tokenizer to refuse.
  template <class T>
  void prepend(const std::string& key, ValueType element, const std::vector<T>& values) {
    const auto found = gguf_.metadata.find(key);
    if (found == gguf_.metadata.end() || found->second.type != ValueType::array || found->second.element != element)
      return;
    Value& value = found->second;
    value.bytes = keep(to_bytes(values) += value.bytes);
    value.count += values.size();
  }
  const Gguf& gguf() const { return gguf_; }

 private:
  static std::string to_bytes(const std::vector<std::string>& strings) {
    std::string bytes;
    for (const std::string& text : strings) {
      const uint64_t length = text.size();
      bytes.append(reinterpret_cast<const char*>(&length), sizeof length) += text;
    }
    return bytes;
  }
  template <class T>
  static std::string to_bytes(const std::vector<T>& numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
  }
  std::string_view keep(const std::string& bytes) { return kept_.emplace_back(bytes); }
  Gguf gguf_;
  std::deque<std::string> kept_;
};

const std::vector<std::string>& byte_level_tokens() {
  static const std::vector<std::string> tokens = [] {
    std::vector<std::string> all;
    for (const char32_t stand_in : byte_stand_ins()) append_utf8(all.emplace_back(), stand_in);
    return all;
  }();
  return tokens;
}

const std::vector<std::string>& named_bytes() {
  static const std::vector<std::string> tokens = [] {
    std::vector<std::string> all;
    for (int byte = 0; byte < 256; byte++) {
      char text[8];
      std::snprintf(text, sizeof text, "<0x%02X>", byte);
      all.push_back(text);
    }
    return all;
  }();
  return tokens;
}

std::unique_ptr<Tokenizer> make(Builder& file, std::vector<std::string> tokens, std::vector<int32_t> types) {
  for (const char* control : {"<|im_start|>", "<|im_end|>", "<|im_end|>!", "</s>"}) {
    tokens.push_back(control);
    types.push_back(kControl);
  }
  file.set("tokenizer.ggml.tokens", tokens);
  file.set("tokenizer.ggml.token_type", types);
  return std::make_unique<Tokenizer>(file.gguf(), tokens.size());
}

std::unique_ptr<Tokenizer> make_byte_level(const char* pre) {
  Builder file;
  std::vector<std::string> tokens = byte_level_tokens(), merges;
  for (const char* merge : {"a a", "aa aa", "aaaa aaaa", "t h", "th e", "1 2", "' s", "i m", "< |"}) {
    merges.push_back(merge);
    std::string joined = merge;
    tokens.push_back(joined.erase(joined.find(' '), 1));
  }
  file.set("tokenizer.ggml.model", std::string("gpt2"));
  file.set("tokenizer.ggml.pre", std::string(pre));
  file.set("tokenizer.ggml.merges", merges);
  const std::vector<int32_t> types(tokens.size(), kNormal);
  return make(file, tokens, types);
}

std::unique_ptr<Tokenizer> make_sentence_pieces() {
  Builder file;
  std::vector<std::string> tokens = named_bytes();
  std::vector<int32_t> types(tokens.size(), kByte);
  for (const char* piece : {"a", "aa", "aaaa", "t", "h", "e", "th", "the", "\xE2\x96\x81", "\xE2\x96\x81the"}) {
    tokens.push_back(piece);
    types.push_back(kNormal);
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

void check_known(size_t index, const std::string& text) {
  const bool is_sentence = index + 1 == kKnown;
  check_text(known(index), text, !(is_sentence && text.find(kSpaceMark) != std::string::npos));
  check_chat(known(index), text);
}

// A real vocabulary names all 256 bytes, far too much for mutations to keep intact: they come before the file's own.
void check_file(std::string_view file, const std::string& text) {
  Builder builder(read_gguf(file));
  const Value* model = builder.gguf().value("tokenizer.ggml.model");
  const bool is_sentence = model && model->bytes == "llama";
  const auto& bytes = is_sentence ? named_bytes() : byte_level_tokens();
  builder.prepend("tokenizer.ggml.tokens", ValueType::string, bytes);
  const std::vector<int32_t> types(bytes.size(), is_sentence ? kByte : kNormal);
  for (const ValueType element : {ValueType::i32, ValueType::u32})
    builder.prepend("tokenizer.ggml.token_type", element, types);
  builder.prepend("tokenizer.ggml.scores", ValueType::f32, std::vector<float>(bytes.size()));
  const Value* tokens = builder.gguf().value("tokenizer.ggml.tokens");
  const Tokenizer tokenizer(builder.gguf(), tokens ? size_t(tokens->count) : 0);
  check_text(tokenizer, text, false);
  check_chat(tokenizer, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  attempt(kRefusals, [&] {
    if (data[0] < kFileMode) return check_known(data[0] % kKnown, to_utf8(units(data + 1, std::min(size - 1, kTextBytesMost))));
    // A byte for the length of the text, the text, a file.
    if (size < 2) return;
    const size_t length = std::min<size_t>(data[1], size - 2);
    const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
    check_file(rest.substr(length), std::string(rest.substr(0, length)));
  });
  return 0;
}
