#pragma once
// The vocabulary of a GGUF file, checked and copied: it outlives the file's mapping.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../gguf/reader.h"
#include "split.h"

namespace aria {

enum class TokenType : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };
constexpr uint32_t kNoToken = ~uint32_t{0};

struct TokenTable {
  bool pieces_of_sentence;  // tokenizer.ggml.model `llama` (SentencePiece); false: `gpt2` (byte-level BPE)
  PreTokenizer pre;         // of BPE
  std::string blob;
  std::vector<uint32_t> ends;
  std::vector<TokenType> types;
  std::vector<float> scores;                    // of SPM
  std::vector<std::string> merges;              // of BPE: two tokens and a space between them
  std::array<uint32_t, 256> byte_tokens;        // kNoToken for a byte that no UTF-8 text contains
  std::unordered_map<std::string_view, uint32_t> ids;  // what text may become: every token but control and unknown ones
  std::optional<uint32_t> bos, eos;
  bool adds_bos, adds_eos, adds_space;
  std::vector<uint32_t> stop_tokens;  // ascending
  std::optional<std::string> chat_template;

  TokenTable() = default;
  TokenTable(const TokenTable&) = delete;  // `ids` has views into `blob`

  size_t size() const { return ends.size(); }
  std::string_view text(uint32_t id) const {
    const uint32_t begin = id ? ends[id - 1] : 0;
    return std::string_view(blob).substr(begin, ends[id] - begin);
  }
  uint32_t find(std::string_view text) const {
    const auto found = ids.find(text);
    return found == ids.end() ? kNoToken : found->second;
  }
  bool is_hidden(uint32_t id) const { return types[id] == TokenType::control || types[id] == TokenType::unknown; }
};

/** Fills `vocabulary`, which has to have `rows` tokens. Throws `bad_gguf` or `unsupported`, naming key and value. */
void read_token_table(const Gguf& gguf, size_t rows, TokenTable& vocabulary);

/** Whether a token with this text ends an answer when it is a control token (SPEC.md, section 5). */
bool ends_answers(std::string_view text);

/** GPT-2's printable stand-ins: the code point that byte-level vocabularies write for a byte. */
const std::array<char32_t, 256>& byte_stand_ins();

/** The bytes that a token adds to an answer. Control and unknown tokens add none. */
std::string bytes_of_token(const TokenTable& vocabulary, uint32_t id);

}  // namespace aria
