#pragma once
// What drawing needs to know of a model's tokens: their bytes, and which end an answer.
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace aria {

// One bit per token, the lowest token in the lowest bit of the first word.
using TokenMask = std::vector<uint64_t>;

// Strings one after another, and where each ends.
struct PackedBytes {
  std::vector<uint8_t> bytes;
  std::vector<uint32_t> ends;
};

// The tokens' byte strings as a prefix tree in depth-first order. Tokens without bytes and stop tokens are not in it.
class TokenTree {
 public:
  struct Node {
    uint32_t next;    // the first node after this one's subtree
    uint32_t tokens;  // the tokens that end here are tokens()[tokens .. the next node's tokens)
    uint32_t depth : 24, byte : 8;
  };
  TokenTree(const PackedBytes& strings, std::span<const uint32_t> left_out);

  std::span<const Node> nodes() const { return {nodes_.data(), nodes_.size() - 1}; }
  std::span<const uint32_t> tokens_at(size_t node) const {
    return {tokens_.data() + nodes_[node].tokens, nodes_[node + 1].tokens - nodes_[node].tokens};
  }
  size_t depth() const { return depth_; }

 private:
  std::vector<Node> nodes_;  // and one more that closes the last one's tokens
  std::vector<uint32_t> tokens_;
  size_t depth_ = 0;
};

struct Vocabulary {
  Vocabulary(PackedBytes strings, std::vector<uint32_t> stop_tokens);

  size_t size() const { return strings.ends.size(); }
  std::span<const uint8_t> bytes_of(uint32_t token) const;
  bool is_stop(uint32_t token) const;
  // Built when first asked for, which takes a fifth of a second for 150,000 tokens: not on a thread that others wait for.
  const TokenTree& tree() const;

  const PackedBytes strings;
  const std::vector<uint32_t> stop_tokens;

 private:
  mutable std::once_flag tree_once_;
  mutable std::unique_ptr<const TokenTree> tree_;
};

}  // namespace aria
