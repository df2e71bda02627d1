#pragma once
// A vocabulary that JavaScript works with.
#include <napi.h>

#include <memory>

#include "../src/tokenizer/tokenizer.h"

namespace aria {

// Calls with a control run on a thread of their own and give a promise; without one, they answer at once.
class TokenizerObject : public Napi::ObjectWrap<TokenizerObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit TokenizerObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  static Napi::Value wrap(Napi::Env env, std::shared_ptr<const Tokenizer> tokenizer);

  const std::shared_ptr<const Tokenizer>& tokenizer() const { return tokenizer_; }

 private:
  Napi::Value facts(const Napi::CallbackInfo& info);
  Napi::Value encode(const Napi::CallbackInfo& info);       // (text, special, control?) -> Uint32Array
  Napi::Value encode_chat(const Napi::CallbackInfo& info);  // (text, marker, control?) -> Uint32Array
  Napi::Value protect(const Napi::CallbackInfo& info);      // (contents, control?) -> {marker, contents}
  Napi::Value decode(const Napi::CallbackInfo& info);       // (tokens, first) -> Uint8Array
  Napi::Value pieces(const Napi::CallbackInfo& info);       // () -> {bytes, ends}

  std::shared_ptr<const Tokenizer> tokenizer_;
};

}  // namespace aria
