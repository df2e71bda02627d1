#pragma once
// Zeroed memory on a cache line (or a huge page when large), freed with its owner. Large memory is fresh pages of the
// system, zero without being written: each is first touched by the thread that fills it.
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
    data_ = large() ? allocate_pages(bytes) : allocate_lines(bytes);
    if (!data_) throw Error("out_of_memory", "Could not allocate " + std::to_string(bytes) + " bytes.");
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() {
#ifdef __linux__
    if (large()) {
      munmap(data_, round_up(bytes_, kHugePage));
      return;
    }
#endif
    std::free(data_);
  }

  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kCacheLine = 64;
  static constexpr size_t kHugePage = size_t{2} << 20;
  bool large() const { return bytes_ >= kHugePage; }

  static void* allocate_lines(size_t bytes, size_t alignment = kCacheLine) {
    void* data = std::aligned_alloc(alignment, round_up(bytes ? bytes : 1, alignment));
    if (data) std::memset(data, 0, bytes);
    return data;
  }

#ifdef __linux__
  static void* allocate_pages(size_t bytes) {
    const size_t size = round_up(bytes, kHugePage);
    void* mapped = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    // Give back what lies before and behind the aligned part.
    char* const begin = static_cast<char*>(mapped);
    const size_t before = round_up(reinterpret_cast<size_t>(begin), kHugePage) - reinterpret_cast<size_t>(begin);
    if (before > 0) munmap(begin, before);
    munmap(begin + before + size, kHugePage - before);
    madvise(begin + before, size, MADV_HUGEPAGE);
    return begin + before;
  }
#else
  static void* allocate_pages(size_t bytes) { return allocate_lines(bytes, kHugePage); }
#endif

  void swap(Buffer& other) {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace aria
