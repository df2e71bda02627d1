#pragma once
// Reads little-endian fields from untrusted bytes; each read is checked against what is left.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "../base/error.h"

namespace aria {

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  size_t offset() const { return offset_; }
  size_t left() const { return bytes_.size() - offset_; }

  std::string_view take(uint64_t count, const std::string& what) {
    if (count > left())
      throw Error("bad_gguf", what + " at offset " + std::to_string(offset_) + " needs " + std::to_string(count) +
                                  " bytes, but the file has " + std::to_string(left()) + " left.");
    const std::string_view taken = bytes_.substr(offset_, count);
    offset_ += count;
    return taken;
  }

  template <class T>
  T number(const std::string& what) {
    T value;
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }

  std::string_view string(uint64_t limit, const std::string& what) {
    const uint64_t length = number<uint64_t>("The length of " + what);
    if (length > limit)
      throw Error("bad_gguf", what + " at offset " + std::to_string(offset_) + " claims " + std::to_string(length) +
                                  " bytes; at most " + std::to_string(limit) + " are allowed.");
    return take(length, what);
  }

 private:
  std::string_view bytes_;
  size_t offset_ = 0;
};

}  // namespace aria
