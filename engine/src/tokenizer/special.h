#pragma once
// Finding control and user-defined tokens in text: longer ones first, wherever they stand, as llama.cpp does.
#include <array>
#include <string_view>
#include <vector>

#include "token_table.h"

namespace aria {

struct Match {
  size_t begin, end;
  uint32_t token;
};

class Matcher {
 public:
  /** Of the tokens with `ids`. Throws `unsupported` for more or longer texts than any real vocabulary has. */
  Matcher(const TokenTable& vocabulary, const std::vector<uint32_t>& ids);

  /** Ascending and apart from each other. */
  std::vector<Match> find(std::string_view text) const;

  /** Positions where a token of two or more characters begins, or begins and goes on past the end of `text`. */
  std::vector<size_t> find_starts(std::string_view text) const;

 private:
  struct Node {
    uint8_t byte;
    uint32_t child = 0, sibling = 0;  // 0: none, as the root is nobody's
    uint32_t token = kNoToken;
    uint32_t shorter = 0;  // the nearest node above that is a whole token
    uint32_t depth = 0;
  };

  uint32_t child_of(uint32_t node, uint8_t byte) const;
  void add(std::string_view text, uint32_t token);
  uint32_t longest_at(std::string_view text, size_t position) const;
  uint32_t whole(uint32_t node) const { return nodes_[node].token != kNoToken ? node : nodes_[node].shorter; }

  std::vector<Node> nodes_{Node{}};
  std::array<uint32_t, 256> first_{};  // the root's children
};

}  // namespace aria
