#pragma once
// Typed access to metadata values.
#include <optional>
#include <string>

#include "reader.h"

namespace aria {

std::optional<uint64_t> find_integer(const Gguf& gguf, const std::string& key);
std::optional<double> find_number(const Gguf& gguf, const std::string& key);
std::optional<bool> find_boolean(const Gguf& gguf, const std::string& key);
std::optional<std::string> find_string(const Gguf& gguf, const std::string& key);
uint64_t need_integer(const Gguf& gguf, const std::string& key, uint64_t least, uint64_t most);

}  // namespace aria
