#pragma once
// A lock that serves waiters in order, so that a long prefill lets other sessions' steps in between.
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace aria {

class Turns {
 public:
  void lock() {
    std::unique_lock guard(mutex_);
    const uint64_t ticket = next_++;
    changed_.wait(guard, [&] { return serving_ == ticket; });
  }
  void unlock() {
    {
      std::lock_guard guard(mutex_);
      serving_++;
    }
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ = 0, serving_ = 0;
};

}  // namespace aria
