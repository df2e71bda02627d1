#pragma once
// Grammars without a model.
#include <napi.h>

namespace aria {

void define_grammar_functions(Napi::Env env, Napi::Object exports);

}  // namespace aria
