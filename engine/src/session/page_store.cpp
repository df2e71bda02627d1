#include "page_store.h"

#include <algorithm>

namespace aria {

PageStore::PageStore(const PageShape& shape, size_t bytes_max)
    : shape_(shape), capacity_(std::max<size_t>(1, bytes_max / page_memory())) {}

size_t PageStore::page_memory() const {
  constexpr size_t kHugePage = size_t{2} << 20;  // what base/buffer.h rounds large memory up to
  const size_t bytes = shape_.page_bytes();
  return bytes >= kHugePage ? round_up(bytes, kHugePage) : bytes;
}

// Children go before their parents without recursion: a long context is a chain of thousands of nodes.
PageStore::~PageStore() {
  for (auto& [key, root] : roots_) {
    std::vector<std::unique_ptr<PrefixNode>> nodes;
    nodes.push_back(std::move(root));
    while (!nodes.empty()) {
      std::unique_ptr<PrefixNode> node = std::move(nodes.back());
      nodes.pop_back();
      for (auto& child : node->children) nodes.push_back(std::move(child));
    }
  }
}

bool PageStore::reserve(size_t pages, Reservation& reservation) {
  std::lock_guard lock(mutex_);
  if (used_ + reserved_ + pages > capacity_) return false;
  reserved_ += pages;
  reservation += pages;
  return true;
}

void PageStore::cancel(Reservation& reservation) {
  std::lock_guard lock(mutex_);
  reserved_ -= reservation;
  reservation = 0;
}

// Whether one more page may come into use; counts it against the reservation where there is one.
bool PageStore::may_use(Reservation& reservation) {
  if (reservation > 0) {
    reservation--;
    reserved_--;
    return true;
  }
  return used_ + reserved_ < capacity_;
}

Page* PageStore::take(Reservation& reservation) {
  {
    std::lock_guard lock(mutex_);
    if (!may_use(reservation)) return nullptr;
    used_++;
    if (Page* page = obtain()) return page;
    allocated_++;
  }
  std::unique_ptr<Page> made;
  try {
    made = std::make_unique<Page>(shape_);
  } catch (...) {
    std::lock_guard lock(mutex_);
    used_--;
    allocated_--;
    throw;
  }
  made->users = 1;
  std::lock_guard lock(mutex_);
  pages_.push_back(std::move(made));
  return pages_.back().get();
}

// A page that exists already, or null while the budget allows another. At most capacity - 1 pages are in use here, so
// if all are allocated, one of them is free or idle.
Page* PageStore::obtain() {
  if (free_.empty() && allocated_ < capacity_) return nullptr;
  if (free_.empty()) evict_one();
  Page* page = free_.back();
  free_.pop_back();
  page->users = 1;
  return page;
}

void PageStore::evict_one() {
  // A parent is never used less recently than its children, but a tail may be published after its parent went idle.
  const auto leaf = std::find_if(idle_.begin(), idle_.end(), [](PrefixNode* node) { return node->children.empty(); });
  evicted_++;
  forget(*leaf);
}

// Takes an idle leaf out of the index and frees its page.
void PageStore::forget(PrefixNode* node) {
  idle_.erase(node->idle_at);
  node->page->node = nullptr;
  free_.push_back(node->page);
  PrefixNode* parent = node->parent;
  auto& siblings = parent->children;
  siblings.erase(std::find_if(siblings.begin(), siblings.end(), [&](const auto& child) { return child.get() == node; }));
  if (parent->parent == nullptr && siblings.empty()) roots_.erase(std::string(parent->key));
}

void PageStore::use(Page* page) {
  if (page->users++ > 0) return;
  used_++;
  if (page->node) idle_.erase(page->node->idle_at);
}

void PageStore::drop(Page* page) {
  if (--page->users > 0) return;
  used_--;
  if (page->node)
    page->node->idle_at = idle_.insert(idle_.end(), page->node);
  else
    free_.push_back(page);
}

void PageStore::release(Cache& cache, size_t keep) {
  std::lock_guard lock(mutex_);
  while (cache.pages.size() > keep) {  // from the end: children become idle, and go, before their parents
    drop(cache.pages.back());
    cache.pages.pop_back();
  }
}

PrefixNode* PageStore::root_of(const std::string& key, bool create) {
  const auto found = roots_.find(key);
  if (found != roots_.end()) return found->second.get();
  if (!create) return nullptr;
  auto root = std::make_unique<PrefixNode>();
  root->key = key;
  return roots_.emplace(key, std::move(root)).first->second.get();
}

PrefixNode* PageStore::child_of(PrefixNode& node, std::span<const uint32_t> tokens) {
  for (const auto& child : node.children)
    if (std::equal(child->tokens.begin(), child->tokens.end(), tokens.begin(), tokens.end())) return child.get();
  return nullptr;
}

// The child that agrees with `tokens` longest, and for how long.
std::pair<PrefixNode*, size_t> PageStore::closest_child(PrefixNode& node, std::span<const uint32_t> tokens) {
  std::pair<PrefixNode*, size_t> best{nullptr, 0};
  for (const auto& child : node.children) {
    const auto ends = std::mismatch(child->tokens.begin(), child->tokens.end(), tokens.begin(), tokens.end());
    const size_t length = size_t(ends.first - child->tokens.begin());
    if (length > best.second) best = {child.get(), length};
  }
  return best;
}

size_t PageStore::attach(const std::string& key, std::span<const uint32_t> tokens, Cache& cache,
                         Reservation& reservation) {
  size_t covered = 0, part = 0;
  Page* source = nullptr;
  {
    std::lock_guard lock(mutex_);
    PrefixNode* node = root_of(key, false);
    if (!node) return 0;
    while (covered + kPagePositions <= tokens.size()) {
      PrefixNode* child = child_of(*node, tokens.subspan(covered, kPagePositions));
      if (!child) break;
      if (child->page->users == 0 && !may_use(reservation)) break;
      if (child->page->users > 0 && reservation > 0) {  // shared with one that counts it already
        reservation--;
        reserved_--;
      }
      use(child->page);
      cache.pages.push_back(child->page);
      covered += kPagePositions;
      node = child;
    }
    if (covered < tokens.size()) {
      const auto [child, length] = closest_child(*node, tokens.subspan(covered));
      // For the copy both pages are in use at once.
      const size_t needed = child ? size_t{child->page->users == 0} + size_t{reservation == 0} : 0;
      if (child && used_ + reserved_ + needed <= capacity_) {
        source = child->page;
        part = length;
        use(source);
      }
    }
    shared_positions_ += covered;
  }
  if (!source) return covered;
  Page* own = take(reservation);
  if (own) {
    copy_positions(shape_, *source, part, *own);
    cache.pages.push_back(own);
  }
  std::lock_guard lock(mutex_);
  drop(source);
  if (!own) return covered;
  shared_positions_ += part;
  return covered + part;
}

void PageStore::publish(const std::string& key, std::span<const uint32_t> tokens, Cache& cache, bool tail) {
  std::lock_guard lock(mutex_);
  if (tokens.size() < (tail ? 1 : kPagePositions)) return;
  PrefixNode* node = root_of(key, true);
  for (size_t index = 0; index < cache.pages.size(); index++) {
    Page*& page = cache.pages[index];
    const size_t begin = index * kPagePositions;
    if (begin >= tokens.size()) break;
    const auto held = tokens.subspan(begin, std::min(kPagePositions, tokens.size() - begin));
    if (held.size() < kPagePositions && !tail) break;
    if (page->node) {  // a node's page is used with all its ancestors': this one continues `node`
      node = page->node;
      continue;
    }
    if (PrefixNode* known = child_of(*node, held)) {
      use(known->page);
      drop(page);
      page = known->page;
      node = known;
      continue;
    }
    if (held.size() < kPagePositions && closest_child(*node, held).second == held.size()) break;  // nothing new
    auto child = std::make_unique<PrefixNode>();
    child->parent = node;
    child->tokens.assign(held.begin(), held.end());
    child->page = page;
    page->node = child.get();
    node->children.push_back(std::move(child));
    node = page->node;
  }
  if (node->parent == nullptr && node->children.empty()) roots_.erase(std::string(node->key));
}

PageStats PageStore::stats() const {
  std::lock_guard lock(mutex_);
  return {capacity_, used_, idle_.size(), reserved_, evicted_, shared_positions_};
}

}  // namespace aria
