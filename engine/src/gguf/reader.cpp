#include "reader.h"

#include <algorithm>
#include <limits>

#include "cursor.h"

namespace aria {
namespace {

// Far above any real file, far below what could hurt.
constexpr uint64_t kKeysMax = 1 << 16, kKeyBytesMax = 1 << 16, kNameBytesMax = 255;
constexpr size_t kHeaderBytesMax = 256 << 20;  // the metadata is copied to JavaScript as a whole
constexpr uint32_t kDimensionsMax = 4, kAlignmentDefault = 32, kAlignmentMax = 1 << 20;

[[noreturn]] void bad(const std::string& message) { throw Error("bad_gguf", message); }

std::string at(uint64_t offset) { return " at offset " + std::to_string(offset); }

size_t scalar_bytes(ValueType type) {
  switch (type) {
    case ValueType::u8:
    case ValueType::i8:
    case ValueType::boolean:
      return 1;
    case ValueType::u16:
    case ValueType::i16:
      return 2;
    case ValueType::u32:
    case ValueType::i32:
    case ValueType::f32:
      return 4;
    case ValueType::u64:
    case ValueType::i64:
    case ValueType::f64:
      return 8;
    default:
      return 0;  // string, array or unknown
  }
}

// Walks an array's strings, so that whoever reads them later needs no checks.
std::string_view read_strings(Cursor& cursor, std::string_view file, uint64_t count, const std::string& what) {
  const size_t begin = cursor.offset();
  for (uint64_t i = 0; i < count; i++) cursor.string(cursor.left(), what + "[" + std::to_string(i) + "]");
  return file.substr(begin, cursor.offset() - begin);
}

Value read_array(Cursor& cursor, std::string_view file, const std::string& what) {
  const ValueType element{cursor.number<uint32_t>("The element type of " + what)};
  const uint64_t count = cursor.number<uint64_t>("The length of " + what);
  const size_t element_bytes = element == ValueType::string ? sizeof(uint64_t) : scalar_bytes(element);
  if (element_bytes == 0)
    bad(what + at(cursor.offset()) + " has elements of type " + std::to_string(uint32_t(element)) +
        "; scalars and strings are expected.");
  if (count > cursor.left() / element_bytes)
    bad(what + at(cursor.offset()) + " claims " + std::to_string(count) + " elements; at most " +
        std::to_string(cursor.left() / element_bytes) + " fit in the file.");
  const std::string_view bytes =
      element == ValueType::string ? read_strings(cursor, file, count, what) : cursor.take(count * element_bytes, what);
  return {ValueType::array, element, count, bytes};
}

Value read_value(Cursor& cursor, std::string_view file, const std::string& what) {
  const ValueType type{cursor.number<uint32_t>("The type of " + what)};
  if (type == ValueType::array) return read_array(cursor, file, what);
  if (type == ValueType::string) return {type, type, 1, cursor.string(cursor.left(), what)};
  const size_t bytes = scalar_bytes(type);
  if (bytes == 0)
    bad(what + at(cursor.offset()) + " has unknown type " + std::to_string(uint32_t(type)) + "; 0 to 12 are expected.");
  return {type, type, 1, cursor.take(bytes, what)};
}

uint64_t multiply(uint64_t a, uint64_t b, const std::string& what) {
  if (b != 0 && a > std::numeric_limits<int64_t>::max() / b) bad(what + " has a shape whose size overflows; fewer than 2^63 bytes are expected.");
  return a * b;
}

Tensor read_tensor(Cursor& cursor, uint64_t index) {
  Tensor tensor;
  const uint64_t begin = cursor.offset();
  tensor.name = cursor.string(kNameBytesMax, "The name of tensor " + std::to_string(index));
  const std::string what = "Tensor '" + tensor.name + "', described" + at(begin) + ",";
  const uint32_t dimensions = cursor.number<uint32_t>(what + " dimension count");
  if (dimensions < 1 || dimensions > kDimensionsMax)
    bad(what + " has " + std::to_string(dimensions) + " dimensions; 1 to 4 are allowed.");
  for (uint32_t i = 0; i < dimensions; i++) tensor.shape.push_back(cursor.number<uint64_t>(what + " shape"));
  const uint32_t type = cursor.number<uint32_t>(what + " type");
  tensor.type = find_type(type);
  if (!tensor.type) bad(what + " has unknown type " + std::to_string(type) + "; one of ggml's is expected.");
  tensor.offset = cursor.number<uint64_t>(what + " offset");  // from the start of the data, for now

  tensor.rows = 1;
  for (uint32_t i = 1; i < dimensions; i++) tensor.rows = multiply(tensor.rows, tensor.shape[i], what);
  const uint64_t width = tensor.shape[0];
  if (width == 0 || tensor.rows == 0) bad(what + " has a dimension of 0; at least 1 is expected.");
  if (width % tensor.type->block != 0)
    bad(what + " has rows of " + std::to_string(width) + " elements; " + tensor.type->name + " needs a multiple of " +
        std::to_string(tensor.type->block) + ".");
  tensor.row_bytes = multiply(width / tensor.type->block, tensor.type->bytes, what);
  multiply(tensor.row_bytes, tensor.rows, what);
  return tensor;
}

uint32_t read_alignment(const Gguf& gguf) {
  const Value* value = gguf.value("general.alignment");
  if (!value) return kAlignmentDefault;
  const std::string what = "Key 'general.alignment'" + at(value->offset);
  if (value->type != ValueType::u32) bad(what + " has another type; a uint32 is expected.");
  uint32_t alignment;
  std::memcpy(&alignment, value->bytes.data(), sizeof alignment);
  if (alignment == 0 || alignment > kAlignmentMax || (alignment & (alignment - 1)))
    bad(what + " is " + std::to_string(alignment) + "; a power of two up to 1048576 is expected.");
  return alignment;
}

void place_tensors(Gguf& gguf, std::string_view file, size_t header_bytes) {
  const uint64_t alignment = gguf.alignment = read_alignment(gguf);
  const uint64_t data_begin = (header_bytes + alignment - 1) / alignment * alignment;
  uint64_t first = file.size();
  for (Tensor& tensor : gguf.tensors) {
    const uint64_t bytes = tensor.row_bytes * tensor.rows + tensor.type->tail;
    if (tensor.offset % alignment != 0)
      bad("Tensor '" + tensor.name + "' has offset " + std::to_string(tensor.offset) + ", not a multiple of " +
          std::to_string(alignment) + ".");
    if (data_begin > file.size() || tensor.offset > file.size() - data_begin ||
        bytes > file.size() - data_begin - tensor.offset)
      bad("Tensor '" + tensor.name + "' at offset " + std::to_string(data_begin) + " + " +
          std::to_string(tensor.offset) + " needs " + std::to_string(bytes) + " bytes, beyond the file's end at " +
          std::to_string(file.size()) + ".");
    tensor.offset += data_begin;
    tensor.bytes = file.substr(tensor.offset, bytes);
    first = std::min(first, tensor.offset);
  }
  gguf.before_data = file.substr(0, first);
}

void check_apart(const Gguf& gguf) {
  std::vector<const Tensor*> sorted;
  for (const Tensor& tensor : gguf.tensors) sorted.push_back(&tensor);
  std::sort(sorted.begin(), sorted.end(), [](const Tensor* a, const Tensor* b) { return a->offset < b->offset; });
  for (size_t i = 1; i < sorted.size(); i++)
    if (sorted[i - 1]->offset + sorted[i - 1]->bytes.size() > sorted[i]->offset)
      bad("Tensors '" + sorted[i - 1]->name + "' and '" + sorted[i]->name + "' overlap at offset " +
          std::to_string(sorted[i]->offset) + ".");
}

}  // namespace

const Tensor* Gguf::find(std::string_view name) const {
  const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                      [&](uint32_t index, std::string_view key) { return tensors[index].name < key; });
  return found != by_name_.end() && tensors[*found].name == name ? &tensors[*found] : nullptr;
}

void Gguf::index_tensors() {
  by_name_.resize(tensors.size());
  for (uint32_t i = 0; i < by_name_.size(); i++) by_name_[i] = i;
  std::sort(by_name_.begin(), by_name_.end(),
            [&](uint32_t a, uint32_t b) { return tensors[a].name < tensors[b].name; });
  for (size_t i = 1; i < by_name_.size(); i++)
    if (tensors[by_name_[i - 1]].name == tensors[by_name_[i]].name)
      bad("Tensor '" + tensors[by_name_[i]].name + "' appears twice," + at(tensors[by_name_[i - 1]].offset) + " and" +
          at(tensors[by_name_[i]].offset) + "; once is expected.");
}

const Value* Gguf::value(std::string_view key) const {
  const auto found = metadata.find(key);
  return found == metadata.end() ? nullptr : &found->second;
}

Gguf read_gguf(std::string_view file) {
  Cursor cursor(file);
  if (cursor.take(4, "The magic") != "GGUF") bad("The file does not start with 'GGUF'" + at(0) + ".");
  Gguf gguf;
  const uint32_t version = gguf.version = cursor.number<uint32_t>("The version");
  if (version != 2 && version != 3) bad("GGUF version " + std::to_string(version) + at(4) + " is not supported; 2 and 3 are.");
  const uint64_t tensors = cursor.number<uint64_t>("The tensor count"), keys = cursor.number<uint64_t>("The key count");
  if (tensors > kTensorsMax)
    bad("The header" + at(8) + " claims " + std::to_string(tensors) + " tensors; at most 131072 are allowed.");
  if (keys > kKeysMax)
    bad("The header" + at(16) + " claims " + std::to_string(keys) + " keys; at most 65536 are allowed.");

  for (uint64_t i = 0; i < keys; i++) {
    const size_t begin = cursor.offset();
    const std::string key(cursor.string(kKeyBytesMax, "Key " + std::to_string(i)));
    Value value = read_value(cursor, file, "The value of '" + key + "'");
    value.offset = begin;
    if (!gguf.metadata.emplace(key, value).second)
      bad("Key '" + key + "'" + at(begin) + " appears twice; once is expected.");
    gguf.entries.push_back(file.substr(begin, cursor.offset() - begin));
    if (cursor.offset() > kHeaderBytesMax)
      bad("Key '" + key + "' ends at offset " + std::to_string(cursor.offset()) + "; at most " +
          std::to_string(kHeaderBytesMax) + " bytes of metadata are allowed.");
  }
  for (uint64_t i = 0; i < tensors; i++) gguf.tensors.push_back(read_tensor(cursor, i));
  place_tensors(gguf, file, cursor.offset());
  check_apart(gguf);
  gguf.index_tensors();
  return gguf;
}

}  // namespace aria
