#pragma once
// Included before every file of the WebAssembly build: what the C++20 library of the compilers in use still lacks.
#include <bit>

#ifndef __cpp_lib_bit_cast
namespace std {
template <class To, class From>
constexpr To bit_cast(const From& from) noexcept {
  return __builtin_bit_cast(To, from);
}
}  // namespace std
#endif
