#include "job.h"
#include "objects.h"
#include "values.h"

namespace aria {

Napi::Function SessionObject::define(Napi::Env env) {
  return DefineClass(
      env, "Session",
      {InstanceMethod<&SessionObject::prefill>("prefill"), InstanceMethod<&SessionObject::decode>("decode"),
       InstanceMethod<&SessionObject::logits>("logits"), InstanceMethod<&SessionObject::close>("close")});
}

Napi::Value SessionObject::wrap(Napi::Env env, std::shared_ptr<Session> session) {
  Napi::Object object = env.GetInstanceData<Classes>()->session.New({});
  Unwrap(object)->session_ = std::move(session);
  return object;
}

template <class Work, class Convert>
Napi::Value SessionObject::start(const Napi::CallbackInfo& info, const Napi::Value& control, Work work,
                                 Convert convert) {
  if (!session_) throw error_of(info.Env(), "closed", "The session is closed.");
  if (busy_) throw error_of(info.Env(), "busy", "The session runs another job; await it first.");
  busy_ = true;
  // Cleared on the event loop whether the work succeeds or not: the guard lives as long as the job.
  const std::shared_ptr<void> guard(nullptr, [this](void*) { busy_ = false; });
  return run(info.This().As<Napi::Object>(), Control::of(control), std::move(work),
             [guard, convert](Napi::Env env, const auto& result) { return convert(env, result); });
}

Napi::Value SessionObject::prefill(const Napi::CallbackInfo& info) {
  return start(
      info, info[1],
      [session = session_, tokens = to_tokens(info[0]), control = Control::of(info[1])] {
        session->prefill(tokens, control->cancelled);
        return session->position();
      },
      [](Napi::Env env, size_t position) -> Napi::Value { return Napi::Number::New(env, double(position)); });
}

Napi::Value SessionObject::decode(const Napi::CallbackInfo& info) {
  return start(
      info, info[3],
      [session = session_, count = info[0].As<Napi::Number>().Uint32Value(), sampling = to_sampling(info[1]),
       seed = to_seed(info[2]), control = Control::of(info[3])] {
        return session->decode(count, sampling, seed, std::nullopt, control->cancelled);
      },
      from_draws);
}

Napi::Value SessionObject::logits(const Napi::CallbackInfo& info) {
  return start(
      info, info[0],
      [session = session_, control = Control::of(info[0])] { return session->logits(control->cancelled); },
      from_floats);
}

void SessionObject::close(const Napi::CallbackInfo&) { session_.reset(); }

}  // namespace aria
