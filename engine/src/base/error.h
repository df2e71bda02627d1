#pragma once
// The one error type of the engine. `code` is what callers switch on; the text names the values.
#include <stdexcept>
#include <string>

namespace aria {

class Error : public std::runtime_error {
 public:
  Error(const char* code, const std::string& message) : std::runtime_error(message), code(code) {}
  const char* const code;  // a string literal, listed in index.ts as EngineErrorCode
};

}  // namespace aria
