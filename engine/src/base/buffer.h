#pragma once
// Zeroed memory on a cache line (or a huge page when large), freed with its owner.
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "error.h"
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace aria {

inline size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t bytes) : bytes_(bytes) {
    const size_t alignment = bytes >= kHugePage ? kHugePage : kCacheLine;
    data_ = std::aligned_alloc(alignment, round_up(bytes ? bytes : 1, alignment));
    if (!data_) throw Error("out_of_memory", "Could not allocate " + std::to_string(bytes) + " bytes.");
#ifdef __linux__
    if (bytes >= kHugePage) madvise(data_, bytes, MADV_HUGEPAGE);
#endif
    std::memset(data_, 0, bytes);
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() { std::free(data_); }

  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kCacheLine = 64;
  static constexpr size_t kHugePage = size_t{2} << 20;
  void swap(Buffer& other) {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace aria
