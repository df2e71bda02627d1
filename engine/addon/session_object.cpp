#include "../src/session/snapshot.h"
#include "job.h"
#include "objects.h"
#include "values.h"

namespace aria {

Napi::Function SessionObject::define(Napi::Env env) {
  return DefineClass(
      env, "Session",
      {InstanceMethod<&SessionObject::prefill>("prefill"), InstanceMethod<&SessionObject::decode>("decode"),
       InstanceMethod<&SessionObject::decode_draws>("decodeDraws"),
       InstanceMethod<&SessionObject::prepare_grammar>("prepareGrammar"),
       InstanceMethod<&SessionObject::logits>("logits"), InstanceMethod<&SessionObject::save>("save"),
       InstanceMethod<&SessionObject::length>("length"), InstanceMethod<&SessionObject::tokens_max>("maxTokens"),
       InstanceMethod<&SessionObject::close>("close")});
}

Napi::Value SessionObject::wrap(Napi::Object model, std::shared_ptr<Session> session) {
  Napi::Object object = model.Env().GetInstanceData<Classes>()->session.New({});
  Unwrap(object)->model_ = Napi::Persistent(model);
  Unwrap(object)->session_ = std::move(session);
  return object;
}

// Marks the session as busy for as long as the result lives, which ends on the event loop.
std::shared_ptr<void> SessionObject::begin(Napi::Env env) {
  if (!session_) throw error_of(env, "closed", "The session is closed.");
  if (busy_) throw error_of(env, "busy", "The session runs another job; await it first.");
  busy_ = true;
  return {nullptr, [this](void*) { busy_ = false; }};
}

template <class Value, class Start, class Convert>
Napi::Value SessionObject::start(const Napi::CallbackInfo& info, Start start, Convert convert) {
  if (!session_) throw error_of(info.Env(), "closed", "The session is closed.");
  if (busy_) throw error_of(info.Env(), "busy", "The session runs another job; await it first.");
  busy_ = true;
  return request<Value>(info.Env().GetInstanceData<Classes>()->mailbox, info.This().As<Napi::Object>(),
                        std::move(start), [this] { busy_ = false; }, convert);
}

namespace {

Cancel cancel_of(const Napi::Value& control) {
  const auto state = Control::of(control);
  return {state, &state->cancelled};
}

}  // namespace

Napi::Value SessionObject::prefill(const Napi::CallbackInfo& info) {
  return start<size_t>(
      info, [&](Done<size_t> done) { session_->prefill(to_tokens(info[0]), cancel_of(info[1]), std::move(done)); },
      [](Napi::Env env, size_t position) -> Napi::Value { return Napi::Number::New(env, double(position)); });
}

Napi::Value SessionObject::prepare_grammar(const Napi::CallbackInfo& info) {
  const auto guard = begin(info.Env());
  return run(
      info.This().As<Napi::Object>(), Control::of(info[1]),
      [session = session_, grammar = info[0].As<Napi::String>().Utf8Value()] {
        session->prepare_grammar(grammar);
        return true;
      },
      [guard](Napi::Env env, bool) { return env.Undefined(); });
}

template <class Convert>
Napi::Value SessionObject::start_decode(const Napi::CallbackInfo& info, Convert convert) {
  return start<std::vector<Draw>>(
      info,
      [&](Done<std::vector<Draw>> done) {
        DecodeRequest request{info[0].As<Napi::Number>().Uint32Value(), to_sampling(info[1]), to_seed(info[2]), {}};
        if (!info[3].IsUndefined()) request.answer_start = info[3].As<Napi::Number>().Uint32Value();
        session_->decode(std::move(request), cancel_of(info[4]), std::move(done));
      },
      convert);
}

Napi::Value SessionObject::decode(const Napi::CallbackInfo& info) { return start_decode(info, from_draws); }

Napi::Value SessionObject::decode_draws(const Napi::CallbackInfo& info) {
  return start_decode(info, [](Napi::Env env, const std::vector<Draw>& draws) -> Napi::Value {
    Napi::Array array = Napi::Array::New(env, draws.size());
    for (uint32_t i = 0; i < draws.size(); i++) array[i] = from_draw(env, draws[i]);
    return array;
  });
}

Napi::Value SessionObject::logits(const Napi::CallbackInfo& info) {
  return start<std::vector<float>>(
      info, [&](Done<std::vector<float>> done) { session_->logits(cancel_of(info[0]), std::move(done)); },
      from_floats);
}

// Bytes that JavaScript reads where they are; freed on another thread, since there may be gigabytes.
static Napi::Value from_bytes(Napi::Env env, std::shared_ptr<std::vector<uint8_t>> bytes) {
  auto* held = new std::shared_ptr<std::vector<uint8_t>>(std::move(bytes));
  auto buffer = Napi::ArrayBuffer::New(
      env, (*held)->data(), (*held)->size(),
      [](Napi::Env env, void*, std::shared_ptr<std::vector<uint8_t>>* held) {
        env.GetInstanceData<Classes>()->freeing.add([bytes = std::move(*held)] {});
        delete held;
      },
      held);
  return Napi::Uint8Array::New(env, (*held)->size(), buffer, 0);
}

Napi::Value SessionObject::save(const Napi::CallbackInfo& info) {
  const auto guard = begin(info.Env());
  return run(
      info.This().As<Napi::Object>(), Control::of(info[0]),
      [session = session_] { return std::make_shared<std::vector<uint8_t>>(Snapshot::save(*session)); },
      [guard](Napi::Env env, const std::shared_ptr<std::vector<uint8_t>>& bytes) { return from_bytes(env, bytes); });
}

Napi::Value SessionObject::length(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), session_ ? double(session_->length()) : 0);
}
Napi::Value SessionObject::tokens_max(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), session_ ? double(session_->tokens_max()) : 0);
}

void SessionObject::close(const Napi::CallbackInfo&) {
  session_.reset();
  model_.Reset();
}

}  // namespace aria
