#include "metadata.h"

#include <cstring>

#include "../base/error.h"

namespace aria {
namespace {

template <class T>
T read(const Value& value) {
  T number;
  std::memcpy(&number, value.bytes.data(), sizeof number);
  return number;
}

[[noreturn]] void wrong_type(const Gguf& gguf, const std::string& key, const char* expected) {
  throw Error("bad_gguf", describe_key(gguf, key) + " holds something else; " + expected + " is expected.");
}

}  // namespace

std::string describe_key(const Gguf& gguf, const std::string& key) {
  const Value* value = gguf.value(key);
  return "Key '" + key + "'" + (value ? " at offset " + std::to_string(value->offset) : "");
}

std::optional<uint64_t> find_integer(const Gguf& gguf, const std::string& key) {
  const Value* value = gguf.value(key);
  if (!value) return std::nullopt;
  int64_t number = 0;
  switch (value->type) {
    case ValueType::u8:
      return read<uint8_t>(*value);
    case ValueType::u16:
      return read<uint16_t>(*value);
    case ValueType::u32:
      return read<uint32_t>(*value);
    case ValueType::u64:
      return read<uint64_t>(*value);
    case ValueType::i8:
      number = read<int8_t>(*value);
      break;
    case ValueType::i16:
      number = read<int16_t>(*value);
      break;
    case ValueType::i32:
      number = read<int32_t>(*value);
      break;
    case ValueType::i64:
      number = read<int64_t>(*value);
      break;
    default:
      wrong_type(gguf, key, "an integer");
  }
  if (number < 0) wrong_type(gguf, key, "a non-negative integer");
  return uint64_t(number);
}

std::optional<double> find_number(const Gguf& gguf, const std::string& key) {
  const Value* value = gguf.value(key);
  if (!value) return std::nullopt;
  if (value->type == ValueType::f32) return double(read<float>(*value));
  if (value->type == ValueType::f64) return read<double>(*value);
  wrong_type(gguf, key, "a floating-point number");
}

std::optional<bool> find_boolean(const Gguf& gguf, const std::string& key) {
  const Value* value = gguf.value(key);
  if (!value) return std::nullopt;
  if (value->type != ValueType::boolean) wrong_type(gguf, key, "a boolean");
  return read<uint8_t>(*value) != 0;
}

std::optional<std::string> find_string(const Gguf& gguf, const std::string& key) {
  const Value* value = gguf.value(key);
  if (!value) return std::nullopt;
  if (value->type != ValueType::string) wrong_type(gguf, key, "a string");
  return std::string(value->bytes);
}

uint64_t need_integer(const Gguf& gguf, const std::string& key, uint64_t least, uint64_t most) {
  const std::optional<uint64_t> value = find_integer(gguf, key);
  if (!value || *value < least || *value > most)
    throw Error("bad_gguf", describe_key(gguf, key) + " is " + (value ? std::to_string(*value) : "missing") + "; " +
                                std::to_string(least) + " to " + std::to_string(most) + " is expected.");
  return *value;
}

}  // namespace aria
