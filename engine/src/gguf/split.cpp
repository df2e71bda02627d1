#include "split.h"

#include <cstdio>
#include <cstring>

#include "../base/error.h"
#include "metadata.h"

namespace aria {
namespace {

constexpr std::string_view kSplitKeys = "split.";

[[noreturn]] void bad(const std::string& message) { throw Error("bad_gguf", message); }

bool is_split_key(std::string_view key) { return key.substr(0, kSplitKeys.size()) == kSplitKeys; }

std::string ending(size_t part, size_t count) {
  char text[64];
  std::snprintf(text, sizeof text, "-%05zu-of-%05zu.gguf", part + 1, count);
  return text;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void check_part(const Gguf& part, const Gguf& first, size_t index, const std::string& path) {
  for (const char* key : {"split.count", "split.tensors.count"})
    if (find_integer(part, key) != find_integer(first, key))
      bad(path + ": '" + key + "' is not the first part's; all parts of one model are expected.");
  if (const auto number = find_integer(part, "split.no"); number != index)
    bad(path + ": 'split.no' is " + (number ? std::to_string(*number) : "missing") + "; " + std::to_string(index) +
        " is expected.");
  for (const auto& [key, value] : part.metadata) {
    if (is_split_key(key) || key == "general.alignment") continue;
    const Value* known = first.value(key);
    if (!known || known->type != value.type || known->bytes != value.bytes)
      bad(path + ": key '" + key + "' says something else than the first part, which alone describes the model.");
  }
}

template <class T>
void append(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void append_string(std::string& out, std::string_view text) {
  append<uint64_t>(out, text.size());
  out += text;
}

// An entry begins with its key, a string that the reader has checked.
std::string_view key_of(std::string_view entry) {
  uint64_t length;
  std::memcpy(&length, entry.data(), sizeof length);
  return entry.substr(sizeof length, length);
}

void append_tensor(std::string& out, const Tensor& tensor, uint64_t offset) {
  append_string(out, tensor.name);
  append<uint32_t>(out, uint32_t(tensor.shape.size()));
  for (uint64_t size : tensor.shape) append<uint64_t>(out, size);
  append<uint32_t>(out, tensor.type->id);
  append<uint64_t>(out, offset);
}

}  // namespace

size_t count_parts(const Gguf& gguf) {
  const uint64_t count = find_integer(gguf, "split.count").value_or(1);
  if (count > kPartsMax)
    bad("'split.count' is " + std::to_string(count) + "; at most " + std::to_string(kPartsMax) + " parts are allowed.");
  return count > 1 ? count : 1;  // merged files keep the key, as 0
}

std::vector<std::string> name_parts(const Gguf& first, const std::string& path, size_t count) {
  const auto number = find_integer(first, "split.no");
  if (!number || *number >= count)
    bad(path + ": 'split.no' is " + (number ? std::to_string(*number) : "missing") + "; 0 to " +
        std::to_string(count - 1) + " is expected.");
  const std::string own = ending(*number, count);
  if (!ends_with(path, own))
    bad(path + " is part " + std::to_string(*number + 1) + " of " + std::to_string(count) +
        "; its name must end in '" + own + "', so that the other parts can be found.");
  const std::string stem = path.substr(0, path.size() - own.size());
  if (*number != 0)
    bad(path + " is part " + std::to_string(*number + 1) + " of " + std::to_string(count) +
        " of a model; open the first part, " + stem + ending(0, count) + ".");
  std::vector<std::string> paths;
  for (size_t part = 0; part < count; part++) paths.push_back(stem + ending(part, count));
  return paths;
}

Gguf join_parts(std::vector<Gguf> parts, const std::vector<std::string>& paths) {
  uint64_t total = 0;
  for (size_t i = 0; i < parts.size(); i++) {
    check_part(parts[i], parts[0], i, paths[i]);
    total += parts[i].tensors.size();
  }
  if (total > kTensorsMax) bad("The parts hold " + std::to_string(total) + " tensors; at most 131072 are allowed.");
  if (const auto claimed = find_integer(parts[0], "split.tensors.count"); claimed && *claimed != total)
    bad(paths[0] + ": 'split.tensors.count' is " + std::to_string(*claimed) + ", but the parts hold " +
        std::to_string(total) + " tensors.");
  Gguf model = std::move(parts[0]);
  for (size_t i = 1; i < parts.size(); i++)
    for (Tensor& tensor : parts[i].tensors) {
      tensor.part = uint32_t(i);
      model.tensors.push_back(std::move(tensor));
    }
  model.index_tensors();
  return model;
}

std::string whole_header(const Gguf& gguf) {
  std::vector<std::string_view> entries;
  for (std::string_view entry : gguf.entries)
    if (!is_split_key(key_of(entry))) entries.push_back(entry);
  if (entries.size() == gguf.entries.size()) return std::string(gguf.before_data);

  std::string header = "GGUF";
  append<uint32_t>(header, gguf.version);
  append<uint64_t>(header, gguf.tensors.size());
  append<uint64_t>(header, entries.size());
  for (std::string_view entry : entries) header += entry;
  const auto aligned = [&](uint64_t size) { return (size + gguf.alignment - 1) / gguf.alignment * gguf.alignment; };
  uint64_t offset = 0;
  for (const Tensor& tensor : gguf.tensors) {
    append_tensor(header, tensor, offset);
    offset = aligned(offset + tensor.bytes.size());
  }
  header.resize(aligned(header.size()), '\0');
  return header;
}

}  // namespace aria
