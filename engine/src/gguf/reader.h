#pragma once
// A GGUF header, checked completely: after reading, every view lies inside the file, tensors have known
// types and whole rows, and none overlaps another.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "types.h"

namespace aria {

enum class ValueType : uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};

struct Value {
  ValueType type;
  ValueType element;       // of an array
  uint64_t count;          // elements of an array
  std::string_view bytes;  // the value, a string's characters, or all of an array's elements
  uint64_t offset = 0;     // of its entry, from the start of the file: for messages
};

struct Tensor {
  std::string name;
  const TypeInfo* type;
  std::vector<uint64_t> shape;  // shape[0] is the length of a row
  uint64_t offset;              // from the start of its file
  uint32_t part = 0;            // which of a split model's files
  uint64_t row_bytes, rows;
  std::string_view bytes;
};

struct Gguf {
  uint32_t version = 0;
  uint32_t alignment = 0;
  std::map<std::string, Value, std::less<>> metadata;
  std::vector<std::string_view> entries;  // each key with its value as the file holds them, in file order
  std::vector<Tensor> tensors;            // in file order
  std::string_view before_data;           // all bytes before the first tensor's

  const Tensor* find(std::string_view name) const;
  const Value* value(std::string_view key) const;

  // Sorts the index that `find` uses; refuses a name that appears twice. After every change of `tensors`.
  void index_tensors();

 private:
  std::vector<uint32_t> by_name_;
};

constexpr uint64_t kTensorsMax = 1 << 17;  // far above any real file, far below what could hurt

Gguf read_gguf(std::string_view file);

}  // namespace aria
