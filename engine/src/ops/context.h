#pragma once
#include "../base/pool.h"
#include "../kernels/kernels.h"

namespace aria {

// Below this many multiplications, waking a second thread costs more than it brings.
constexpr size_t kInlineWork = size_t{1} << 20;

// What every operation runs on.
struct Context {
  const Kernels& kernels;
  ThreadPool& pool;

  // body(item, thread) for each item; `work` is the whole loop's size in multiplications, roughly.
  template <class Body>
  void run(size_t items, size_t work, const Body& body) const {
    if (work >= kInlineWork) return pool.run(items, body);
    for (size_t item = 0; item < items; item++) body(item, size_t{0});
  }
};

}  // namespace aria
