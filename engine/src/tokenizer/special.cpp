#include "special.h"

#include <algorithm>
#include <map>

#include "../base/error.h"

namespace aria {
namespace {

constexpr size_t kBytesMax = 1 << 20, kTokenBytesMax = 1024;

struct Candidate {
  size_t begin;
  uint32_t node;
};

}  // namespace

Matcher::Matcher(const TokenTable& vocabulary, const std::vector<uint32_t>& ids) {
  size_t bytes = 0;
  for (const uint32_t id : ids) {
    const std::string_view text = vocabulary.text(id);
    bytes += text.size();
    if (text.size() > kTokenBytesMax || bytes > kBytesMax)
      throw Error("unsupported", "Special token " + std::to_string(id) + " has " + std::to_string(text.size()) +
                                     " bytes, with those before it " + std::to_string(bytes) + "; at most " +
                                     std::to_string(kTokenBytesMax) + " and " + std::to_string(kBytesMax) +
                                     " are supported.");
    if (!text.empty()) add(text, id);
  }
  // A node stands behind its parent, so one pass fills `shorter`.
  for (uint32_t node = 0; node < nodes_.size(); node++)
    for (uint32_t child = nodes_[node].child; child; child = nodes_[child].sibling) nodes_[child].shorter = whole(node);
}

uint32_t Matcher::child_of(uint32_t node, uint8_t byte) const {
  if (node == 0) return first_[byte];
  uint32_t child = nodes_[node].child;
  while (child && nodes_[child].byte != byte) child = nodes_[child].sibling;
  return child;
}

void Matcher::add(std::string_view text, uint32_t token) {
  uint32_t node = 0;
  for (const char c : text) {
    uint32_t child = child_of(node, uint8_t(c));
    if (!child) {
      child = uint32_t(nodes_.size());
      nodes_.push_back({uint8_t(c), 0, nodes_[node].child, kNoToken, 0, nodes_[node].depth + 1});
      nodes_[node].child = child;
      if (node == 0) first_[uint8_t(c)] = child;
    }
    node = child;
  }
  if (nodes_[node].token == kNoToken) nodes_[node].token = token;
}

// The deepest node that is a whole token, or 0.
uint32_t Matcher::longest_at(std::string_view text, size_t position) const {
  uint32_t node = 0;
  for (size_t at = position; at < text.size(); at++) {
    const uint32_t child = child_of(node, uint8_t(text[at]));
    if (!child) break;
    node = child;
  }
  return node ? whole(node) : 0;
}

std::vector<Match> Matcher::find(std::string_view text) const {
  std::map<uint32_t, std::vector<Candidate>, std::greater<>> by_length;
  for (size_t at = 0; at < text.size(); at++)
    if (first_[uint8_t(text[at])])
      if (const uint32_t node = longest_at(text, at)) by_length[nodes_[node].depth].push_back({at, node});
  std::vector<Match> matches;
  if (by_length.empty()) return matches;

  std::vector<bool> taken(text.size());
  while (!by_length.empty()) {
    auto [length, candidates] = *by_length.begin();
    by_length.erase(by_length.begin());
    std::sort(candidates.begin(), candidates.end(),
              [](const Candidate& a, const Candidate& b) { return a.begin < b.begin; });
    for (const auto& [begin, node] : candidates) {
      size_t free = 0;
      while (free < length && !taken[begin + free]) free++;
      if (free == length) {
        matches.push_back({begin, begin + length, nodes_[node].token});
        std::fill_n(taken.begin() + begin, length, true);
        continue;
      }
      uint32_t shorter = nodes_[node].shorter;  // what fits before the one that is in the way
      while (shorter && nodes_[shorter].depth > free) shorter = nodes_[shorter].shorter;
      if (shorter) by_length[nodes_[shorter].depth].push_back({begin, shorter});
    }
  }
  std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) { return a.begin < b.begin; });
  return matches;
}

std::vector<size_t> Matcher::find_starts(std::string_view text) const {
  std::vector<size_t> starts;
  for (size_t at = 0; at < text.size(); at++) {
    if (!first_[uint8_t(text[at])]) continue;
    uint32_t node = 0, next = 0;
    size_t end = at;
    while (end < text.size() && (next = child_of(node, uint8_t(text[end])))) node = next, end++;
    if (whole(node) || (end == text.size() && nodes_[node].child)) starts.push_back(at);
  }
  return starts;
}

}  // namespace aria
