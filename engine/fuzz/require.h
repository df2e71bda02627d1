#pragma once
// What the targets hold true: a broken promise stops libFuzzer, and so does any exception that is not aria::Error.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "../src/base/error.h"

namespace aria::fuzz {

inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "Broken: %s\n", what);
  std::abort();
}

// Runs `work`; says whether it ended without an error. A typed error has to have one of `codes` and a text.
template <class Work, size_t kCodes>
bool attempt(const char* const (&codes)[kCodes], const Work& work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    bool known = false;
    for (const char* code : codes) known = known || std::strcmp(code, error.code) == 0;
    if (!known) std::fprintf(stderr, "%s: %s\n", error.code, error.what());
    require(known, "an error of another kind");
    require(std::strlen(error.what()) > 10, "an error without a text");
    return false;
  }
}

}  // namespace aria::fuzz
