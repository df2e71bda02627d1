#include "tokenizer_object.h"

#include <cstring>

#include "../src/tokenizer/unicode.h"
#include "job.h"
#include "objects.h"
#include "values.h"

namespace aria {
namespace {

// UTF-16 is a plain copy; what it means in UTF-8 is worked out where there is time. A surrogate alone becomes U+FFFD.
std::u16string to_utf16(const Napi::Value& value) { return value.As<Napi::String>().Utf16Value(); }

template <class T>
Napi::Value from_bytes(Napi::Env env, const T& bytes) {
  auto array = Napi::Uint8Array::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

Napi::Value from_ids(Napi::Env env, const std::vector<uint32_t>& ids) {
  auto array = Napi::Uint32Array::New(env, ids.size());
  if (!ids.empty()) std::memcpy(array.Data(), ids.data(), ids.size() * sizeof(uint32_t));
  return array;
}

Napi::Value from_protected(Napi::Env env, const Protected& safe) {
  Napi::Array contents = Napi::Array::New(env, safe.contents.size());
  for (uint32_t i = 0; i < safe.contents.size(); i++) contents[i] = Napi::String::New(env, safe.contents[i]);
  Napi::Object object = Napi::Object::New(env);
  object.Set("marker", double(safe.marker));
  object.Set("contents", contents);
  return object;
}

// `work(cancelled)` here and now, or on a thread when there is a control.
template <class Work, class Convert>
Napi::Value answer(const Napi::CallbackInfo& info, const Napi::Value& control, Work work, Convert convert) {
  if (control.IsObject())
    return run(
        info.This().As<Napi::Object>(), Control::of(control),
        [work = std::move(work), state = Control::of(control)] { return work(state->cancelled); }, convert);
  static const std::atomic<bool> never{false};
  try {
    return convert(info.Env(), work(never));
  } catch (const Error& error) {
    throw error_of(info.Env(), error.code, error.what());
  }
}

}  // namespace

Napi::Function TokenizerObject::define(Napi::Env env) {
  return DefineClass(
      env, "Tokenizer",
      {InstanceMethod<&TokenizerObject::facts>("facts"), InstanceMethod<&TokenizerObject::encode>("encode"),
       InstanceMethod<&TokenizerObject::encode_chat>("encodeChat"), InstanceMethod<&TokenizerObject::protect>("protect"),
       InstanceMethod<&TokenizerObject::decode>("decode"), InstanceMethod<&TokenizerObject::pieces>("pieces")});
}

Napi::Value TokenizerObject::wrap(Napi::Env env, std::shared_ptr<const Tokenizer> tokenizer) {
  Napi::Object object = env.GetInstanceData<Classes>()->tokenizer.New({});
  Unwrap(object)->tokenizer_ = std::move(tokenizer);
  return object;
}

Napi::Value TokenizerObject::facts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const TokenTable& vocabulary = tokenizer_->vocabulary();
  const auto text = [&](const std::optional<uint32_t>& id) {
    return Napi::String::New(env, id ? std::string(vocabulary.text(*id)) : "");
  };
  Napi::Object object = Napi::Object::New(env);
  object.Set("vocabSize", double(vocabulary.size()));
  object.Set("stopTokens", from_ids(env, vocabulary.stop_tokens));
  object.Set("bosText", text(vocabulary.bos));
  object.Set("eosText", text(vocabulary.eos));
  if (vocabulary.chat_template) object.Set("chatTemplate", Napi::String::New(env, *vocabulary.chat_template));
  return object;
}

Napi::Value TokenizerObject::encode(const Napi::CallbackInfo& info) {
  return answer(
      info, info[2],
      [tokenizer = tokenizer_, text = to_utf16(info[0]), special = info[1].ToBoolean().Value()](
          const std::atomic<bool>& cancelled) { return tokenizer->encode(to_utf8(text), special, cancelled); },
      from_ids);
}

Napi::Value TokenizerObject::encode_chat(const Napi::CallbackInfo& info) {
  return answer(
      info, info[2],
      [tokenizer = tokenizer_, text = to_utf16(info[0]), marker = info[1].As<Napi::Number>().Uint32Value()](
          const std::atomic<bool>& cancelled) { return tokenizer->encode_chat(to_utf8(text), marker, cancelled); },
      from_ids);
}

Napi::Value TokenizerObject::protect(const Napi::CallbackInfo& info) {
  const auto array = info[0].As<Napi::Array>();
  std::vector<std::u16string> contents;
  for (uint32_t i = 0; i < array.Length(); i++) contents.push_back(to_utf16(array.Get(i)));
  return answer(
      info, info[1],
      [tokenizer = tokenizer_, contents = std::move(contents)](const std::atomic<bool>&) {
        std::vector<std::string> texts;
        for (const std::u16string& content : contents) texts.push_back(to_utf8(content));
        return tokenizer->protect(std::move(texts));
      },
      from_protected);
}

Napi::Value TokenizerObject::decode(const Napi::CallbackInfo& info) {
  const auto tokens = info[0].As<Napi::Uint32Array>();
  std::string bytes;
  try {
    tokenizer_->decode(tokens.Data(), tokens.ElementLength(), info[1].ToBoolean().Value(), bytes);
  } catch (const Error& error) {
    throw error_of(info.Env(), error.code, error.what());
  }
  return from_bytes(info.Env(), bytes);
}

Napi::Value TokenizerObject::pieces(const Napi::CallbackInfo& info) {
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("bytes", from_bytes(info.Env(), tokenizer_->pieces().bytes));
  object.Set("ends", from_ids(info.Env(), tokenizer_->pieces().ends));
  return object;
}

}  // namespace aria
