#include "pool.h"

#include "priority.h"
#include "profile.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace aria {
namespace {

constexpr int kSpins = 2000;  // some 20 microseconds: longer than the gap between two loops of one step

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

void settle_thread(const PoolOptions& options, size_t thread) {
  if (options.background) lower_thread_priority();
  if (options.pin) pin_thread(thread);
}

ThreadPool::ThreadPool(size_t threads, const PoolOptions& options) {
  for (size_t i = 1; i < threads; i++)
    workers_.emplace_back([this, i, options] {
      settle_thread(options, i);
      work(i);
    });
}

ThreadPool::~ThreadPool() {
  stopping_ = true;
  epoch_++;
  epoch_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool ThreadPool::claim(size_t thread) {
  uint64_t ticket = ticket_.load();
  while (uint32_t(ticket) < ticket >> 32) {
    if (!ticket_.compare_exchange_weak(ticket, ticket + 1)) continue;
    call_(context_, uint32_t(ticket), thread);
    done_.fetch_add(1);
    done_.notify_one();
    return true;
  }
  return false;
}

void ThreadPool::work(size_t thread) {
  while (!stopping_) {
    const uint32_t epoch = epoch_.load();
    for (int spin = 0; spin < kSpins && !stopping_; spin++) claim(thread) ? void(spin = 0) : pause();
    if (!stopping_ && epoch_.load() == epoch) epoch_.wait(epoch);
  }
}

void ThreadPool::run_shared(size_t items, Call call, const void* context) {
  call_ = call;
  context_ = context;
  done_ = 0;
  ticket_ = uint64_t(items) << 32;
  epoch_++;
  epoch_.notify_all();
  while (claim(0)) {
  }
  const Span span(Part::waiting);
  for (int spin = 0; done_.load() < items; spin++) {
    const uint32_t done = done_.load();
    if (spin < kSpins)
      pause();
    else if (done < items)
      done_.wait(done);
  }
}

}  // namespace aria
