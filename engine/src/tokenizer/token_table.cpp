#include "token_table.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../gguf/cursor.h"
#include "../gguf/metadata.h"
#include "unicode.h"

namespace aria {
namespace {

const char* const kPrefix = "tokenizer.ggml.";
constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581, SentencePiece's space

// Control tokens that end an answer even when no key names them (SPEC.md, section 5).
constexpr std::string_view kStopTexts[] = {"<|eot_id|>",    "<|im_end|>", "<|end|>", "<end_of_turn>",   "<|endoftext|>",
                                           "<|eom_id|>", "<EOT>",      "<|end_of_text|>", "</s>"};
constexpr const char* kStopKeys[] = {"eos_token_id", "eot_token_id", "eom_token_id"};
constexpr uint32_t kSentenceBos = 1, kSentenceEos = 2;  // llama.cpp's, where an SPM file names none

[[noreturn]] void bad(const std::string& message) { throw Error("bad_gguf", message); }

std::string key_of(const char* name) { return kPrefix + std::string(name); }

const Value& need_array(const Gguf& gguf, const std::string& key, ValueType element, const char* expected) {
  const Value* value = gguf.value(key);
  if (!value || value->type != ValueType::array || value->element != element)
    bad(describe_key(gguf, key) + (value ? " is something else" : " is missing") + "; an array of " + expected +
        " is expected.");
  return *value;
}

template <class Use>
void each_string(const Gguf& gguf, const std::string& key, Use use) {
  const Value& value = need_array(gguf, key, ValueType::string, "strings");
  Cursor cursor(value.bytes);
  for (uint64_t i = 0; i < value.count; i++) {
    const std::string_view text = cursor.string(cursor.left(), key);
    if (find_invalid_utf8(text) != std::string_view::npos)
      bad(describe_key(gguf, key) + " has the element " + std::to_string(i) + ", which is not valid UTF-8.");
    use(i, text);
  }
}

template <class T>
T element(const Value& array, size_t index) {
  T value;
  std::memcpy(&value, array.bytes.data() + index * sizeof value, sizeof value);
  return value;
}

std::vector<TokenType> read_types(const Gguf& gguf, size_t count) {
  const std::string key = key_of("token_type");
  std::vector<TokenType> types(count, TokenType::normal);
  const Value* value = gguf.value(key);
  if (!value) return types;
  if (value->type != ValueType::array || (value->element != ValueType::i32 && value->element != ValueType::u32) ||
      value->count != count)
    bad(describe_key(gguf, key) + " does not hold " + std::to_string(count) + " integers, one for each token.");
  for (size_t i = 0; i < count; i++) {
    const auto type = element<int32_t>(*value, i);
    if (type < int32_t(TokenType::normal) || type > int32_t(TokenType::byte))
      bad(describe_key(gguf, key) + " gives token " + std::to_string(i) + " the unknown type " + std::to_string(type) +
          "; 1 to 6 are expected.");
    types[i] = TokenType(type);
  }
  return types;
}

std::vector<float> read_scores(const Gguf& gguf, size_t count) {
  const std::string key = key_of("scores");
  std::vector<float> scores(count, 0);
  const Value* value = gguf.value(key);
  if (!value) return scores;
  if (value->type != ValueType::array || (value->element != ValueType::f32 && value->element != ValueType::i32) ||
      value->count != count)
    bad(describe_key(gguf, key) + " does not hold " + std::to_string(count) + " numbers, one for each token.");
  for (size_t i = 0; i < count; i++) {
    scores[i] = value->element == ValueType::f32 ? element<float>(*value, i) : float(element<int32_t>(*value, i));
    if (std::isnan(scores[i])) bad(describe_key(gguf, key) + " gives token " + std::to_string(i) + " NaN; a number is expected.");
  }
  return scores;
}

std::optional<uint32_t> read_token(const Gguf& gguf, const char* name, size_t count) {
  const std::string key = key_of(name);
  const std::optional<uint64_t> id = find_integer(gguf, key);
  if (!id) return std::nullopt;
  if (*id >= count)
    bad(describe_key(gguf, key) + " is " + std::to_string(*id) + ", outside the vocabulary of " + std::to_string(count) +
        " tokens.");
  return uint32_t(*id);
}

bool read_flag(const Gguf& gguf, const char* name, bool otherwise) {
  const std::string key = key_of(name);
  const Value* value = gguf.value(key);
  if (!value) return otherwise;
  if (value->type != ValueType::boolean) bad(describe_key(gguf, key) + " is something else; true or false is expected.");
  return value->bytes[0] != 0;
}

std::vector<uint32_t> read_stops(const Gguf& gguf, const TokenTable& vocabulary) {
  std::vector<uint32_t> stops;
  for (const char* key : kStopKeys)
    if (const auto id = read_token(gguf, key, vocabulary.size())) stops.push_back(*id);
  for (uint32_t id = 0; id < vocabulary.size(); id++)
    if (vocabulary.types[id] == TokenType::control && ends_answers(vocabulary.text(id))) stops.push_back(id);
  std::sort(stops.begin(), stops.end());
  stops.erase(std::unique(stops.begin(), stops.end()), stops.end());
  return stops;
}

std::string hexadecimal(uint8_t byte) {
  const char* digits = "0123456789ABCDEF";
  return {'<', '0', 'x', digits[byte >> 4], digits[byte & 15], '>'};
}

// The byte of a token like <0x0A>.
std::optional<uint8_t> byte_named(std::string_view text) {
  if (text.size() != 6) return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 0; };
  const auto byte = uint8_t(digit(text[3]) << 4 | digit(text[4]));
  if (text != hexadecimal(byte)) return std::nullopt;
  return byte;
}

uint32_t find_byte(const TokenTable& vocabulary, uint8_t byte) {
  if (vocabulary.pieces_of_sentence) {
    const uint32_t named = vocabulary.find(hexadecimal(byte));
    return named != kNoToken ? named : vocabulary.find(std::string_view(reinterpret_cast<const char*>(&byte), 1));
  }
  std::string stand_in;
  append_utf8(stand_in, byte_stand_ins()[byte]);
  return vocabulary.find(stand_in);
}

// Tokenising must be able to name every byte of every text.
void fill_byte_tokens(TokenTable& vocabulary) {
  for (int byte = 0; byte < 256; byte++) {
    const uint32_t id = vocabulary.byte_tokens[byte] = find_byte(vocabulary, uint8_t(byte));
    const bool in_utf8 = byte < 0xC0 || (byte > 0xC1 && byte < 0xF5);
    if (id == kNoToken && in_utf8) bad("The vocabulary has no token for byte " + std::to_string(byte) + ".");
  }
}

void read_tokens(const Gguf& gguf, size_t rows, TokenTable& vocabulary) {
  const std::string key = key_of("tokens");
  const uint64_t count = need_array(gguf, key, ValueType::string, "strings").count;
  if (count != rows)
    bad(describe_key(gguf, key) + " has " + std::to_string(count) + " tokens, but the embedding has " +
        std::to_string(rows) + " rows; as many are expected.");
  each_string(gguf, key, [&](uint64_t, std::string_view text) {
    vocabulary.blob += text;
    vocabulary.ends.push_back(uint32_t(vocabulary.blob.size()));  // metadata is at most 256 MiB
  });
  vocabulary.types = read_types(gguf, count);
  vocabulary.ids.reserve(count);
  for (uint32_t id = 0; id < count; id++)
    if (!vocabulary.is_hidden(id) && !vocabulary.text(id).empty()) vocabulary.ids.emplace(vocabulary.text(id), id);
}

void read_byte_level(const Gguf& gguf, TokenTable& vocabulary) {
  const std::string pre = find_string(gguf, key_of("pre")).value_or("default");
  vocabulary.pre = find_pre_tokenizer(pre);
  each_string(gguf, key_of("merges"), [&](uint64_t index, std::string_view merge) {
    const size_t space = merge.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == merge.size())
      bad(describe_key(gguf, key_of("merges")) + " has the merge " + std::to_string(index) + ", which is not two tokens: '" +
          std::string(merge) + "'.");
    vocabulary.merges.emplace_back(merge);
  });
  vocabulary.bos = read_token(gguf, "bos_token_id", vocabulary.size());
  vocabulary.eos = read_token(gguf, "eos_token_id", vocabulary.size());
}

void read_sentence_pieces(const Gguf& gguf, TokenTable& vocabulary) {
  vocabulary.scores = read_scores(gguf, vocabulary.size());
  vocabulary.bos = read_token(gguf, "bos_token_id", vocabulary.size());
  vocabulary.eos = read_token(gguf, "eos_token_id", vocabulary.size());
  if (!vocabulary.bos && vocabulary.size() > kSentenceBos) vocabulary.bos = kSentenceBos;
  if (!vocabulary.eos && vocabulary.size() > kSentenceEos) vocabulary.eos = kSentenceEos;
  for (uint32_t id = 0; id < vocabulary.size(); id++)
    if (vocabulary.types[id] == TokenType::byte && !byte_named(vocabulary.text(id)))
      bad("Token " + std::to_string(id) + " is a byte token, but its text '" + std::string(vocabulary.text(id)) +
          "' is not like <0x0A>.");
}

std::string undo_space_marks(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const bool mark = text.substr(at, kSpaceMark.size()) == kSpaceMark;
    out += mark ? ' ' : text[at];
    at += mark ? kSpaceMark.size() : 1;
  }
  return out;
}

std::string undo_stand_ins(std::string_view text) {
  static const std::unordered_map<char32_t, char> bytes = [] {
    std::unordered_map<char32_t, char> map;
    for (int byte = 0; byte < 256; byte++) map.emplace(byte_stand_ins()[byte], char(byte));
    return map;
  }();
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    const auto byte = bytes.find(character.code);
    if (byte != bytes.end())
      out += byte->second;
    else
      out += text.substr(at, character.next - at);
    at = character.next;
  }
  return out;
}

}  // namespace

bool ends_answers(std::string_view text) {
  return std::find(std::begin(kStopTexts), std::end(kStopTexts), text) != std::end(kStopTexts);
}

const std::array<char32_t, 256>& byte_stand_ins() {
  static const std::array<char32_t, 256> stand_ins = [] {
    std::array<char32_t, 256> all;
    char32_t next = 0x100;
    for (char32_t byte = 0; byte < 256; byte++) {
      const bool printable =
          (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
      all[byte] = printable ? byte : next++;
    }
    return all;
  }();
  return stand_ins;
}

std::string bytes_of_token(const TokenTable& vocabulary, uint32_t id) {
  const std::string_view text = vocabulary.text(id);
  if (vocabulary.is_hidden(id)) return "";
  if (vocabulary.types[id] == TokenType::user_defined) return std::string(text);
  if (!vocabulary.pieces_of_sentence) return undo_stand_ins(text);
  if (vocabulary.types[id] == TokenType::byte) return std::string(1, char(*byte_named(text)));
  return undo_space_marks(text);
}

void read_token_table(const Gguf& gguf, size_t rows, TokenTable& vocabulary) {
  const std::string model = find_string(gguf, key_of("model")).value_or("");
  if (model != "gpt2" && model != "llama")
    throw Error("unsupported",
                describe_key(gguf, key_of("model")) + " is '" + model +
                    "', which is not supported; byte-level BPE ('gpt2') and SentencePiece ('llama') are.");
  vocabulary.pieces_of_sentence = model == "llama";
  read_tokens(gguf, rows, vocabulary);
  vocabulary.pieces_of_sentence ? read_sentence_pieces(gguf, vocabulary) : read_byte_level(gguf, vocabulary);
  fill_byte_tokens(vocabulary);
  vocabulary.adds_bos =
      read_flag(gguf, "add_bos_token", vocabulary.pieces_of_sentence || vocabulary.pre.adds_bos);
  vocabulary.adds_eos = read_flag(gguf, "add_eos_token", false);
  vocabulary.adds_space =
      vocabulary.pieces_of_sentence && read_flag(gguf, "add_space_prefix", true);
  vocabulary.stop_tokens = read_stops(gguf, vocabulary);
  vocabulary.chat_template = find_string(gguf, "tokenizer.chat_template");
}

}  // namespace aria
