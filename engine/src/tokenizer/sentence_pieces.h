#pragma once
// SentencePiece's BPE (Kudo & Richardson 2018): characters merge by the score of what they make, what makes no token is bytes.
#include <atomic>

#include "merging.h"
#include "token_table.h"

namespace aria {

class SentencePieces {
 public:
  /** `vocabulary` must outlive it. */
  explicit SentencePieces(const TokenTable& vocabulary);

  /** Appends the tokens of UTF-8 text without special tokens, after a space if `spaced`. */
  void encode(std::string_view text, bool spaced, std::vector<uint32_t>& out, const std::atomic<bool>& cancelled) const;

 private:
  const TokenTable& vocabulary_;
  size_t token_bytes_max_ = 0;
};

}  // namespace aria
