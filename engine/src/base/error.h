#pragma once
// The one error type of the engine. `code` is what callers switch on; the text names the values.
#include <stdexcept>
#include <string>
#include <string_view>

namespace aria {

// Messages quote names out of files: NUL and other control characters become \xNN, and the text stays short.
inline std::string printable(std::string_view text) {
  constexpr size_t kBytesMax = 2000;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : text.substr(0, kBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f)
      out += c;
    else
      out.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
  }
  return text.size() > kBytesMax ? out + " …" : out;
}

class Error : public std::runtime_error {
 public:
  Error(const char* code, const std::string& message) : std::runtime_error(printable(message)), code(code) {}
  const char* const code;  // a string literal, listed in index.ts as EngineErrorCode
};

}  // namespace aria
