#include "vocabulary.h"

#include <algorithm>

#include "../base/error.h"

namespace aria {
namespace {

constexpr size_t kTokenBytesMax = (size_t{1} << 24) - 1;  // what a node's depth holds

std::span<const uint8_t> string_at(const PackedBytes& strings, uint32_t token) {
  const uint32_t begin = token == 0 ? 0 : strings.ends[token - 1];
  return std::span(strings.bytes).subspan(begin, strings.ends[token] - begin);
}

bool contains(std::span<const uint32_t> tokens, uint32_t token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

size_t common_prefix(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return size_t(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

}  // namespace

TokenTree::TokenTree(const PackedBytes& strings, std::span<const uint32_t> left_out) {
  for (uint32_t token = 0; token < strings.ends.size(); token++) {
    const size_t size = string_at(strings, token).size();
    if (size > 0 && size <= kTokenBytesMax && !contains(left_out, token)) tokens_.push_back(token);
  }
  std::sort(tokens_.begin(), tokens_.end(), [&](uint32_t a, uint32_t b) {
    const auto left = string_at(strings, a), right = string_at(strings, b);
    const auto [l, r] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
    if (l == left.end() && r == right.end()) return a < b;
    return l == left.end() || (r != right.end() && *l < *r);
  });

  std::vector<uint32_t> open;  // the path to the newest node
  std::span<const uint8_t> previous;
  const auto close = [&](size_t depth) {
    for (; open.size() > depth; open.pop_back()) nodes_[open.back()].next = uint32_t(nodes_.size());
  };
  for (uint32_t index = 0; index < tokens_.size(); index++) {
    const auto bytes = string_at(strings, tokens_[index]);
    close(common_prefix(previous, bytes));
    while (open.size() < bytes.size()) {
      const size_t depth = open.size();
      open.push_back(uint32_t(nodes_.size()));
      nodes_.push_back({0, index, uint32_t(depth), bytes[depth]});
    }
    depth_ = std::max(depth_, bytes.size());
    previous = bytes;
  }
  close(0);
  nodes_.push_back({uint32_t(nodes_.size() + 1), uint32_t(tokens_.size()), 0, 0});
}

Vocabulary::Vocabulary(PackedBytes packed, std::vector<uint32_t> stops)
    : strings(std::move(packed)), stop_tokens(std::move(stops)) {}

const TokenTree& Vocabulary::tree() const {
  std::call_once(tree_once_, [&] { tree_ = std::make_unique<const TokenTree>(strings, stop_tokens); });
  return *tree_;
}

std::span<const uint8_t> Vocabulary::bytes_of(uint32_t token) const { return string_at(strings, token); }

bool Vocabulary::is_stop(uint32_t token) const { return contains(stop_tokens, token); }

}  // namespace aria
