#pragma once
// A small thread pool for loops of independent items (rows, heads, tokens: never parts of one sum).
// Items are claimed one by one, so a stalled core delays only what it has claimed.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace aria {

struct PoolOptions {
  bool background = false;  // give way to everything else on the machine
  // One core per thread. Off by default: two programs that pin to the same cores halve each other, and only the owner
  // of the machine knows that it runs one.
  bool pin = false;
};

// Applies the options to the calling thread, number `thread` of those that compute together.
void settle_thread(const PoolOptions& options, size_t thread);

class ThreadPool {
 public:
  explicit ThreadPool(size_t threads, const PoolOptions& options = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;

  size_t threads() const { return workers_.size() + 1; }

  // Calls body(item, thread) for every item below `items`, and returns when all are done. One caller at a time.
  template <class Body>
  void run(size_t items, const Body& body) {
    if (items == 1 || workers_.empty()) {
      for (size_t item = 0; item < items; item++) body(item, size_t{0});
      return;
    }
    run_shared(
        items,
        [](const void* context, size_t item, size_t thread) { (*static_cast<const Body*>(context))(item, thread); },
        &body);
  }

 private:
  using Call = void (*)(const void* context, size_t item, size_t thread);
  void run_shared(size_t items, Call call, const void* context);
  bool claim(size_t thread);
  void work(size_t thread);

  std::vector<std::thread> workers_;
  Call call_ = nullptr;
  const void* context_ = nullptr;
  // Items of the current loop in the high half, the next free one in the low half: claiming is one
  // compare-and-swap, and whoever claims keeps the loop open until it reports the item done.
  alignas(64) std::atomic<uint64_t> ticket_{0};
  alignas(64) std::atomic<uint32_t> done_{0};
  alignas(64) std::atomic<uint32_t> epoch_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace aria
