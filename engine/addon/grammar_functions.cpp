#include "grammar_functions.h"

#include "../src/base/error.h"
#include "../src/grammar/constraint.h"
#include "job.h"
#include "values.h"

namespace aria {
namespace {

// (grammar): throws bad_grammar.
void check_grammar(const Napi::CallbackInfo& info) {
  try {
    compile_grammar(info[0].As<Napi::String>().Utf8Value());
  } catch (const Error& error) {
    throw error_of(info.Env(), error.code, error.what());
  }
}

// (grammar, bytes): 0 when no text of the grammar begins so, 1 when one does, 2 when it is one. For tests.
Napi::Value match_grammar(const Napi::CallbackInfo& info) {
  const auto bytes = info[1].As<Napi::Uint8Array>();
  try {
    Automaton automaton(compile_grammar(info[0].As<Napi::String>().Utf8Value()));
    Automaton::State state = automaton.start();
    for (size_t i = 0; i < bytes.ElementLength(); i++) state = automaton.next(state, bytes[i]);
    const int result = state == Automaton::kDead ? 0 : automaton.is_complete(state) ? 2 : 1;
    return Napi::Number::New(info.Env(), result);
  } catch (const Error& error) {
    throw error_of(info.Env(), error.code, error.what());
  }
}

Napi::Value from_mask(Napi::Env env, const TokenMask& mask, size_t tokens) {
  auto out = Napi::Uint8Array::New(env, tokens);
  for (size_t token = 0; token < tokens; token++) out[token] = uint8_t(mask[token / 64] >> (token % 64) & 1);
  return out;
}

// (grammar, {bytes, ends}, stopTokens, answer): which tokens may follow each beginning of the answer. For tests.
Napi::Value grammar_masks(const Napi::CallbackInfo& info) {
  const auto vocabulary = std::make_shared<const Vocabulary>(to_packed_bytes(info[1]), to_tokens(info[2]));
  const std::vector<uint32_t> answer = to_tokens(info[3]);
  Napi::Array masks = Napi::Array::New(info.Env());
  try {
    GrammarCache grammars(vocabulary);
    AnswerConstraint constraint;
    const std::string grammar = info[0].As<Napi::String>().Utf8Value();
    for (size_t length = 0; length <= answer.size(); length++) {
      const SharedMask mask = constraint.mask(grammars, grammar, std::span(answer).first(length));
      masks[uint32_t(length)] = from_mask(info.Env(), *mask, vocabulary->size());
    }
  } catch (const Error& error) {
    throw error_of(info.Env(), error.code, error.what());
  }
  return masks;
}

}  // namespace

void define_grammar_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("checkGrammar", Napi::Function::New(env, check_grammar));
  exports.Set("matchGrammar", Napi::Function::New(env, match_grammar));
  exports.Set("grammarMasks", Napi::Function::New(env, grammar_masks));
}

}  // namespace aria
