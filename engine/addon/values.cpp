#include "values.h"

#include <cstring>

#include "../src/base/error.h"

namespace aria {
namespace {

template <class T>
T number(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <class T>
Napi::Value typed_array(Napi::Env env, std::string_view bytes, uint64_t count) {
  auto array = Napi::TypedArrayOf<T>::New(env, count);
  std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

// The reader has walked these strings: every length lies inside `bytes`.
Napi::Value string_array(Napi::Env env, const Value& value) {
  auto ends = Napi::Uint32Array::New(env, value.count);
  auto text = Napi::Uint8Array::New(env, value.bytes.size() - value.count * sizeof(uint64_t));
  size_t at = 0, end = 0;
  for (uint64_t i = 0; i < value.count; i++) {
    const auto length = number<uint64_t>(value.bytes.substr(at));
    std::memcpy(text.Data() + end, value.bytes.data() + at + sizeof length, length);
    at += sizeof length + length;
    ends[i] = uint32_t(end += length);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("bytes", text);
  object.Set("ends", ends);
  return object;
}

Napi::Value array(Napi::Env env, const Value& value) {
  switch (value.element) {
    case ValueType::u8:
    case ValueType::boolean:
      return typed_array<uint8_t>(env, value.bytes, value.count);
    case ValueType::i8:
      return typed_array<int8_t>(env, value.bytes, value.count);
    case ValueType::u16:
      return typed_array<uint16_t>(env, value.bytes, value.count);
    case ValueType::i16:
      return typed_array<int16_t>(env, value.bytes, value.count);
    case ValueType::u32:
      return typed_array<uint32_t>(env, value.bytes, value.count);
    case ValueType::i32:
      return typed_array<int32_t>(env, value.bytes, value.count);
    case ValueType::f32:
      return typed_array<float>(env, value.bytes, value.count);
    case ValueType::f64:
      return typed_array<double>(env, value.bytes, value.count);
    case ValueType::u64:
      return typed_array<uint64_t>(env, value.bytes, value.count);
    case ValueType::i64:
      return typed_array<int64_t>(env, value.bytes, value.count);
    default:
      return string_array(env, value);
  }
}

Napi::Value from_value(Napi::Env env, const Value& value) {
  switch (value.type) {
    case ValueType::u8:
      return Napi::Number::New(env, number<uint8_t>(value.bytes));
    case ValueType::i8:
      return Napi::Number::New(env, number<int8_t>(value.bytes));
    case ValueType::u16:
      return Napi::Number::New(env, number<uint16_t>(value.bytes));
    case ValueType::i16:
      return Napi::Number::New(env, number<int16_t>(value.bytes));
    case ValueType::u32:
      return Napi::Number::New(env, number<uint32_t>(value.bytes));
    case ValueType::i32:
      return Napi::Number::New(env, number<int32_t>(value.bytes));
    case ValueType::f32:
      return Napi::Number::New(env, number<float>(value.bytes));
    case ValueType::f64:
      return Napi::Number::New(env, number<double>(value.bytes));
    case ValueType::boolean:
      return Napi::Boolean::New(env, number<uint8_t>(value.bytes) != 0);
    case ValueType::u64:
      return Napi::BigInt::New(env, number<uint64_t>(value.bytes));
    case ValueType::i64:
      return Napi::BigInt::New(env, number<int64_t>(value.bytes));
    case ValueType::string:
      return Napi::String::New(env, value.bytes.data(), value.bytes.size());
    case ValueType::array:
      return array(env, value);
  }
  return env.Undefined();
}

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

Napi::Value from_verdict(Napi::Env env, const Verdict& verdict) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("match", Napi::Boolean::New(env, verdict.match));
  if (verdict.match) return object;
  object.Set("position", double(verdict.position));
  object.Set("expected", double(verdict.expected));
  object.Set("actual", double(verdict.actual));
  return object;
}

Napi::Value from_metadata(Napi::Env env, const Gguf& gguf) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [key, value] : gguf.metadata) object.Set(key, from_value(env, value));
  return object;
}

Napi::Value from_tensors(Napi::Env env, const Gguf& gguf) {
  Napi::Array array = Napi::Array::New(env, gguf.tensors.size());
  for (uint32_t i = 0; i < gguf.tensors.size(); i++) array[i] = from_tensor(env, gguf.tensors[i]);
  return array;
}

}  // namespace aria
