#include "values.h"

#include <cstring>

#include "../src/base/error.h"

namespace aria {
namespace {

Napi::Value from_tensor(Napi::Env env, const Tensor& tensor) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", tensor.name);
  object.Set("type", tensor.type->name);
  Napi::Array shape = Napi::Array::New(env, tensor.shape.size());
  for (uint32_t i = 0; i < tensor.shape.size(); i++) shape[i] = Napi::Number::New(env, double(tensor.shape[i]));
  object.Set("shape", shape);
  object.Set("part", double(tensor.part));
  object.Set("offset", double(tensor.offset));
  object.Set("rowBytes", double(tensor.row_bytes));
  object.Set("rows", double(tensor.rows));
  object.Set("bytes", double(tensor.bytes.size()));
  return object;
}

}  // namespace

std::vector<uint32_t> to_tokens(const Napi::Value& value) {
  const auto array = value.As<Napi::Uint32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

PackedBytes to_packed_bytes(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto bytes = object.Get("bytes").As<Napi::Uint8Array>();
  return {{bytes.Data(), bytes.Data() + bytes.ElementLength()}, to_tokens(object.Get("ends"))};
}

// Checked by api/sampling.ts; optional settings are absent or undefined.
Sampling to_sampling(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto number = [&](const char* name, int64_t otherwise) {
    const Napi::Value field = object.Get(name);
    return field.IsNumber() ? field.As<Napi::Number>().Int64Value() : otherwise;
  };
  Sampling sampling;
  sampling.temperature = uint32_t(number("temperature", 0));
  sampling.top_k = uint32_t(number("topK", 0));
  sampling.top_p = uint32_t(number("topP", 10000));
  sampling.min_p = uint32_t(number("minP", 0));
  sampling.presence_penalty = int32_t(number("presencePenalty", 0));
  sampling.frequency_penalty = int32_t(number("frequencyPenalty", 0));
  sampling.repetition_penalty = uint32_t(number("repetitionPenalty", 1000));
  sampling.repetition_window = uint32_t(number("repetitionWindow", kRepetitionWindowMax));
  sampling.logprobs = int32_t(number("logprobs", -1));
  if (const Napi::Value bias = object.Get("logitBias"); bias.IsArray()) {
    const auto entries = bias.As<Napi::Array>();
    for (uint32_t i = 0; i < entries.Length(); i++) {
      const auto entry = entries.Get(i).As<Napi::Object>();
      sampling.logit_bias.push_back({entry.Get("token").As<Napi::Number>().Uint32Value(),
                                     entry.Get("bias").As<Napi::Number>().Int32Value()});
    }
  }
  if (const Napi::Value grammar = object.Get("grammar"); grammar.IsString())
    sampling.grammar = grammar.As<Napi::String>().Utf8Value();
  return sampling;
}

Transcript to_transcript(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {to_tokens(object.Get("prompt")), to_tokens(object.Get("output")), to_sampling(object.Get("sampling")),
          to_seed(object.Get("seed"))};
}

DigestKey to_digest_key(const Napi::Value& value) {
  DigestKey key{};
  const auto bytes = value.As<Napi::Uint8Array>();
  std::copy_n(bytes.Data(), std::min<size_t>(bytes.ElementLength(), key.size()), key.begin());
  return key;
}

uint64_t to_seed(const Napi::Value& value) {
  bool lossless = false;
  return value.As<Napi::BigInt>().Uint64Value(&lossless);
}

Napi::Value from_draws(Napi::Env env, const std::vector<Draw>& draws) {
  auto array = Napi::Uint32Array::New(env, draws.size());
  for (size_t i = 0; i < draws.size(); i++) array[i] = draws[i].token;
  return array;
}

Napi::Value from_draw(Napi::Env env, const Draw& draw) {
  Napi::Array top = Napi::Array::New(env, draw.top.size());
  for (uint32_t i = 0; i < draw.top.size(); i++) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("token", double(draw.top[i].token));
    object.Set("logprob", double(draw.top[i].logprob));
    top[i] = object;
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("token", double(draw.token));
  object.Set("logprob", double(draw.logprob));
  object.Set("top", top);
  return object;
}

Napi::Value from_floats(Napi::Env env, const std::vector<float>& values) {
  auto array = Napi::Float32Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(float));
  return array;
}

namespace {

Napi::Value from_verdict(Napi::Env env, const Verdict& verdict) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("match", Napi::Boolean::New(env, verdict.match));
  if (verdict.digest) {
    auto digest = Napi::Uint8Array::New(env, verdict.digest->size());
    std::copy(verdict.digest->begin(), verdict.digest->end(), digest.Data());
    object.Set("digest", digest);
  }
  if (verdict.match) return object;
  object.Set("position", double(verdict.position));
  object.Set("expected", double(verdict.expected));
  object.Set("actual", double(verdict.actual));
  object.Set("expectedLogit", double(verdict.expected_logit));
  object.Set("actualLogit", double(verdict.actual_logit));
  return object;
}

}  // namespace

Napi::Value from_verdicts(Napi::Env env, const std::vector<Verdict>& verdicts) {
  Napi::Array array = Napi::Array::New(env, verdicts.size());
  for (uint32_t i = 0; i < verdicts.size(); i++) array[i] = from_verdict(env, verdicts[i]);
  return array;
}

Napi::Value from_tensors(Napi::Env env, const Gguf& gguf) {
  Napi::Array array = Napi::Array::New(env, gguf.tensors.size());
  for (uint32_t i = 0; i < gguf.tensors.size(); i++) array[i] = from_tensor(env, gguf.tensors[i]);
  return array;
}

}  // namespace aria
