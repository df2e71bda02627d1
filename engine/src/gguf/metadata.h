#pragma once
// Typed access to metadata values.
#include <optional>
#include <string>

#include "reader.h"

namespace aria {

// The key and where the file has it, for messages.
std::string describe_key(const Gguf& gguf, const std::string& key);

// Absent keys are empty; a value of another type throws `bad_gguf`.
std::optional<uint64_t> find_integer(const Gguf& gguf, const std::string& key);
std::optional<double> find_number(const Gguf& gguf, const std::string& key);
std::optional<bool> find_boolean(const Gguf& gguf, const std::string& key);
std::optional<std::string> find_string(const Gguf& gguf, const std::string& key);

// Throws `bad_gguf` for an absent key and for a value outside `least` to `most`.
uint64_t need_integer(const Gguf& gguf, const std::string& key, uint64_t least, uint64_t most);

}  // namespace aria
