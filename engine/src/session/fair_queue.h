#pragma once
// Who computes next: groups (the sessions of one client) take turns, and so do the items of each group.
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

namespace aria {

template <class Item>
class FairQueue {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  void add(const std::string& group, Item* item) {
    size_++;
    const auto found = find(group);
    if (found != ring_.end())
      found->items.push_back(item);
    else
      ring_.push_back({group, {item}});
  }

  void remove(const std::string& group, Item* item) {
    const auto found = find(group);
    auto& items = found->items;
    items.erase(std::find(items.begin(), items.end(), item));
    if (items.empty()) ring_.erase(found);
    size_--;
  }

  // Starts a round, in which `next` gives each item at most once: one of each group in turn, then a second of each, and
  // so on, going on where the last round ended. Null when the round is over.
  void begin_round() {
    for (Group& group : ring_) group.left = group.items.size();
  }
  Item* next() {
    for (size_t tries = ring_.size(); tries > 0; tries--) {
      Group group = std::move(ring_.front());
      ring_.pop_front();
      Item* item = nullptr;
      if (group.left > 0) {
        group.left--;
        item = group.items.front();
        group.items.pop_front();
        group.items.push_back(item);
      }
      ring_.push_back(std::move(group));
      if (item) return item;
    }
    return nullptr;
  }

 private:
  struct Group {
    std::string name;
    std::deque<Item*> items;
    size_t left = 0;  // not given yet in this round
  };
  typename std::deque<Group>::iterator find(const std::string& name) {
    return std::find_if(ring_.begin(), ring_.end(), [&](const Group& group) { return group.name == name; });
  }

  std::deque<Group> ring_;
  size_t size_ = 0;
};

}  // namespace aria
