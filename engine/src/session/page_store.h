#pragma once
// All pages of a model's key-value cache, within a budget, and the index that lets sequences share prefixes.
//
// The index is a forest: one tree per sharing key, one node per page, each holding the tokens that its page was computed
// from. A prefix is found by comparing those tokens, never by a hash alone. A page's contents follow from the tokens up to
// it and nothing else, so a shared page holds the bits that its reader would have computed. Pages that no sequence uses
// stay in the index until their memory is wanted; then the least recently used go first, children before parents.
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "../ops/cache.h"

namespace aria {

struct PrefixNode {
  PrefixNode* parent = nullptr;
  std::vector<uint32_t> tokens;  // kPagePositions, or fewer at the end of a sequence
  Page* page = nullptr;          // null in roots
  std::vector<std::unique_ptr<PrefixNode>> children;
  std::string key;                            // of roots
  std::list<PrefixNode*>::iterator idle_at;  // in idle_, while the page has no users
};

struct PageStats {
  size_t capacity = 0;  // pages
  size_t used = 0;      // by sequences
  size_t idle = 0;      // kept for their contents, free to take
  size_t reserved = 0;  // promised to sequences
  uint64_t evicted = 0;
  uint64_t shared_positions = 0;  // that sequences did not have to compute
};

// How many pages of its own a sequence may still take from what was reserved for it.
using Reservation = size_t;

class PageStore {
 public:
  // Room for at least one page.
  PageStore(const PageShape& shape, size_t bytes_max);
  ~PageStore();

  const PageShape& shape() const { return shape_; }
  size_t capacity() const { return capacity_; }
  size_t page_memory() const;  // bytes that a page takes

  // Sets pages aside, so that taking them cannot fail. False when there are not so many.
  bool reserve(size_t pages, Reservation& reservation);
  void cancel(Reservation& reservation);

  // A page of the caller's own, from its reservation while that lasts; null when every page is in use.
  Page* take(Reservation& reservation);
  // Gives back the pages from `keep` on and shortens the table.
  void release(Cache& cache, size_t keep = 0);

  // Fills an empty page table with what is known of `tokens` under `key`; returns how many positions that covers. Whole
  // pages are shared, a last part is copied.
  size_t attach(const std::string& key, std::span<const uint32_t> tokens, Cache& cache, Reservation& reservation);

  // Offers a sequence's pages under `key`: whole pages, and with `tail` the last part, which nobody writes any more.
  // Where the index has a page for the same tokens, the table changes over to it.
  void publish(const std::string& key, std::span<const uint32_t> tokens, Cache& cache, bool tail);

  PageStats stats() const;

 private:
  bool may_use(Reservation& reservation);
  Page* obtain();
  void use(Page* page);
  void drop(Page* page);
  void evict_one();
  void forget(PrefixNode* node);
  PrefixNode* root_of(const std::string& key, bool create);
  static PrefixNode* child_of(PrefixNode& node, std::span<const uint32_t> tokens);
  static std::pair<PrefixNode*, size_t> closest_child(PrefixNode& node, std::span<const uint32_t> tokens);

  const PageShape shape_;
  const size_t capacity_;
  mutable std::mutex mutex_;  // held for bookkeeping only, never while pages are computed, copied or allocated
  std::vector<std::unique_ptr<Page>> pages_;
  size_t allocated_ = 0;  // pages_ and those being made
  std::vector<Page*> free_;
  std::list<PrefixNode*> idle_;  // least recently used first
  std::unordered_map<std::string, std::unique_ptr<PrefixNode>> roots_;
  size_t used_ = 0, reserved_ = 0;
  uint64_t evicted_ = 0, shared_positions_ = 0;
};

}  // namespace aria
