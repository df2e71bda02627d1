#pragma once
// Models in several files, as llama.cpp's gguf-split writes them: `<name>-00001-of-00003.gguf` and so on. The
// first file holds the metadata; the tensors of all follow one another.
#include <string>
#include <vector>

#include "reader.h"

namespace aria {

constexpr uint64_t kPartsMax = 1000;

// How many files the model has, from a file's `split.count`: 1 when it is whole.
size_t count_parts(const Gguf& gguf);

// The paths of all parts, from the first one's. Refuses a path that is not named as the first of `count`, and a
// file that is another part than the first.
std::vector<std::string> name_parts(const Gguf& first, const std::string& path, size_t count);

// One model from all of its parts, in order. `paths` are for messages. Refuses parts that do not belong together.
Gguf join_parts(std::vector<Gguf> parts, const std::vector<std::string>& paths);

// Every byte before the tensor data: of a file without `split.*` keys as it is, otherwise of the file that holds
// the same keys apart from those, and the same tensors one after another. So a model is the same model however it
// is cut, and the same again when it is merged.
std::string whole_header(const Gguf& gguf);

}  // namespace aria
