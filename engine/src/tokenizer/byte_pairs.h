#pragma once
// Byte-level BPE (Sennrich et al. 2016, Radford et al. 2019): words are cut, their bytes merge by rank.
#include <atomic>

#include "flat_map.h"
#include "merging.h"
#include "token_table.h"

namespace aria {

class BytePairs {
 public:
  /** Throws `bad_gguf` for a merge whose result is no token. `vocabulary` must outlive it. */
  explicit BytePairs(const TokenTable& vocabulary);

  /** Appends the tokens of UTF-8 text without special tokens. */
  void encode(std::string_view text, std::vector<uint32_t>& out, const std::atomic<bool>& cancelled) const;

 private:
  void encode_word(std::string_view word, Merging& merging, std::vector<uint32_t>& out,
                   const std::atomic<bool>& cancelled) const;

  const TokenTable& vocabulary_;
  FlatMap merges_;  // left << 32 | right -> rank << 32 | result
};

}  // namespace aria
