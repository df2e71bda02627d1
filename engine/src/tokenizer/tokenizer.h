#pragma once
// Text to tokens and back, from a GGUF file's own vocabulary. Immutable once made: any thread may use it.
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "byte_pairs.h"
#include "sentence_pieces.h"
#include "special.h"
#include "token_table.h"

namespace aria {

/** Strings one after another, and where each ends. */
struct PackedPieces {
  std::string bytes;
  std::vector<uint32_t> ends;

  std::string_view operator[](size_t index) const {
    const uint32_t begin = index ? ends[index - 1] : 0;
    return std::string_view(bytes).substr(begin, ends[index] - begin);
  }
};

/** Message contents that no control token can be read from, however a template joins them. */
struct Protected {
  char32_t marker;  // stands where a control token was broken apart; none of the contents had it
  std::vector<std::string> contents;
};

class Tokenizer {
 public:
  /** `rows` is the size that the vocabulary has to have. Throws `bad_gguf` or `unsupported`, naming key and value. */
  Tokenizer(const Gguf& gguf, size_t rows);

  const TokenTable& vocabulary() const { return vocabulary_; }

  /** What each token adds to an answer: nothing for control tokens. For grammar masks, too. */
  const PackedPieces& pieces() const { return pieces_; }

  /** Tokens of UTF-8 text. Without `special`, text never becomes a control token, whatever it contains; with it, it may,
      and the beginning and end tokens that the model wants are added. Throws `bad_token` for text that is not UTF-8 or
      longer than `kTextBytesMax`, `aborted` when cancelled. */
  std::vector<uint32_t> encode(std::string_view text, bool special, const std::atomic<bool>& cancelled) const;

  /** Tokens of a rendered template whose message contents `protect` returned, with a beginning token. */
  std::vector<uint32_t> encode_chat(std::string_view text, char32_t marker, const std::atomic<bool>& cancelled) const;

  /** Throws `bad_template` for contents that cannot be protected. */
  Protected protect(std::vector<std::string> contents) const;

  /** Appends the bytes of tokens. `first`: they begin the text, and the space that SentencePiece put there goes.
      Throws `bad_token` for a token outside the vocabulary. */
  void decode(const uint32_t* tokens, size_t count, bool first, std::string& out) const;

 private:
  class Encoding;

  TokenTable vocabulary_;
  PackedPieces pieces_;
  std::optional<BytePairs> byte_pairs_;
  std::optional<SentencePieces> sentence_pieces_;
  std::optional<Matcher> specials_, user_defined_, controls_;
};

constexpr size_t kTextBytesMax = size_t{1} << 28;

}  // namespace aria
